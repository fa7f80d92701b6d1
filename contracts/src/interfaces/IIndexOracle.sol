// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Answer, Observation, Resolution} from "../lib/Terms.sol";

/// @dev What stands for a bucket. None: nothing, and nothing can any more. Open: something may still come to stand.
/// Held: the readings lie too far apart, people look again. NoData: k observers said so. Void: it stays without an index.
enum IndexState {
    None,
    Open,
    Fixed,
    Held,
    NoData,
    Void
}

/// @notice Observers' signed readings of disruption indices; the median over all of them. A bucket is (peril, place, day).
interface IIndexOracle {
    struct Reading {
        IndexState state;
        uint64 median; // of a fixed bucket
    }

    event ObserversSeated(uint16 version, uint8 threshold, uint16 spreadBps, address[] keys);
    event Observed(bytes32 indexed bucket, address indexed observer, Answer answer, uint64 value, uint32 observedAt);
    event IndexFixed(bytes32 indexed bucket, uint64 median, uint8 observations);
    event IndexHeld(bytes32 indexed bucket, uint64 median, uint8 observations);
    event IndexWithoutData(bytes32 indexed bucket, uint8 answers);
    event IndexResolved(bytes32 indexed bucket, bool isVoid, uint64 value);

    error InvalidCommittee();
    error BucketMismatch(bytes32 computed, bytes32 signed);
    error NotObserver(address key);
    error AlreadyObserved(bytes32 bucket, address observer);
    error AnswerWithValue(uint64 value);
    error ObservationWindowClosed(bytes32 bucket);
    error SignatureExpired(uint32 deadline);
    error DayNotOver(uint32 day);
    error ObservedOutOfTime(uint32 observedAt);
    error AlreadyFixed(bytes32 bucket);
    error TooEarly(bytes32 bucket, uint32 until);
    error TooFewObservations(bytes32 bucket, uint8 given, uint8 threshold);
    error NotHeld(bytes32 bucket);
    error BeyondTheReadings(uint64 lowest, uint64 highest);
    error TooFewSignatures(uint256 given, uint8 threshold);
    error SeatsNotAscending();
    error InvalidSignatureLength(uint256 length);

    /// @notice Governance: the observers' keys, how many readings fix an index, and how far apart these may lie in
    /// basis points of the median. 2k > n, at most 16. A bucket that has enough readings stays with the committee that
    /// gave them, and its rules.
    function seat(uint8 threshold, uint16 spreadBps, address[] calldata keys) external;

    /// @notice Anyone relays one observer's signed answer; the bucket's preimage proves which day it speaks of. "Too
    /// early" is kept once and may be followed by another answer; a value or "no data" is the observer's last word.
    /// Empty signature: the caller is the observer.
    function observe(uint16 peril, bytes32 place, uint32 day, Observation calldata observation, bytes calldata signature) external;

    /// @notice Anyone: decide once every observer has spoken, or k have and the observation deadline has passed. The
    /// median stands where k readings lie within the spread of each other; else people look again. K answers of "no
    /// data" stand as such.
    function fix(bytes32 bucket) external;

    /// @notice Anyone relays what k sitting observers signed over a held bucket, in ascending order of their seats.
    function resolve(Resolution calldata resolution, bytes calldata signatures) external;

    /// @notice Anyone, two weeks after the observation deadline: a bucket that people did not resolve has no index.
    function giveUp(bytes32 bucket) external;

    function bucketOf(uint16 peril, bytes32 place, uint32 day) external pure returns (bytes32);

    /// @return what stands for a day
    function readingOf(uint16 peril, bytes32 place, uint32 day) external view returns (Reading memory);

    /// @return one reading for each of these days
    function readingsOf(uint16 peril, bytes32 place, uint32 firstDay, uint32 lastDay)
        external
        view
        returns (Reading[] memory);

    /// @return peak the highest single reading of these days so far, before any median, the day it is of, and the last
    /// day of which an observer said that there is no data (0: none)
    function peakOf(uint16 peril, bytes32 place, uint32 firstDay, uint32 lastDay)
        external
        view
        returns (uint64 peak, uint32 day, uint32 silentDay);

    /// @return isFixed whether the median stands, its value, and how many readings are in
    function indexOf(bytes32 bucket) external view returns (bool isFixed, uint64 median, uint8 observations);

    /// @return seconds after the end of the day until which readings are accepted
    function observationWindow() external view returns (uint32);

    function digestOf(Observation calldata observation) external view returns (bytes32);
}
