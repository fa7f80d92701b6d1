// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signature} from "./Signature.sol";

/// @notice When signatures of a committee are enough, and the words that say so. Holds: I-17.
///
/// committee  version 16 | threshold 8 | treasury 32 | size 8 | active 8 | given out 8 | called 8 | grace until 32
/// seat       status 8 | version 16 | jurisdiction 16 | threshold 8 | treasury 32 | index 8 | member 32
///            | former version 16 | former threshold 8 | former index 8, by key
///
/// A seat repeats what its committee says: whoever counts signatures reads one word for each and no other. What the key
/// was in the version before stands beside it, for the grace. `size` is n as seated, `given out` counts indices with
/// those of reserves, `called` the reserves that were asked.
library Quorum {
    uint256 internal constant MOST_SEATS = 16;
    uint256 internal constant SIGNATURE_LENGTH = 65;
    // Status to treasury: what seats of one committee have in common.
    uint256 private constant COMMON = type(uint80).max;

    /// @return whether k of n is a committee in which two quorums always share a member (2k > n)
    function isSound(uint256 threshold, uint256 seats) internal pure returns (bool) {
        return seats != 0 && seats <= MOST_SEATS && threshold <= seats && 2 * threshold > seats;
    }

    function packCommittee(uint256 version, uint256 threshold, uint256 treasury, uint256 size, uint256 graceUntil)
        internal
        pure
        returns (uint256)
    {
        return version | threshold << 16 | treasury << 24 | size << 56 | size << 64 | size << 72 | graceUntil << 88;
    }

    function versionOf(uint256 committee) internal pure returns (uint256) {
        return uint16(committee);
    }

    function thresholdOf(uint256 committee) internal pure returns (uint256) {
        return uint8(committee >> 16);
    }

    function treasuryOf(uint256 committee) internal pure returns (uint256) {
        return uint32(committee >> 24);
    }

    function activeOf(uint256 committee) internal pure returns (uint256) {
        return uint8(committee >> 64);
    }

    function givenOutOf(uint256 committee) internal pure returns (uint256) {
        return uint8(committee >> 72);
    }

    function calledOf(uint256 committee) internal pure returns (uint256) {
        return uint8(committee >> 80);
    }

    /// @return last second in which the version before still counts; 0 where there is none
    function graceUntilOf(uint256 committee) internal pure returns (uint256) {
        return uint32(committee >> 88);
    }

    /// @return seats that may set a hold: a third, rounded up
    function minorityOf(uint256 committee) internal pure returns (uint256) {
        return (uint256(uint8(committee >> 56)) + 2) / 3;
    }

    /// @dev One seat less that counts; there is one, it was just suspended.
    function withOneLess(uint256 committee) internal pure returns (uint256) {
        return committee - (1 << 64);
    }

    /// @dev One reserve was asked; it sits now, or it could not.
    function withCalled(uint256 committee, bool isSeated) internal pure returns (uint256) {
        return committee + (1 << 80) + (isSeated ? (1 << 64) + (1 << 72) : 0);
    }

    /// @dev No reserve was asked yet.
    function withNoneCalled(uint256 committee) internal pure returns (uint256) {
        return committee & ~(uint256(0xFF) << 80);
    }

    function packSeat(uint256 status, uint256 jurisdiction, uint256 committee, uint256 index, uint256 member)
        internal
        pure
        returns (uint256)
    {
        return status | versionOf(committee) << 8 | jurisdiction << 24 | thresholdOf(committee) << 40
            | treasuryOf(committee) << 48 | index << 80 | member << 88;
    }

    function statusOf(uint256 seat) internal pure returns (uint256) {
        return uint8(seat);
    }

    function withStatus(uint256 seat, uint256 status) internal pure returns (uint256) {
        return (seat & ~uint256(0xFF)) | status;
    }

    function jurisdictionOf(uint256 seat) internal pure returns (uint256) {
        return uint16(seat >> 24);
    }

    function thresholdOfSeat(uint256 seat) internal pure returns (uint256) {
        return uint8(seat >> 40);
    }

    function treasuryOfSeat(uint256 seat) internal pure returns (uint256) {
        return uint32(seat >> 48);
    }

    function indexOf(uint256 seat) internal pure returns (uint256) {
        return uint8(seat >> 80);
    }

    function memberOf(uint256 seat) internal pure returns (uint256) {
        return uint32(seat >> 88);
    }

    /// @return the word of a seat that ended with its version; what it was stays beside it for the grace
    function ended(uint256 seat, uint256 status, bool isCounting) internal pure returns (uint256) {
        uint256 past = isCounting ? versionOf(seat >> 8) | thresholdOfSeat(seat) << 16 | indexOf(seat) << 24 : 0;
        return uint120(withStatus(seat, status)) | past << 120;
    }

    /// @return the seat with what its key was in the version before
    function withFormer(uint256 seat, uint256 before) internal pure returns (uint256) {
        return seat | (before >> 120) << 120;
    }

    function formerVersionOf(uint256 seat) internal pure returns (uint256) {
        return uint16(seat >> 120);
    }

    function formerThresholdOf(uint256 seat) internal pure returns (uint256) {
        return uint8(seat >> 136);
    }

    function formerIndexOf(uint256 seat) internal pure returns (uint256) {
        return uint8(seat >> 144);
    }

    /// @return whether two seats have the same status in the same version of the same committee
    function isBeside(uint256 seat, uint256 other) internal pure returns (bool) {
        return (seat ^ other) & COMMON == 0;
    }

    /// @return the bitmap with seat `index` added; zero unless `index` is above every seat already in it, so that no
    /// seat counts twice (P38, O03)
    function addAscending(uint256 bitmap, uint256 index) internal pure returns (uint256) {
        uint256 bit = 1 << index;
        return bit > bitmap ? bitmap | bit : 0;
    }

    /// @return key that made signature number `i` of the row that starts at `place` in calldata
    function signerAt(bytes32 digest, uint256 place, uint256 i) internal view returns (address key) {
        unchecked {
            // A place in calldata, and a few signatures of 65 bytes.
            return Signature.recoverAt(digest, place + i * SIGNATURE_LENGTH);
        }
    }
}
