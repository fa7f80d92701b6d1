// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IClearanceOracle} from "./interfaces/IClearanceOracle.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Quorum} from "./lib/Quorum.sol";
import {Signature} from "./lib/Signature.sol";
import {Attestation, CUSTOMS, Status} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";

/// @title Customs committees: k of n signatures on one whole state of an order
contract ClearanceOracle is IClearanceOracle, AccessManaged, EIP712 {
    using TypedHash for Attestation;

    uint256 private constant SIGNATURE_LENGTH = 65;
    uint256 private constant GRID = 1 hours;
    uint256 private constant MOST_AHEAD = 2 hours;
    // Authorities' clocks and the chain's differ a little (O09).
    uint256 private constant SKEW = 5 minutes;

    struct Committee {
        uint16 version;
        uint8 threshold;
        uint32 treasury;
    }

    /// @dev One word a seat, by key: what a signature needs to be counted, and its status.
    struct Seating {
        uint32 member;
        uint16 jurisdiction;
        uint16 version;
        uint8 index;
        Status status;
    }

    ITrustedNetwork private immutable _network;
    IReceivables private immutable _receivables;

    mapping(uint16 jurisdiction => Committee) private _committees;
    mapping(address key => Seating) private _seatings;
    mapping(uint16 jurisdiction => address[]) private _keys;

    constructor(address authority, address network, address receivables)
        AccessManaged(authority)
        EIP712("Hanse", "1")
    {
        _network = ITrustedNetwork(network);
        _receivables = IReceivables(receivables);
    }

    /// @inheritdoc IClearanceOracle
    function seat(uint16 jurisdiction, uint8 threshold, uint32 treasury, Seat[] calldata seats) external restricted {
        if (!Quorum.isSound(threshold, seats.length)) revert InvalidCommittee();
        if (treasury != 0) _network.requireStanding(treasury, CUSTOMS);
        uint16 version = _committees[jurisdiction].version + 1;
        _committees[jurisdiction] = Committee(version, threshold, treasury);
        delete _keys[jurisdiction];
        for (uint256 i; i < seats.length; ++i) {
            Seat calldata given = seats[i];
            _network.requireStanding(given.member, CUSTOMS);
            if (given.key == address(0) || _isSeated(given.key)) revert InvalidCommittee();
            _seatings[given.key] = Seating(given.member, jurisdiction, version, uint8(i), Status.Active);
            _keys[jurisdiction].push(given.key);
        }
        emit CommitteeSeated(jurisdiction, version, threshold, treasury, seats);
    }

    /// @inheritdoc IClearanceOracle
    function suspendSeat(address key) external restricted {
        Seating storage seating = _seatings[key];
        if (seating.status != Status.Active) revert SeatNotActive(key);
        seating.status = Status.Suspended;
        emit SeatSuspended(seating.jurisdiction, key);
    }

    /// @inheritdoc IClearanceOracle
    function attest(Attestation calldata attestation, bytes calldata signatures) external {
        Committee memory committee = _committees[attestation.jurisdiction];
        if (committee.version == 0) revert NoCommittee(attestation.jurisdiction);
        _checkTimes(attestation.eventAt, attestation.deadline);
        bytes32 digest = digestOf(attestation);
        uint256 seats = _count(attestation.jurisdiction, committee, digest, signatures);

        emit Attested(
            attestation.order,
            attestation.seq,
            digest,
            attestation.declarations,
            attestation.messages,
            attestation.eventAt,
            seats
        );
        _receivables.record(attestation, committee.treasury);
    }

    /// @inheritdoc IClearanceOracle
    function committeeOf(uint16 jurisdiction)
        external
        view
        returns (uint16 version, uint8 threshold, uint32 treasury, Seat[] memory seats)
    {
        Committee memory committee = _committees[jurisdiction];
        address[] memory keys = _keys[jurisdiction];
        seats = new Seat[](keys.length);
        for (uint256 i; i < keys.length; ++i) {
            seats[i] = Seat(keys[i], _seatings[keys[i]].member);
        }
        return (committee.version, committee.threshold, committee.treasury, seats);
    }

    /// @inheritdoc IClearanceOracle
    function isSeatActive(address key) external view returns (bool) {
        Seating memory seating = _seatings[key];
        return seating.status == Status.Active && seating.version == _committees[seating.jurisdiction].version;
    }

    /// @inheritdoc IClearanceOracle
    function digestOf(Attestation calldata attestation) public view returns (bytes32) {
        return _hashTypedDataV4(attestation.hash());
    }

    /// @inheritdoc IClearanceOracle
    function contentOf(Attestation calldata attestation) external pure returns (bytes32) {
        uint256 place;
        assembly {
            place := attestation
        }
        // All words but the last, which is the deadline.
        return TypedHash.ofWords(TypedHash.ATTESTATION, place, 11);
    }

    function _count(uint16 jurisdiction, Committee memory committee, bytes32 digest, bytes calldata signatures)
        private
        view
        returns (uint256 seats)
    {
        if (signatures.length % SIGNATURE_LENGTH != 0) revert InvalidSignatureLength(signatures.length);
        uint256 given = signatures.length / SIGNATURE_LENGTH;
        if (given < committee.threshold) revert TooFewSignatures(given, committee.threshold);
        uint256 place;
        assembly {
            place := signatures.offset
        }
        // Every signature must count, so seats bound the loop.
        for (uint256 i; i < given; ++i) {
            address key = Signature.recoverAt(digest, place + i * SIGNATURE_LENGTH);
            Seating memory seating = _seatings[key];
            bool isSeat = seating.status == Status.Active && seating.jurisdiction == jurisdiction
                && seating.version == committee.version;
            if (!isSeat) revert SeatNotActive(key);
            seats = Quorum.addAscending(seats, seating.index);
            if (seats == 0) revert SeatsNotAscending();
        }
    }

    function _checkTimes(uint256 eventAt, uint32 deadline) private view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
        if (deadline % GRID != 0) revert DeadlineNotOnGrid(deadline);
        if (deadline > block.timestamp + MOST_AHEAD) revert DeadlineTooFar(deadline);
        if (eventAt > block.timestamp + SKEW) revert EventInFuture(uint32(eventAt));
    }

    /// @dev A key sits in one committee, once.
    function _isSeated(address key) private view returns (bool) {
        Seating memory seating = _seatings[key];
        return seating.version != 0 && seating.version == _committees[seating.jurisdiction].version;
    }
}
