// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IClearanceOracle} from "./interfaces/IClearanceOracle.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Quorum} from "./lib/Quorum.sol";
import {CUSTOMS, Status} from "./lib/Terms.sol";

/// @title Who sits in the customs committees, and whose signatures are enough
abstract contract Committees is IClearanceOracle, AccessManaged {
    using Quorum for uint256;

    uint256 internal constant ACTIVE = uint256(Status.Active);
    uint256 private constant SUSPENDED = uint256(Status.Suspended);
    uint256 private constant EXPELLED = uint256(Status.Expelled);
    // As long as a signature can live: whatever was in flight when a new version sat down still counts.
    uint256 private constant GRACE = 2 hours;
    // With all reserves that ever moved up.
    uint256 private constant MOST_KEYS = 2 * Quorum.MOST_SEATS;
    // In a bitmap of seats: they are those of the version before.
    uint256 private constant OF_FORMER = 1 << 255;

    ITrustedNetwork private immutable _network;

    mapping(uint256 jurisdiction => uint256) private _committees;
    mapping(address key => uint256) private _seats;
    mapping(uint256 jurisdiction => address[]) private _keys;
    mapping(uint256 jurisdiction => Seat[]) private _reserves;

    constructor(address authority, address network) AccessManaged(authority) {
        _network = ITrustedNetwork(network);
    }

    /// @inheritdoc IClearanceOracle
    function seat(uint16 jurisdiction, uint8 threshold, uint32 treasury, Seat[] calldata seats) external restricted {
        if (!Quorum.isSound(threshold, seats.length)) revert InvalidCommittee();
        if (treasury != 0) _network.requireStanding(treasury, CUSTOMS);
        uint256 version = _committees[jurisdiction].versionOf() + 1;
        if (version > type(uint16).max) revert InvalidCommittee();
        _endFormer(jurisdiction);
        uint256 until = version == 1 ? 0 : block.timestamp + GRACE;
        uint256 committee = Quorum.packCommittee(version, threshold, treasury, seats.length, until);
        _committees[jurisdiction] = committee;
        // At most MOST_SEATS turns, the inner one too.
        for (uint256 i; i < seats.length; ++i) {
            _requireFit(seats[i]);
            // Signatures of one member must not make a quorum (P38); bounded as the loop around it.
            for (uint256 j; j < i; ++j) {
                if (seats[j].member == seats[i].member) revert InvalidCommittee();
            }
            // A key sits in one committee, once; a suspended one may sit again only in its next version.
            if (_isTaken(seats[i].key)) revert InvalidCommittee();
            _take(jurisdiction, committee, i, seats[i].key, seats[i].member);
        }
        emit CommitteeSeated(jurisdiction, uint16(version), threshold, treasury, seats);
    }

    /// @inheritdoc IClearanceOracle
    function nameReserves(uint16 jurisdiction, Seat[] calldata seats) external restricted {
        uint256 committee = _committees[jurisdiction];
        if (committee == 0) revert NoCommittee(jurisdiction);
        address[] memory sitting = _keys[jurisdiction];
        if (sitting.length + seats.length > MOST_KEYS) revert InvalidCommittee();
        delete _reserves[jurisdiction];
        // At most MOST_KEYS turns, the inner ones too.
        for (uint256 i; i < seats.length; ++i) {
            _requireFit(seats[i]);
            // Bounded as the loop around it.
            for (uint256 j; j < i; ++j) {
                if (seats[j].member == seats[i].member) revert InvalidCommittee();
            }
            // At most MOST_KEYS.
            for (uint256 j; j < sitting.length; ++j) {
                if (_seats[sitting[j]].memberOf() == seats[i].member) revert InvalidCommittee();
            }
            _reserves[jurisdiction].push(seats[i]);
        }
        _committees[jurisdiction] = committee.withNoneCalled();
        emit ReservesNamed(jurisdiction, uint16(committee.versionOf()), seats);
        _callReserves(jurisdiction);
    }

    /// @inheritdoc IClearanceOracle
    function suspendSeat(address key) external restricted {
        _suspend(key, _countingSeat(key));
    }

    /// @inheritdoc IClearanceOracle
    function unseat(address key) external {
        uint256 taken = _countingSeat(key);
        uint32 member = uint32(taken.memberOf());
        if (_isOwnKey(key, member) && _network.hasStanding(member, CUSTOMS)) revert SeatInGoodStanding(key);
        _suspend(key, taken);
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
        // At most MOST_KEYS.
        for (uint256 i; i < keys.length; ++i) {
            seats[i] = Seat(keys[i], uint32(_seats[keys[i]].memberOf()));
        }
        return (uint16(committee.versionOf()), uint8(committee.thresholdOf()), uint32(committee.treasuryOf()), seats);
    }

    /// @inheritdoc IClearanceOracle
    function reservesOf(uint16 jurisdiction) external view returns (Seat[] memory seats, uint8 called) {
        return (_reserves[jurisdiction], uint8(_committees[jurisdiction].calledOf()));
    }

    /// @inheritdoc IClearanceOracle
    function graceUntil(uint16 jurisdiction) external view returns (uint32) {
        return uint32(_committees[jurisdiction].graceUntilOf());
    }

    /// @inheritdoc IClearanceOracle
    function isSeatActive(address key) external view returns (bool) {
        return _seats[key].statusOf() == ACTIVE;
    }

    /// @dev Reserves move up in their order until k seats count again; one that may not sit now is passed over.
    function _callReserves(uint256 jurisdiction) private {
        uint256 committee = _committees[jurisdiction];
        Seat[] storage reserves = _reserves[jurisdiction];
        uint256 count = reserves.length;
        // At most MOST_KEYS reserves were named.
        while (committee.activeOf() < committee.thresholdOf() && committee.calledOf() < count) {
            Seat memory next = reserves[committee.calledOf()];
            bool isFit = !_isTaken(next.key) && _isOwnKey(next.key, next.member)
                && _network.hasStanding(next.member, CUSTOMS);
            uint256 index = committee.givenOutOf();
            committee = committee.withCalled(isFit);
            if (!isFit) continue;
            _take(jurisdiction, committee, index, next.key, next.member);
            emit ReserveSeated(
                uint16(jurisdiction), uint16(committee.versionOf()), uint8(index), next.key, next.member
            );
        }
        _committees[jurisdiction] = committee;
    }

    /// @dev Every active seat is one of a present committee: those of the former version end here, but for the grace.
    function _endFormer(uint256 jurisdiction) private {
        address[] memory former = _keys[jurisdiction];
        // At most MOST_KEYS.
        for (uint256 i; i < former.length; ++i) {
            uint256 taken = _seats[former[i]];
            _seats[former[i]] = taken.ended(EXPELLED, taken.statusOf() == ACTIVE);
        }
        delete _keys[jurisdiction];
        delete _reserves[jurisdiction];
    }

    function _take(uint256 jurisdiction, uint256 committee, uint256 index, address key, uint256 member) private {
        uint256 taken = Quorum.packSeat(ACTIVE, jurisdiction, committee, index, member);
        uint256 before = _seats[key];
        // Versions are counted by jurisdiction: another's former seat is none here.
        if (before.jurisdictionOf() == jurisdiction) taken = taken.withFormer(before);
        _seats[key] = taken;
        _keys[jurisdiction].push(key);
    }

    function _suspend(address key, uint256 taken) internal {
        uint256 jurisdiction = taken.jurisdictionOf();
        emit SeatSuspended(uint16(jurisdiction), key);
        if (taken.statusOf() != ACTIVE) {
            // It sat in the former version only: no grace for it.
            _seats[key] = taken.ended(EXPELLED, false);
            return;
        }
        _seats[key] = taken.withStatus(SUSPENDED);
        _committees[jurisdiction] = _committees[jurisdiction].withOneLess();
        _callReserves(jurisdiction);
    }

    /// @return taken the word of a seat whose signatures count now, in the present version or by grace
    function _countingSeat(address key) internal view returns (uint256 taken) {
        taken = _seats[key];
        if (taken.statusOf() == ACTIVE) return taken;
        if (!_isOfFormer(taken, _committees[taken.jurisdictionOf()])) revert SeatNotActive(key);
    }

    /// @param needed how many must sign; 0 for the quorum
    /// @return seats bitmap of those who signed
    /// @return treasury as their committee names it
    function _count(uint256 jurisdiction, bytes32 digest, bytes calldata signatures, uint256 needed)
        internal
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
                if (taken.statusOf() != ACTIVE || taken.jurisdictionOf() != jurisdiction) {
                    return _countFormer(jurisdiction, digest, signatures, needed, SeatNotActive.selector, key);
                }
                if (given < (needed == 0 ? taken.thresholdOfSeat() : needed)) {
                    return _countFormer(jurisdiction, digest, signatures, needed, TooFewSignatures.selector, key);
                }
            } else if (!taken.isBeside(first)) {
                return _countFormer(jurisdiction, digest, signatures, needed, SeatNotActive.selector, key);
            }
            seats = Quorum.addAscending(seats, taken.indexOf());
            if (seats == 0) return _countFormer(jurisdiction, digest, signatures, needed, SeatsNotAscending.selector, key);
            unchecked {
                // Below the number of signatures.
                ++i;
            }
        }
        return (seats, first.treasuryOfSeat());
    }

    /// @return how many seats of a committee may set a hold
    function _minorityOf(uint256 jurisdiction) internal view returns (uint256) {
        uint256 committee = _committees[jurisdiction];
        if (committee == 0) revert NoCommittee(uint16(jurisdiction));
        return committee.minorityOf();
    }

    /// @dev The version before, while its grace runs; a quorum is of one version. Duty goes to the present treasury.
    /// @param fault what the present version finds wrong, and with which key
    function _countFormer(
        uint256 jurisdiction,
        bytes32 digest,
        bytes calldata signatures,
        uint256 needed,
        bytes4 fault,
        address key
    ) private view returns (uint256 seats, uint256 treasury) {
        uint256 committee = _committees[jurisdiction];
        if (committee == 0) revert NoCommittee(uint16(jurisdiction));
        seats = _formerSeats(committee, jurisdiction, digest, signatures);
        if (needed == 0 && seats != 0) return (seats | OF_FORMER, committee.treasuryOf());

        if (fault == SeatNotActive.selector) revert SeatNotActive(key);
        if (fault == SeatsNotAscending.selector) revert SeatsNotAscending();
        if (needed == 0) needed = committee.thresholdOf();
        revert TooFewSignatures(signatures.length / Quorum.SIGNATURE_LENGTH, uint8(needed));
    }

    /// @return seats zero unless all signatures are of former seats that still count, and enough
    function _formerSeats(uint256 committee, uint256 jurisdiction, bytes32 digest, bytes calldata signatures)
        private
        view
        returns (uint256 seats)
    {
        uint256 given = signatures.length / Quorum.SIGNATURE_LENGTH;
        uint256 threshold;
        uint256 place;
        assembly {
            place := signatures.offset
        }
        // At most as many turns as there are former seats: each signature must be another's.
        for (uint256 i; i < given; ++i) {
            uint256 taken = _seats[Quorum.signerAt(digest, place, i)];
            if (taken.jurisdictionOf() != jurisdiction || !_isOfFormer(taken, committee)) return 0;
            threshold = taken.formerThresholdOf();
            seats = Quorum.addAscending(seats, taken.formerIndexOf());
            if (seats == 0) return 0;
        }
        if (given < threshold) return 0;
    }

    /// @return whether a seat of the version before counts now; suspension bites inside the grace
    function _isOfFormer(uint256 taken, uint256 committee) private view returns (bool) {
        uint256 status = taken.statusOf();
        return (status == ACTIVE || status == EXPELLED) && block.timestamp <= committee.graceUntilOf()
            && taken.formerVersionOf() + 1 == committee.versionOf();
    }

    function _requireFit(Seat calldata wanted) private view {
        _network.requireStanding(wanted.member, CUSTOMS);
        if (wanted.key == address(0) || !_isOwnKey(wanted.key, wanted.member)) revert InvalidCommittee();
    }

    function _isTaken(address key) private view returns (bool) {
        uint256 status = _seats[key].statusOf();
        return status == ACTIVE || status == SUSPENDED;
    }

    /// @dev A committee's keys need not be in the network; one that is must be this member's, and not given up.
    function _isOwnKey(address key, uint32 member) private view returns (bool) {
        ITrustedNetwork.Key memory known = _network.keyOf(key);
        return known.member == 0 || (known.member == member && known.status == Status.Active);
    }
}
