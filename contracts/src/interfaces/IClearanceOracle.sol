// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Attestation} from "../lib/Terms.sol";

/// @notice Customs committees by jurisdiction; k of n signatures on one whole state. Holds: I-17..I-20.
interface IClearanceOracle {
    struct Seat {
        address key;
        uint32 member;
    }

    event CommitteeSeated(uint16 indexed jurisdiction, uint16 version, uint8 threshold, uint32 treasury, Seat[] seats);
    event SeatSuspended(uint16 indexed jurisdiction, address indexed key);
    event Attested(
        uint256 indexed order,
        uint32 indexed seq,
        bytes32 digest,
        bytes32 declarations,
        bytes32 messages,
        uint32 eventAt,
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

    /// @notice Governance: seat a new version of a committee. 2k > n, 1..16 seats, distinct keys and members, these with
    /// the customs role and no trading role. A key that the network knows must be its member's and active.
    /// `treasury` is the member that duty is paid to.
    function seat(uint16 jurisdiction, uint8 threshold, uint32 treasury, Seat[] calldata seats) external;

    /// @notice Governance or guardian: a suspended seat's signatures no longer count.
    function suspendSeat(address key) external;

    /// @notice Anyone: suspend the seat of a member that lost its standing or the customs role, or of a key that the
    /// network knows as given up or another's. What a suspended member signs must not release anything (I-20).
    function unseat(address key) external;

    /// @notice Anyone relays: `signatures` is 65 bytes (r, s, v) each, in ascending order of seat index, at least k.
    /// Records the state on the receivable and settles what became payable in the same transaction.
    function attest(Attestation calldata attestation, bytes calldata signatures) external;

    function committeeOf(uint16 jurisdiction)
        external
        view
        returns (uint16 version, uint8 threshold, uint32 treasury, Seat[] memory seats);

    /// @return whether the key's signature counts in its committee now
    function isSeatActive(address key) external view returns (bool);

    /// @return the EIP-712 digest a member signs
    function digestOf(Attestation calldata attestation) external view returns (bytes32);

    /// @return the hash of everything but the deadline: two of one member for one (order, seq) prove equivocation
    function contentOf(Attestation calldata attestation) external pure returns (bytes32);
}
