// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Amendment, Cancellation, CreditNote} from "../lib/Terms.sol";

/// @notice What the parties change of an order after its acceptance, each change signed by all whose claim it touches.
/// A module of Receivables, called at its address. Holds: I-06, I-07, I-09, I-11.
interface IOrderChanges {
    /// @notice Signatures over one and the same struct; an empty one means the caller is that member's key. Only those
    /// that are asked for are read.
    struct Consents {
        bytes buyer;
        bytes supplier;
        bytes holder; // read where the holder is not the supplier, and for a credit note
        bytes funder;
    }

    /// @notice The order goes on under these terms; `version` counts its amendments from 1.
    event Amended(uint256 indexed order, uint16 indexed version, Amendment terms);
    /// @notice The whole claim, `reduced`, is given up; the order is closed.
    event Cancelled(uint256 indexed order, uint256 reduced);
    event Credited(uint256 indexed order, uint256 amount, bytes32 document);

    error VersionSuperseded(uint256 order, uint16 version, uint16 present);
    /// @notice Something was released, paid, due or lapsed: the terms stand for good.
    error NotAmendable(uint256 order);
    error UnderDispute(uint256 order);
    error AlreadyPaid(uint256 order);
    error LoanOutstanding(uint256 order);
    error CreditOutOfRange(uint256 amount, uint256 most);
    error PartyOfOrder(uint32 member);

    /// @notice Put new terms in the old ones' place, before any release, unpaid and undisputed. Signed by buyer and
    /// supplier, by the holder where it is another, and by the funder while it has a reserve or a loan; it names the
    /// version it replaces, so none is used twice or after another (P16). The reserve is tested again: cap and headroom
    /// where it grows, the loan within it where it falls (D09). Locked cash follows the face. Holds: I-06, I-10, I-11.
    function amend(Amendment calldata amendment, Consents calldata consents) external;

    /// @notice End an order on which nothing was paid and nothing is lent, undisputed. Signed by buyer and supplier, by
    /// the holder where it is another, and by the funder while it keeps a reserve (the supplier may give that back
    /// first). Reserve, locked cash and headroom are free; the fingerprint stays taken (P09). Holds: I-05, I-09.
    function cancel(Cancellation calldata cancellation, Consents calldata consents) external;

    /// @notice Reduce the claim by at most what is neither paid nor disputed (R4). Signed by the buyer, the present holder,
    /// and the funder where principal is out; what then exceeds the advance falls due from the supplier (R11, D02).
    function credit(CreditNote calldata note, Consents calldata consents) external;
}
