// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IClearanceOracle} from "./interfaces/IClearanceOracle.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Quorum} from "./lib/Quorum.sol";
import {Attestation, CUSTOMS, Status} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";

/// @title Customs committees: k of n signatures on one whole state of an order
contract ClearanceOracle is IClearanceOracle, AccessManaged, EIP712 {
    using Quorum for uint256;
    using TypedHash for Attestation;

    uint256 private constant GRID = 1 hours;
    uint256 private constant MOST_AHEAD = 2 hours;
    // Authorities' clocks and the chain's differ a little (O09).
    uint256 private constant SKEW = 5 minutes;
    uint256 private constant ACTIVE = uint256(Status.Active);

    ITrustedNetwork private immutable _network;
    IReceivables private immutable _receivables;

    mapping(uint256 jurisdiction => uint256) private _committees;
    mapping(address key => uint256) private _seats;
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
        uint256 version = _committees[jurisdiction].versionOf() + 1;
        if (version > type(uint16).max) revert InvalidCommittee();
        // Every active seat is one of a present committee: those of the former version end here.
        address[] memory former = _keys[jurisdiction];
        for (uint256 i; i < former.length; ++i) {
            _seats[former[i]] = _seats[former[i]].withStatus(uint256(Status.Expelled));
        }
        delete _keys[jurisdiction];
        uint256 committee = Quorum.packCommittee(version, threshold, treasury);
        _committees[jurisdiction] = committee;
        for (uint256 i; i < seats.length; ++i) {
            (address key, uint32 member) = (seats[i].key, seats[i].member);
            _network.requireStanding(member, CUSTOMS);
            if (!_isOwnKey(key, member)) revert InvalidCommittee();
            // Signatures of one member must not make a quorum (P38).
            for (uint256 j; j < i; ++j) {
                if (seats[j].member == member) revert InvalidCommittee();
            }
            // A key sits in one committee, once; a suspended one may sit again only in its next version.
            uint256 status = _seats[key].statusOf();
            bool isTaken = status == ACTIVE || status == uint256(Status.Suspended);
            if (key == address(0) || isTaken) revert InvalidCommittee();
            _seats[key] = Quorum.packSeat(ACTIVE, jurisdiction, committee, i, member);
            _keys[jurisdiction].push(key);
        }
        emit CommitteeSeated(jurisdiction, uint16(version), threshold, treasury, seats);
    }

    /// @inheritdoc IClearanceOracle
    function suspendSeat(address key) external restricted {
        _suspend(key, _activeSeat(key));
    }

    /// @inheritdoc IClearanceOracle
    function unseat(address key) external {
        uint256 taken = _activeSeat(key);
        uint32 member = uint32(taken.memberOf());
        if (_isOwnKey(key, member) && _network.hasStanding(member, CUSTOMS)) revert SeatInGoodStanding(key);
        _suspend(key, taken);
    }

    /// @inheritdoc IClearanceOracle
    function attest(Attestation calldata attestation, bytes calldata signatures) external {
        (uint32 eventAt, uint32 deadline) = (attestation.eventAt, attestation.deadline);
        _checkTimes(eventAt, deadline);
        bytes32 digest = _hashTypedDataV4(attestation.hash());
        (uint256 seats, uint256 treasury) = _count(attestation.jurisdiction, digest, signatures);
        emit Attested(
            attestation.order,
            attestation.seq,
            digest,
            attestation.declarations,
            attestation.messages,
            eventAt,
            seats
        );
        _record(attestation, treasury);
    }

    /// @inheritdoc IClearanceOracle
    function committeeOf(uint16 jurisdiction)
        external
        view
        returns (uint16 version, uint8 threshold, uint32 treasury, Seat[] memory seats)
    {
        uint256 committee = _committees[jurisdiction];
        address[] memory keys = _keys[jurisdiction];
        seats = new Seat[](keys.length);
        for (uint256 i; i < keys.length; ++i) {
            seats[i] = Seat(keys[i], uint32(_seats[keys[i]].memberOf()));
        }
        return (uint16(committee.versionOf()), uint8(committee.thresholdOf()), uint32(committee.treasuryOf()), seats);
    }

    /// @inheritdoc IClearanceOracle
    function isSeatActive(address key) external view returns (bool) {
        return _seats[key].statusOf() == ACTIVE;
    }

    /// @inheritdoc IClearanceOracle
    function digestOf(Attestation calldata attestation) external view returns (bytes32) {
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

    function _activeSeat(address key) private view returns (uint256 taken) {
        taken = _seats[key];
        if (taken.statusOf() != ACTIVE) revert SeatNotActive(key);
    }

    function _suspend(address key, uint256 taken) private {
        _seats[key] = taken.withStatus(uint256(Status.Suspended));
        emit SeatSuspended(uint16(taken.jurisdictionOf()), key);
    }

    /// @dev A committee's keys need not be in the network; one that is must be this member's, and not given up.
    function _isOwnKey(address key, uint32 member) private view returns (bool) {
        ITrustedNetwork.Key memory known = _network.keyOf(key);
        return known.member == 0 || (known.member == member && known.status == Status.Active);
    }

    /// @return seats bitmap of those who signed
    /// @return treasury as their committee names it
    function _count(uint256 jurisdiction, bytes32 digest, bytes calldata signatures)
        private
        view
        returns (uint256 seats, uint256 treasury)
    {
        uint256 given = signatures.length / Quorum.SIGNATURE_LENGTH;
        if (given == 0 || signatures.length % Quorum.SIGNATURE_LENGTH != 0) {
            revert InvalidSignatureLength(signatures.length);
        }
        uint256 place;
        assembly {
            place := signatures.offset
        }
        uint256 first;
        // Every signature must count, so seats bound the loop.
        for (uint256 i; i != given;) {
            address key = Quorum.signerAt(digest, place, i);
            uint256 taken = _seats[key];
            if (i == 0) {
                first = taken;
                _requireSeat(key, taken, jurisdiction);
                uint256 threshold = taken.thresholdOfSeat();
                if (given < threshold) revert TooFewSignatures(given, uint8(threshold));
            } else if (!taken.isBeside(first)) {
                revert SeatNotActive(key);
            }
            seats = Quorum.addAscending(seats, taken.indexOf());
            if (seats == 0) revert SeatsNotAscending();
            unchecked {
                ++i;
            }
        }
        return (seats, first.treasuryOfSeat());
    }

    function _requireSeat(address key, uint256 taken, uint256 jurisdiction) private view {
        if (taken.statusOf() == ACTIVE && taken.jurisdictionOf() == jurisdiction) return;
        if (_committees[jurisdiction] == 0) revert NoCommittee(uint16(jurisdiction));
        revert SeatNotActive(key);
    }

    /// @dev `record` with the attestation's words as they came: they are its encoding already, and every field that
    /// is narrower than its word is checked where Receivables reads it.
    function _record(Attestation calldata attestation, uint256 treasury) private {
        address receivables = address(_receivables);
        bytes4 selector = IReceivables.record.selector;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            calldatacopy(add(at, 4), attestation, 384)
            mstore(add(at, 388), treasury)
            if iszero(call(gas(), receivables, 0, at, 420, 0, 0)) {
                returndatacopy(at, 0, returndatasize())
                revert(at, returndatasize())
            }
        }
    }

    function _checkTimes(uint256 eventAt, uint256 deadline) private view {
        if (block.timestamp > deadline) revert SignatureExpired(uint32(deadline));
        if (deadline % GRID != 0) revert DeadlineNotOnGrid(uint32(deadline));
        unchecked {
            // Block time and hours never come near a word's end.
            if (deadline > block.timestamp + MOST_AHEAD) revert DeadlineTooFar(uint32(deadline));
            if (eventAt > block.timestamp + SKEW) revert EventInFuture(uint32(eventAt));
        }
    }
}
