// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IIndexOracle, IndexState} from "./interfaces/IIndexOracle.sol";
import {Quorum} from "./lib/Quorum.sol";
import {Signature} from "./lib/Signature.sol";
import {Answer, Observation, OBSERVATION_WINDOW, Resolution} from "./lib/Terms.sol";

/// @title Observed indices by bucket, fixed by the median of signed readings
contract IndexOracle is IIndexOracle, AccessManaged, EIP712 {
    uint256 private constant DAY = 1 days;
    // Observers' clocks and the chain's differ a little (O09).
    uint256 private constant SKEW = 5 minutes;
    uint32 public constant observationWindow = OBSERVATION_WINDOW;
    // A held bucket binds capital; people have so long to look again.
    uint256 private constant SECOND_LOOK = 14 days;
    uint256 private constant WHOLE_BPS = 10_000;
    bytes32 private constant OBSERVATION_TYPE =
        keccak256("Observation(bytes32 bucket,uint8 answer,uint64 value,uint32 observedAt,uint32 deadline)");
    bytes32 private constant RESOLUTION_TYPE =
        keccak256("Resolution(bytes32 bucket,bool isVoid,uint64 value,uint32 deadline)");

    struct Committee {
        uint16 version;
        uint8 size;
        uint8 threshold;
        uint16 spreadBps;
    }

    struct ObserverSeat {
        uint16 version;
        uint8 number;
    }

    /// @dev One word a bucket; the readings themselves lie four to a word.
    struct Bucket {
        uint64 median;
        uint64 peak; // the highest single reading, of whichever committee
        uint32 day;
        uint16 seen; // bit i: observer number i has given its last word
        uint16 early; // bit i: it said "too early"
        uint16 version; // committee whose observers read this bucket
        uint8 threshold; // of that committee, as the spread: a later one cannot change what is enough here
        uint8 count;
        uint8 silent; // answers of "no data"
        IndexState state; // None until decided
        uint16 spreadBps;
    }

    Committee private _committee;
    mapping(address key => ObserverSeat) private _seats;
    mapping(bytes32 bucket => Bucket) private _buckets;
    mapping(bytes32 bucket => uint64[16]) private _values; // Quorum.MOST_SEATS of them

    constructor(address authority) AccessManaged(authority) EIP712("Hanse", "1") {}

    /// @inheritdoc IIndexOracle
    function seat(uint8 threshold, uint16 spreadBps, address[] calldata keys) external restricted {
        uint256 size = keys.length;
        if (!Quorum.isSound(threshold, size) || spreadBps > WHOLE_BPS) revert InvalidCommittee();
        uint16 version = _committee.version + 1;
        _committee = Committee(version, uint8(size), threshold, spreadBps);
        // At most MOST_SEATS, as was tested.
        for (uint256 i; i < size; ++i) {
            if (keys[i] == address(0) || _seats[keys[i]].version == version) revert InvalidCommittee();
            _seats[keys[i]] = ObserverSeat(version, uint8(i));
        }
        emit ObserversSeated(version, threshold, spreadBps, keys);
    }

    /// @inheritdoc IIndexOracle
    function observe(
        uint16 peril,
        bytes32 place,
        uint32 day,
        Observation calldata observation,
        bytes calldata signature
    ) external {
        bytes32 id = bucketOf(peril, place, day);
        if (id != observation.bucket) revert BucketMismatch(id, observation.bucket);
        if (block.timestamp > observation.deadline) revert SignatureExpired(observation.deadline);
        uint256 dayEnd = (uint256(day) + 1) * DAY;
        if (block.timestamp < dayEnd) revert DayNotOver(day);
        if (block.timestamp > dayEnd + observationWindow) revert ObservationWindowClosed(id);
        // What was read before the day began speaks of another day (O08).
        if (observation.observedAt < dayEnd - DAY || observation.observedAt > block.timestamp + SKEW) {
            revert ObservedOutOfTime(observation.observedAt);
        }

        if (observation.answer != Answer.Value && observation.value != 0) revert AnswerWithValue(observation.value);

        address observer = Signature.actor(digestOf(observation), signature);
        Committee memory committee = _committee;
        uint16 bit = uint16(1) << _seatOf(observer, committee.version);
        Bucket memory bucket = _buckets[id];
        if (bucket.state != IndexState.None) revert AlreadyFixed(id);
        if (bucket.version != committee.version) {
            // Readings that are enough stay: seating a committee must not undo a payout.
            if (_isEnough(bucket)) revert NotObserver(observer);
            // Fewer are dropped, and the bucket starts anew: seats of two versions never mix. The peak stays: an event
            // that was seen once stops sales whoever sits now (I-24).
            bucket = _newBucket(day, bucket.peak, committee);
        }
        if (bucket.seen & bit != 0) revert AlreadyObserved(id, observer);
        _note(id, bucket, bit, observer, observation);
        _buckets[id] = bucket;
        emit Observed(id, observer, observation.answer, observation.value, observation.observedAt);
        if (bucket.count + bucket.silent == committee.size && _isEnough(bucket)) _decide(id, bucket);
    }

    /// @inheritdoc IIndexOracle
    function fix(bytes32 id) external {
        Bucket memory bucket = _buckets[id];
        if (bucket.state != IndexState.None) revert AlreadyFixed(id);
        if (!_isEnough(bucket)) revert TooFewObservations(id, bucket.count, bucket.threshold);
        uint256 until = _windowEnd(bucket.day);
        if (block.timestamp <= until) revert TooEarly(id, uint32(until));
        _decide(id, bucket);
    }

    /// @inheritdoc IIndexOracle
    function resolve(Resolution calldata resolution, bytes calldata signatures) external {
        if (block.timestamp > resolution.deadline) revert SignatureExpired(resolution.deadline);
        bytes32 id = resolution.bucket;
        Bucket memory bucket = _buckets[id];
        if (bucket.state != IndexState.Held) revert NotHeld(id);
        _requireQuorum(_hashTypedDataV4(keccak256(abi.encode(RESOLUTION_TYPE, resolution))), signatures);

        uint64[] memory sorted = _sorted(id, bucket.count);
        (uint64 lowest, uint64 highest) = (sorted[0], sorted[bucket.count - 1]);
        if (resolution.isVoid) (lowest, highest) = (0, 0);
        // People choose among what was read, or that nothing stands.
        if (resolution.value < lowest || resolution.value > highest) revert BeyondTheReadings(lowest, highest);
        bucket.median = resolution.value;
        bucket.state = resolution.isVoid ? IndexState.Void : IndexState.Fixed;
        _buckets[id] = bucket;
        emit IndexResolved(id, resolution.isVoid, resolution.value);
    }

    /// @inheritdoc IIndexOracle
    function giveUp(bytes32 id) external {
        Bucket memory bucket = _buckets[id];
        if (bucket.state != IndexState.Held) revert NotHeld(id);
        uint256 until = _windowEnd(bucket.day) + SECOND_LOOK;
        if (block.timestamp <= until) revert TooEarly(id, uint32(until));
        bucket.state = IndexState.Void;
        bucket.median = 0;
        _buckets[id] = bucket;
        emit IndexResolved(id, true, 0);
    }

    /// @inheritdoc IIndexOracle
    function readingOf(uint16 peril, bytes32 place, uint32 day) external view returns (Reading memory) {
        return _readingOf(peril, place, day);
    }

    /// @inheritdoc IIndexOracle
    function readingsOf(uint16 peril, bytes32 place, uint32 firstDay, uint32 lastDay)
        external
        view
        returns (Reading[] memory readings)
    {
        readings = new Reading[](uint256(lastDay) - firstDay + 1);
        // Bounded by the asker: a policy covers at most 31 days.
        for (uint256 i; i < readings.length; ++i) {
            readings[i] = _readingOf(peril, place, uint32(firstDay + i));
        }
    }

    /// @inheritdoc IIndexOracle
    function peakOf(uint16 peril, bytes32 place, uint32 firstDay, uint32 lastDay)
        external
        view
        returns (uint64 peak, uint32 day, uint32 silentDay)
    {
        day = firstDay;
        // Bounded by the asker: a sale of cover asks for the observation window and two days more.
        for (uint256 each = firstDay; each <= lastDay; ++each) {
            Bucket storage bucket = _buckets[bucketOf(peril, place, uint32(each))];
            if (bucket.peak > peak) (peak, day) = (bucket.peak, uint32(each));
            if (bucket.silent != 0) silentDay = uint32(each);
        }
    }

    /// @inheritdoc IIndexOracle
    function indexOf(bytes32 id) external view returns (bool isFixed, uint64 median, uint8 observations) {
        Bucket memory bucket = _buckets[id];
        isFixed = bucket.state == IndexState.Fixed;
        return (isFixed, isFixed ? bucket.median : 0, bucket.count);
    }

    /// @inheritdoc IIndexOracle
    function bucketOf(uint16 peril, bytes32 place, uint32 day) public pure returns (bytes32) {
        return keccak256(abi.encode(peril, place, day));
    }

    /// @inheritdoc IIndexOracle
    function digestOf(Observation calldata observation) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(OBSERVATION_TYPE, observation)));
    }

    /// @dev One observer's answer goes into the bucket's word.
    function _note(
        bytes32 id,
        Bucket memory bucket,
        uint16 bit,
        address observer,
        Observation calldata observation
    ) private {
        if (observation.answer == Answer.TooEarly) {
            if (bucket.early & bit != 0) revert AlreadyObserved(id, observer);
            bucket.early |= bit;
            return;
        }
        bucket.seen |= bit;
        if (observation.answer == Answer.NoData) {
            bucket.silent += 1;
            return;
        }
        _values[id][bucket.count] = observation.value;
        bucket.count += 1;
        if (observation.value > bucket.peak) bucket.peak = observation.value;
    }

    /// @dev 2k > n: there are never enough values and enough answers of "no data" at once.
    function _decide(bytes32 id, Bucket memory bucket) private {
        if (bucket.count < bucket.threshold) {
            bucket.state = IndexState.NoData;
            emit IndexWithoutData(id, bucket.silent);
        } else {
            uint64[] memory sorted = _sorted(id, bucket.count);
            bucket.median = _medianDown(sorted);
            if (_agree(sorted, bucket.threshold, bucket.median, bucket.spreadBps)) {
                bucket.state = IndexState.Fixed;
                emit IndexFixed(id, bucket.median, bucket.count);
            } else {
                bucket.state = IndexState.Held;
                emit IndexHeld(id, bucket.median, bucket.count);
            }
        }
        _buckets[id] = bucket;
    }

    function _requireQuorum(bytes32 digest, bytes calldata signatures) private view {
        Committee memory committee = _committee;
        uint256 given = signatures.length / Quorum.SIGNATURE_LENGTH;
        if (signatures.length % Quorum.SIGNATURE_LENGTH != 0) revert InvalidSignatureLength(signatures.length);
        if (given < committee.threshold) revert TooFewSignatures(given, committee.threshold);
        uint256 place;
        assembly ("memory-safe") {
            place := signatures.offset
        }
        uint256 bitmap;
        // At most MOST_SEATS: none counts twice, so one more fails.
        for (uint256 i; i < given; ++i) {
            bitmap = Quorum.addAscending(
                bitmap, _seatOf(Quorum.signerAt(digest, place, i), committee.version)
            );
            if (bitmap == 0) revert SeatsNotAscending();
        }
    }

    function _readingOf(uint16 peril, bytes32 place, uint32 day) private view returns (Reading memory) {
        Bucket memory bucket = _buckets[bucketOf(peril, place, day)];
        if (bucket.state == IndexState.Fixed) return Reading(IndexState.Fixed, bucket.median);
        if (bucket.state != IndexState.None) return Reading(bucket.state, 0);
        bool mayStand = block.timestamp <= _windowEnd(day) || _isEnough(bucket);
        return Reading(mayStand ? IndexState.Open : IndexState.None, 0);
    }

    /// @return number of the observer's seat in the committee that sits
    function _seatOf(address observer, uint16 version) private view returns (uint8) {
        ObserverSeat memory taken = _seats[observer];
        if (taken.version == 0 || taken.version != version) revert NotObserver(observer);
        return taken.number;
    }

    /// @dev Insertion sort of at most 16 readings.
    function _sorted(bytes32 id, uint256 count) private view returns (uint64[] memory sorted) {
        sorted = new uint64[](count);
        // Bounded by the seats: each observer reads a bucket once.
        for (uint256 i; i < count; ++i) {
            uint64 value = _values[id][i];
            uint256 j = i;
            // Bounded as the loop around it.
            for (; j > 0 && sorted[j - 1] > value; --j) {
                sorted[j] = sorted[j - 1];
            }
            sorted[j] = value;
        }
    }

    /// @dev Between two middle readings the mean, rounded down: never in favour of a payout.
    function _medianDown(uint64[] memory sorted) private pure returns (uint64) {
        uint256 count = sorted.length;
        return uint64((uint256(sorted[count / 2]) + sorted[(count - 1) / 2]) / 2);
    }

    /// @dev Whether k neighbours lie within the spread, at least one unit. As 2k > n the median lies among them, and
    /// fewer than k liars can neither move it out of what k honest ones read nor have the bucket held.
    function _agree(uint64[] memory sorted, uint256 threshold, uint256 median, uint256 spreadBps)
        private
        pure
        returns (bool)
    {
        uint256 spread = (median * spreadBps + WHOLE_BPS - 1) / WHOLE_BPS;
        if (spread == 0) spread = 1;
        // As many as there are readings, at most MOST_SEATS.
        for (uint256 i = threshold - 1; i < sorted.length; ++i) {
            if (sorted[i] - sorted[i + 1 - threshold] <= spread) return true;
        }
        return false;
    }

    function _windowEnd(uint256 day) private pure returns (uint256) {
        return (day + 1) * DAY + observationWindow;
    }

    function _newBucket(uint32 day, uint64 peak, Committee memory committee)
        private
        pure
        returns (Bucket memory bucket)
    {
        bucket.peak = peak;
        bucket.day = day;
        bucket.version = committee.version;
        bucket.threshold = committee.threshold;
        bucket.spreadBps = committee.spreadBps;
    }

    /// @dev A bucket that nobody spoke on has threshold 0.
    function _isEnough(Bucket memory bucket) private pure returns (bool) {
        if (bucket.threshold == 0) return false;
        return bucket.count >= bucket.threshold || bucket.silent >= bucket.threshold;
    }
}
