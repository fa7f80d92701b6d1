// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Nonces without an order, one bit each: an act never waits for an unrelated one.
library NonceMap {
    struct Spent {
        mapping(uint32 member => mapping(uint256 word => uint256)) words;
    }

    /// @return whether the nonce was free; it is spent now
    function spend(Spent storage spent, uint32 member, uint64 nonce) internal returns (bool) {
        uint256 word = spent.words[member][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xFF);
        spent.words[member][nonce >> 8] = word | bit;
        return word & bit == 0;
    }

    function isSpent(Spent storage spent, uint32 member, uint64 nonce) internal view returns (bool) {
        return (spent.words[member][nonce >> 8] >> (nonce & 0xFF)) & 1 == 1;
    }
}
