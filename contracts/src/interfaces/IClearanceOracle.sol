// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation, AttestationBatch, HoldRequest} from "../lib/Terms.sol";

/// @notice Customs committees by jurisdiction; k of n signatures on one whole state. Holds: I-17..I-21.
interface IClearanceOracle {
    struct Seat {
        address key;
        uint32 member;
    }

    /// @notice One signature of a member over a state. `batch` is empty where it signed the state alone, else the struct
    /// hashes of the batch that it signed.
    struct SignedState {
        Attestation state;
        bytes32[] batch;
        bytes signature;
    }

    event CommitteeSeated(uint16 indexed jurisdiction, uint16 version, uint8 threshold, uint32 treasury, Seat[] seats);
    event SeatSuspended(uint16 indexed jurisdiction, address indexed key);
    event ReservesNamed(uint16 indexed jurisdiction, uint16 version, Seat[] seats);
    /// @notice A reserve moved up: fewer than k seats were left that count. Its signatures stand after all others'.
    event ReserveSeated(uint16 indexed jurisdiction, uint16 version, uint8 index, address key, uint32 member);
    /// @notice A key signed two contents for one (order, seq); it is suspended.
    event Equivocated(uint256 indexed order, uint32 seq, address indexed key);
    /// @notice `digest` is what was signed: of the state alone, or of the batch it came in. Bit 255 of the bitmap says
    /// that the seats are those of the committee's version before, which counted by grace.
    event Attested(
        uint256 indexed order,
        uint32 indexed seq,
        bytes32 digest,
        bytes32 declarations,
        bytes32 messages,
        uint32 eventAt,
        uint256 seatBitmap
    );
    /// @notice The state was recorded, but its settlement failed: anyone may settle it.
    event Unsettled(uint256 indexed order, uint32 seq);
    /// @notice A minority asked for a hold, for the reason in these messages.
    event HoldAsked(
        uint256 indexed order,
        uint32 indexed seq,
        bytes32 digest,
        bytes32 messages,
        uint256 seatBitmap
    );

    error InvalidCommittee();
    error NoCommittee(uint16 jurisdiction);
    error SeatNotActive(address key);
    error SeatInGoodStanding(address key);
    error SeatsNotAscending();
    error TooFewSignatures(uint256 given, uint8 threshold);
    error InvalidSignatureLength(uint256 length);
    error SignatureExpired(uint32 deadline);
    error DeadlineNotOnGrid(uint32 deadline);
    error DeadlineTooFar(uint32 deadline);
    error EventInFuture(uint32 eventAt);
    error BatchOutOfBounds(uint256 items, uint256 most);
    error BatchOfManyJurisdictions();
    error TooLittleGas(uint256 left, uint256 needed);
    error NoContradiction();
    error AlreadyProven(uint256 order, uint32 seq, address key);

    /// @notice Governance: seat a new version of a committee. 2k > n, 1..16 seats, distinct keys and members, these with
    /// the customs role and no trading role. A key that the network knows must be its member's and active.
    /// `treasury` is the member that duty is paid to. Quorums of the version before count for two hours more, which is
    /// the longest that a signature lives; but for seats that were suspended.
    function seat(uint16 jurisdiction, uint8 threshold, uint32 treasury, Seat[] calldata seats) external;

    /// @notice Governance: who moves up, in this order, when fewer than k seats of the present version count. Replaces
    /// the list before; a new version starts without one. With all that ever sat in a version, at most 32.
    function nameReserves(uint16 jurisdiction, Seat[] calldata seats) external;

    /// @notice Governance: a suspended seat's signatures no longer count, nor by grace.
    function suspendSeat(address key) external;

    /// @notice Anyone: suspend the seat of a member that lost its standing or the customs role, or of a key that the
    /// network knows as given up or another's. What a suspended member signs must not release anything (I-20).
    function unseat(address key) external;

    /// @notice Anyone: two signatures of one seat over different contents for one (order, seq) suspend it at once. The
    /// deadline is no content, and it does not matter which form either was signed in. Holds: I-21.
    function proveEquivocation(SignedState calldata one, SignedState calldata other) external;

    /// @notice Anyone relays: `signatures` is 65 bytes (r, s, v) each, in ascending order of seat index, at least k.
    /// Records the state on the receivable and settles what became payable in the same transaction. Where it cannot
    /// settle, the state is recorded alone. A state that adds nothing (an older one, a closed order) reverts: a
    /// relayer hears of it before it pays for a transaction.
    function attest(Attestation calldata attestation, bytes calldata signatures) external;

    /// @notice The same for 1 to 50 states of orders of one jurisdiction, under k signatures over the whole batch. Each
    /// item is recorded and settled by itself; one that adds nothing is passed over in silence. A relayer that sends
    /// too little gas fails as a whole: give 600,000 more than the simulation used.
    function attestBatch(AttestationBatch calldata batch, bytes calldata signatures) external;

    /// @notice A third of the seats, rounded up, of the present version stop payment of an order until a quorum attests a
    /// newer state without a hold.
    function hold(HoldRequest calldata request, bytes calldata signatures) external;

    function committeeOf(uint16 jurisdiction)
        external
        view
        returns (uint16 version, uint8 threshold, uint32 treasury, Seat[] memory seats);

    /// @return seats the reserves of the present version, in the order in which they move up
    /// @return called how many were asked so far
    function reservesOf(uint16 jurisdiction) external view returns (Seat[] memory seats, uint8 called);

    /// @return last second in which quorums of the version before count, 0 if there is none
    function graceUntil(uint16 jurisdiction) external view returns (uint32);

    /// @return whether the key's signature counts in its committee's present version
    function isSeatActive(address key) external view returns (bool);

    /// @return the EIP-712 digest a member signs
    function digestOf(Attestation calldata attestation) external view returns (bytes32);

    /// @return the EIP-712 digest a member signs for a batch
    function digestOfBatch(AttestationBatch calldata batch) external view returns (bytes32);

    /// @return the hash of everything but the deadline: two of one member for one (order, seq) prove equivocation
    function contentOf(Attestation calldata attestation) external pure returns (bytes32);
}
