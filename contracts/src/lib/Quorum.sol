// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice When signatures of a committee are enough. Holds: I-17.
library Quorum {
    uint256 internal constant MOST_SEATS = 16;

    /// @return whether k of n is a committee in which two quorums always share a member (2k > n)
    function isSound(uint256 threshold, uint256 seats) internal pure returns (bool) {
        return seats != 0 && seats <= MOST_SEATS && threshold <= seats && 2 * threshold > seats;
    }

    /// @return the bitmap with seat `index` added; zero unless `index` is above every seat already in it, so that no
    /// seat counts twice (P38, O03)
    function addAscending(uint256 bitmap, uint256 index) internal pure returns (uint256) {
        uint256 bit = 1 << index;
        return bit > bitmap ? bitmap | bit : 0;
    }
}
