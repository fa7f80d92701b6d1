// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Undertaking} from "../lib/ShareTerms.sol";

/// @notice Settlement of orders that were split or have an undertaking behind them, and the undertakings. A module of
/// Receivables, called at its address: `record` and `settle` of such orders run here. Holds: I-07, I-14, I-15.
interface ISettlementDesk {
    /// @notice The cash a guarantor locked for an order, and what it paid for the buyer.
    struct Guarantee {
        uint32 guarantor;
        uint56 left;
        uint56 claim; // paid for the buyer and not yet refunded by it
        uint32 expiry;
    }

    /// @notice The buyer paid under the share. `number` counts the share's settlements from 1; late is part of the sum;
    /// where it was set aside, `settle` with the share's id hands it to the holder.
    event ShareSettled(uint256 indexed share, uint32 number, uint256 face, uint256 late, bool isAside);
    /// @notice What was set aside went to the holder.
    event SharePaid(uint256 indexed share, uint32 indexed holder, uint256 amount);
    /// @notice Undelivered value of the share is no longer claimed.
    event ShareReduced(uint256 indexed share, uint256 reduced);
    event Undertaken(uint256 indexed order, uint32 indexed guarantor, uint256 amount, uint32 expiry);
    /// @notice The undertaking paid for the buyer; `claim` is what the buyer owes its guarantor now (R13).
    event UndertakingCalled(uint256 indexed order, uint256 amount, uint256 claim);
    event UndertakingReturned(uint256 indexed order, uint32 indexed guarantor, uint256 amount);
    event GuarantorRefunded(uint256 indexed order, uint32 indexed guarantor, uint256 amount);

    error GuarantorIsBuyer(uint32 member);
    /// @dev `least` is what a newcomer must exceed: the former's cash and its claim.
    error UndertakingTaken(uint256 order, uint256 least);
    error UndertakingInForce(uint256 order, uint32 expiry);
    error NothingUndertaken(uint256 order);

    /// @notice After expiry and posting grace, 90 days later under a hold, the undelivered part becomes reduced. Anyone;
    /// again where a release was taken back since.
    function lapse(uint256 order) external;

    /// @notice A funder locks free cash that pays under the order when the buyer is short. A larger one takes the place
    /// of another, whose cash goes back; what the buyer owes the former guarantor is paid to it at once, out of the
    /// newcomer's amount, and is the newcomer's claim from then on. One in force gives way only to one
    /// that ends no earlier than itself, or than the order's last day.
    function undertake(Undertaking calldata undertaking, bytes calldata signature) external;

    /// @notice Anyone: cash that no longer stands behind the order, expired or closed, goes back to the guarantor.
    function returnUndertaking(uint256 order) external;

    /// @notice Anyone: the buyer's free cash refunds its guarantor, once nothing else is due under the order (R13).
    function refundGuarantor(uint256 order) external;

    function guaranteeOf(uint256 order) external view returns (Guarantee memory);

    /// @return the ledger's account of the order's undertaking
    function undertakingAccount(uint256 order) external pure returns (uint256);
}
