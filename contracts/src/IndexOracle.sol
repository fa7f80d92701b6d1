// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IIndexOracle} from "./interfaces/IIndexOracle.sol";
import {Quorum} from "./lib/Quorum.sol";
import {Signature} from "./lib/Signature.sol";
import {Observation} from "./lib/Terms.sol";

/// @title Observed indices by bucket, fixed by the median of signed readings
contract IndexOracle is IIndexOracle, AccessManaged, EIP712 {
    uint256 private constant DAY = 1 days;
    // Observers' clocks and the chain's differ a little (O09).
    uint256 private constant SKEW = 5 minutes;
    uint32 public constant observationWindow = 2 days;
    bytes32 private constant OBSERVATION_TYPE =
        keccak256("Observation(bytes32 bucket,uint64 value,uint32 observedAt,uint32 deadline)");

    struct Committee {
        uint16 version;
        uint8 size;
        uint8 threshold;
    }

    struct ObserverSeat {
        uint16 version;
        uint8 number;
    }

    /// @dev One word a bucket; the readings themselves lie four to a word.
    struct Bucket {
        uint64 median;
        uint64 peak; // the highest single reading
        uint32 day;
        uint16 seen; // bit i: observer number i has spoken
        uint16 version; // committee whose observers read this bucket
        uint8 threshold; // of that committee: a later one cannot change what is enough here
        uint8 count;
        bool isFixed;
    }

    Committee private _committee;
    mapping(address key => ObserverSeat) private _seats;
    mapping(bytes32 bucket => Bucket) private _buckets;
    mapping(bytes32 bucket => uint64[16]) private _values; // Quorum.MOST_SEATS of them

    constructor(address authority) AccessManaged(authority) EIP712("Hanse", "1") {}

    /// @inheritdoc IIndexOracle
    function seat(uint8 threshold, address[] calldata keys) external restricted {
        uint256 size = keys.length;
        if (!Quorum.isSound(threshold, size)) revert InvalidCommittee();
        uint16 version = _committee.version + 1;
        _committee = Committee(version, uint8(size), threshold);
        for (uint256 i; i < size; ++i) {
            if (keys[i] == address(0) || _seats[keys[i]].version == version) revert InvalidCommittee();
            _seats[keys[i]] = ObserverSeat(version, uint8(i));
        }
        emit ObserversSeated(version, threshold, keys);
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

        address observer = Signature.actor(digestOf(observation), signature);
        ObserverSeat memory taken = _seats[observer];
        Committee memory committee = _committee;
        if (taken.version == 0 || taken.version != committee.version) revert NotObserver(observer);

        Bucket memory bucket = _buckets[id];
        if (bucket.isFixed) revert AlreadyFixed(id);
        if (bucket.version != committee.version) {
            // Readings that are enough stay: seating a committee must not undo a payout.
            if (_isEnough(bucket)) revert NotObserver(observer);
            // Fewer are dropped, and the bucket starts anew: seats of two versions never mix.
            bucket = Bucket(0, 0, day, 0, committee.version, committee.threshold, 0, false);
        }
        uint16 bit = uint16(1) << taken.number;
        if (bucket.seen & bit != 0) revert AlreadyObserved(id, observer);

        _values[id][bucket.count] = observation.value;
        bucket.seen |= bit;
        bucket.count += 1;
        if (observation.value > bucket.peak) bucket.peak = observation.value;
        _buckets[id] = bucket;
        emit Observed(id, observer, observation.value, observation.observedAt);
        if (bucket.count == committee.size) _fix(id, bucket);
    }

    /// @inheritdoc IIndexOracle
    function fix(bytes32 id) external {
        Bucket memory bucket = _buckets[id];
        if (bucket.isFixed) revert AlreadyFixed(id);
        if (!_isEnough(bucket)) revert TooFewObservations(id, bucket.count, bucket.threshold);
        uint256 until = (uint256(bucket.day) + 1) * DAY + observationWindow;
        if (block.timestamp <= until) revert TooEarly(id, uint32(until));
        _fix(id, bucket);
    }

    /// @inheritdoc IIndexOracle
    function readingOf(uint16 peril, bytes32 place, uint32 day)
        external
        view
        returns (bool isFixed, uint64 median, bool isOpen)
    {
        Bucket memory bucket = _buckets[bucketOf(peril, place, day)];
        bool isAccepting = block.timestamp <= (uint256(day) + 1) * DAY + observationWindow;
        return (bucket.isFixed, bucket.median, !bucket.isFixed && (isAccepting || _isEnough(bucket)));
    }

    /// @inheritdoc IIndexOracle
    function peakOf(uint16 peril, bytes32 place, uint32 firstDay, uint32 lastDay)
        external
        view
        returns (uint64 peak, uint32 day)
    {
        day = firstDay;
        for (uint256 each = firstDay; each <= lastDay; ++each) {
            uint64 value = _buckets[bucketOf(peril, place, uint32(each))].peak;
            if (value > peak) (peak, day) = (value, uint32(each));
        }
    }

    /// @inheritdoc IIndexOracle
    function indexOf(bytes32 id) external view returns (bool isFixed, uint64 median, uint8 observations) {
        Bucket memory bucket = _buckets[id];
        return (bucket.isFixed, bucket.median, bucket.count);
    }

    /// @inheritdoc IIndexOracle
    function bucketOf(uint16 peril, bytes32 place, uint32 day) public pure returns (bytes32) {
        return keccak256(abi.encode(peril, place, day));
    }

    /// @inheritdoc IIndexOracle
    function digestOf(Observation calldata observation) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(OBSERVATION_TYPE, observation)));
    }

    function _fix(bytes32 id, Bucket memory bucket) private {
        bucket.median = _median(id, bucket.count);
        bucket.isFixed = true;
        _buckets[id] = bucket;
        emit IndexFixed(id, bucket.median, bucket.count);
    }

    /// @dev Insertion sort of at most 16 readings. Between two middle ones the mean, rounded down: never in favour of a
    /// payout.
    function _median(bytes32 id, uint256 count) private view returns (uint64) {
        uint64[] memory sorted = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            uint64 value = _values[id][i];
            uint256 j = i;
            for (; j > 0 && sorted[j - 1] > value; --j) {
                sorted[j] = sorted[j - 1];
            }
            sorted[j] = value;
        }
        uint256 high = sorted[count / 2];
        uint256 low = sorted[(count - 1) / 2];
        return uint64((low + high) / 2);
    }

    /// @dev A bucket that nobody spoke on has threshold 0.
    function _isEnough(Bucket memory bucket) private pure returns (bool) {
        return bucket.count != 0 && bucket.count >= bucket.threshold;
    }
}
