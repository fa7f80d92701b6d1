// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Observation} from "../lib/Terms.sol";

/// @notice Observers' signed readings of disruption indices; the median over all of them. A bucket is (peril, place, day).
interface IIndexOracle {
    event ObserversSeated(uint16 version, uint8 threshold, address[] keys);
    event Observed(bytes32 indexed bucket, address indexed observer, uint64 value, uint32 observedAt);
    event IndexFixed(bytes32 indexed bucket, uint64 median, uint8 observations);

    error InvalidCommittee();
    error BucketMismatch(bytes32 computed, bytes32 signed);
    error NotObserver(address key);
    error AlreadyObserved(bytes32 bucket, address observer);
    error ObservationWindowClosed(bytes32 bucket);
    error SignatureExpired(uint32 deadline);
    error DayNotOver(uint32 day);
    error ObservedOutOfTime(uint32 observedAt);
    error AlreadyFixed(bytes32 bucket);
    error TooEarly(bytes32 bucket, uint32 until);
    error TooFewObservations(bytes32 bucket, uint8 given, uint8 threshold);

    /// @notice Governance: the observers' keys and how many readings fix an index. 2k > n, at most 16. A bucket that has
    /// enough readings stays with the committee that gave them.
    function seat(uint8 threshold, address[] calldata keys) external;

    /// @notice Anyone relays one observer's signed reading; the bucket's preimage proves which day it speaks of.
    /// Empty signature: the caller is the observer.
    function observe(uint16 peril, bytes32 place, uint32 day, Observation calldata observation, bytes calldata signature) external;

    /// @notice Anyone: fix the median once every observer has spoken, or k have and the observation deadline has passed.
    function fix(bytes32 bucket) external;

    function bucketOf(uint16 peril, bytes32 place, uint32 day) external pure returns (bytes32);

    /// @return isFixed whether the median stands, its value, and whether it may still come to stand
    function readingOf(uint16 peril, bytes32 place, uint32 day)
        external
        view
        returns (bool isFixed, uint64 median, bool isOpen);

    /// @return peak the highest single reading of these days so far, before any median, and the day it is of
    function peakOf(uint16 peril, bytes32 place, uint32 firstDay, uint32 lastDay)
        external
        view
        returns (uint64 peak, uint32 day);

    /// @return isFixed whether the median stands, its value, and how many readings are in
    function indexOf(bytes32 bucket) external view returns (bool isFixed, uint64 median, uint8 observations);

    /// @return seconds after the end of the day until which readings are accepted
    function observationWindow() external view returns (uint32);

    function digestOf(Observation calldata observation) external view returns (bytes32);
}
