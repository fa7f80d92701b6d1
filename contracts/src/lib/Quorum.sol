// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signature} from "./Signature.sol";

/// @notice When signatures of a committee are enough, and the words that say so. Holds: I-17.
///
/// committee  version 16 | threshold 8 | treasury 32
/// seat       status 8 | version 16 | jurisdiction 16 | threshold 8 | treasury 32 | index 8 | member 32, by key
///
/// A seat repeats what its committee says: whoever counts signatures reads one word for each and no other.
library Quorum {
    uint256 internal constant MOST_SEATS = 16;
    uint256 internal constant SIGNATURE_LENGTH = 65;
    // Status to treasury: what seats of one committee have in common.
    uint256 private constant COMMON = type(uint80).max;

    /// @return whether k of n is a committee in which two quorums always share a member (2k > n)
    function isSound(uint256 threshold, uint256 seats) internal pure returns (bool) {
        return seats != 0 && seats <= MOST_SEATS && threshold <= seats && 2 * threshold > seats;
    }

    function packCommittee(uint256 version, uint256 threshold, uint256 treasury) internal pure returns (uint256) {
        return version | threshold << 16 | treasury << 24;
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
            return Signature.recoverAt(digest, place + i * SIGNATURE_LENGTH);
        }
    }
}
