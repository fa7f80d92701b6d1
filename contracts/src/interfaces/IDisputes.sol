// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Arrival, Dispute, DisputeEnd} from "../lib/Terms.sol";
import {IOrderChanges} from "./IOrderChanges.sol";

/// @notice Disputes, and the carrier's word. A module of Receivables, called at its address. Holds: I-07, I-09, I-17.
///
/// A disputed amount W is withheld (R3), funded by the buyer, and closes the draws while it stands. It bears no late
/// charge: its cash is there.
interface IDisputes {
    /// @notice An order's extension as stored, unpacked. Views only.
    struct Changes {
        uint56 disputed;
        uint32 until; // of the last dispute: anyone may dismiss it afterwards
        uint16 disputes;
        uint16 amendments;
        uint32 arbiter; // 0: any arbiter of the network
        uint32 arrivedAt; // 0: no arrival is signed
    }

    event Disputed(uint256 indexed order, uint16 index, uint256 amount, bytes32 reason, uint32 until);
    /// @notice The dispute is over, the claim falls by `upheld`; `source` 0 the parties, 1 the arbiter, 2 the deadline.
    event Resolved(uint256 indexed order, uint16 index, uint256 upheld, uint8 source, uint32 arbiter);
    event Arrived(uint256 indexed order, uint32 indexed carrier, uint32 arrivedAt, bytes32 document);

    error DisputeIndexUsed(uint16 index, uint16 next);
    error DisputeOutOfRange(uint256 amount, uint256 most);
    error NotDisputed(uint256 order);
    /// @notice The arbiter's time is over; anyone may dismiss the dispute.
    error DecisionOverdue(uint32 until);
    error ArrivalNotAwaited(uint256 order);
    error ArrivedOutOfTime(uint32 arrivedAt);

    /// @notice The buyer withholds a part of what is open and locks as much of its cash in the order's hold, up to what
    /// the hold lacks of it. One dispute at a time; it ends at the latest 30 days on.
    function dispute(Dispute calldata signed, bytes calldata signature) external;

    /// @notice Buyer, supplier and holder agree; where something is upheld and principal is out, the funder too, as for a
    /// credit note.
    function resolve(DisputeEnd calldata resolution, IOrderChanges.Consents calldata consents) external;

    /// @notice The arbiter decides, up to the deadline: the one an amendment named, else any member in good standing with
    /// that role; never a party of the order.
    function arbitrate(DisputeEnd calldata resolution, bytes calldata signature) external;

    /// @notice Anyone, after the deadline: nothing is upheld, and what is payable is paid in the same call.
    function dismiss(uint256 order) external;

    /// @notice A carrier in good standing that is no party of the order says, once, that its goods are there: the second
    /// half of the condition `Arrival`. Customs' release is the first, so a carrier alone moves nothing (I-17).
    function arrive(Arrival calldata arrival, bytes calldata signature) external;

    function changesOf(uint256 order) external view returns (Changes memory);
}
