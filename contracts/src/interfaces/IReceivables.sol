// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acceptance, Attestation, Draw, Phase, PurchaseOrder} from "../lib/Terms.sol";

/// @notice Orders as receivables (ERC-721): acceptance, draw, released value, settlement. The token id is the fingerprint,
/// whose low 8 bits are zero; the id of a share of it has its number there. All other verbs stand in modules
/// (lib/Modules.sol) that run here and are called at this address.
interface IReceivables {
    /// @notice The order exists from here on; the Merkle root and the whole order are in the event.
    event Accepted(
        uint256 indexed order,
        uint32 indexed buyer,
        uint32 indexed supplier,
        bytes32 termsHash,
        PurchaseOrder terms,
        uint32 line,
        uint16 version
    );
    /// @notice Cash of the buyer was locked for the order.
    event Funded(uint256 indexed order, uint256 amount);
    /// @notice The committee's state was recorded; `released` capped at face, `duty` 0 where the order has no duty cap.
    event Recorded(
        uint256 indexed order,
        uint32 seq,
        Phase phase,
        bool hold,
        bool refused,
        uint256 released,
        uint256 duty
    );
    /// @notice A minority of the committee stopped payment; `seq` stays that of the attested state.
    event Held(uint256 indexed order, uint32 seq);
    /// @notice Cash was paid under the order. `number` counts the order's settlements from 1; late is part of the sum
    /// paid.
    /// toFunder + toHolder = face paid + late; debited from the buyer = that + toCustoms (R15).
    event Settled(
        uint256 indexed order,
        uint32 number,
        uint256 face,
        uint256 late,
        uint256 toFunder,
        uint256 toHolder,
        uint256 toCustoms
    );
    /// @notice The buyer could not pay all that was payable; the late charge runs. Emitted whenever its word changes
    /// and something stays unpaid: `remaining` face payable now, `lateAccrued` in millionths of a minor unit.
    event Unpaid(uint256 indexed order, uint256 remaining, uint256 lateAccrued);
    event DutyUnpaid(uint256 indexed order, uint256 remaining);
    /// @notice Attested released value fell below what was paid: a claim, not a rollback (R14).
    event Reversed(uint256 indexed order, uint256 released, uint256 paid);
    event DueSet(uint256 indexed order, uint32 due);
    event Lapsed(uint256 indexed order, uint256 reduced);
    event Closed(uint256 indexed order);

    error AlreadyAccepted(uint256 order);
    error NumberNotCanonical(string number);
    error FaceOutOfRange(uint256 face);
    error PartiesNotDistinct();
    error OrderExpired(uint32 expiry);
    error SignatureExpired(uint32 deadline);
    error NotSignedBy(uint32 member);
    error AcceptanceOfOtherOrder();
    error UnknownOrder(uint256 order);
    error OrderClosed(uint256 order);
    error StaleSequence(uint32 seq, uint32 stored);
    error WrongJurisdiction(uint16 attested, uint16 ordered);
    error PhaseNotAttestable(Phase phase);
    error EventBeforeOrder(uint32 eventAt);
    error NothingDue(uint256 order);
    error OnHold(uint256 order);
    error NotExpired(uint32 until);
    error NotClearanceOracle(address caller);
    error BuyerShort(uint256 wanted, uint256 available);
    error NotTransferable(uint256 order);
    error ExpiryTooFar(uint32 expiry, uint32 latest);
    error TenorTooLong(uint16 tenorDays, uint16 most);
    /// @notice No module has this verb.
    error UnknownVerb(bytes4 selector);
    /// @notice A module was called at its own address.
    error NotInBook();

    /// @notice Mint the receivable of an order both parties signed and reserve on the line the supplier named. Anyone
    /// relays.
    /// An empty signature means the caller is that member's key. Holds: I-05, I-07, I-11, I-12, I-20.
    function accept(
        PurchaseOrder calldata order,
        Acceptance calldata acceptance,
        bytes calldata buyerSignature,
        bytes calldata supplierSignature
    )
        external
        returns (uint256 id);

    /// @notice ClearanceOracle only: take over an attested state and, in the same call, pay what became payable.
    /// @param treasury the member of the jurisdiction that duty is paid to, 0 for none
    function record(Attestation calldata attestation, uint32 treasury) external;

    /// @notice Pay what is payable. Anyone, when due and not on hold. Holds: I-07, I-14, I-15, I-17, I-19.
    function settle(uint256 order) external;

    /// @notice The supplier draws against its reserve; cash moves from the funder's free account, fee kept. Not while
    /// the buyer is late, nor where one of the three lost its standing. Holds: I-10.
    function draw(Draw calldata request, bytes calldata signature) external;

    /// @notice The two words of an order as stored (lib/OrderWords.sol), for the other trade contracts; zero if
    /// unknown.
    function wordsOf(uint256 order) external view returns (uint256 sums, uint256 terms);

    /// @return whether the fingerprint was ever accepted, here or in a predecessor (I-05)
    function isKnown(uint256 order) external view returns (bool);
}
