// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, FundBy, Phase, PurchaseOrder, SettleOn} from "../lib/Terms.sol";

/// @notice The rarer verbs of an order, and what can be asked about it. A module of Receivables, called at its address.
interface IOrderDesk {
    /// @notice An order as stored, unpacked. Views only.
    struct Position {
        uint32 buyer;
        uint32 holder;
        uint32 line;
        uint16 version;
        uint16 currency;
        uint16 jurisdiction;
        Phase phase;
        SettleOn settleOn;
        FundBy fundBy;
        bool hold;
        uint16 tenorDays;
        uint16 lateBps;
        uint32 due; // 0: not set
        uint32 expiry;
        uint32 seq;
        uint56 face;
        uint56 reduced;
        uint56 paid;
        uint56 released;
        uint56 dutyCap;
        uint56 dutyPaid;
        uint56 dutyDemanded;
        uint88 lateAccrued; // millionths of a minor unit
        uint32 lateSince; // 0: the buyer is not late
        bool lapsed; // the undelivered part is in `reduced`
        bool drawsClosed; // by a payment, a refusal or a lapse
        uint16 settlements;
    }

    /// @notice ClearanceOracle only: take over an attested state whose settlement failed, without paying. What is payable
    /// waits for `settle`; a refusal reduces with the next state.
    function recordAlone(Attestation calldata attestation, uint32 treasury) external;

    /// @notice ClearanceOracle only: a minority's hold on an order whose newest state is number `seq`.
    function hold(uint256 order, uint16 jurisdiction, uint32 seq) external;

    function positionOf(uint256 order) external view returns (Position memory);

    /// @return late charge due now, rounded up (R6)
    function lateOf(uint256 order) external view returns (uint256);

    /// @return payable_ Y of R3 at this time, and what the buyer could pay of it now
    function payableNow(uint256 order) external view returns (uint256 payable_, uint256 covered);

    /// @return the block timestamp after which `lapse` is allowed
    function lapseAt(uint256 order) external view returns (uint32);

    function fingerprint(bytes20 buyerLei, bytes20 supplierLei, string calldata number, uint16 year)
        external
        pure
        returns (uint256);

    function termsHash(PurchaseOrder calldata order) external pure returns (bytes32);
}
