// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Policy} from "./Terms.sol";

/// @notice What is kept of a policy, one word: insurer 32 | insured 32 | currency 16 | sum 56 | payout 56 | settled 8.
/// The terms are pinned by its id; those of a known policy were checked at the sale and are read without a check.
library PolicyWords {
    uint256 private constant SETTLED = 1 << 192;
    uint256 private constant POOL = uint256(type(uint16).max) << 64 | type(uint32).max;

    function pack(Policy calldata terms) internal pure returns (uint256) {
        return uint256(terms.insurer) | uint256(terms.insured) << 32 | uint256(terms.currency) << 64
            | uint256(terms.sum) << 80;
    }

    /// @return the word of a policy that paid so much, or expired with nothing
    function settled(uint256 word, uint256 payout) internal pure returns (uint256) {
        return word | payout << 136 | SETTLED;
    }

    function isSettled(uint256 word) internal pure returns (bool) {
        return word & SETTLED != 0;
    }

    /// @return whether it is a policy of that insurer and currency, neither paid nor expired
    function isOpenOf(uint256 word, uint256 insurer, uint256 currency) internal pure returns (bool) {
        return word & (SETTLED | POOL) == (insurer | currency << 64) && word != 0;
    }

    function insurerOf(uint256 word) internal pure returns (uint256) {
        return uint32(word);
    }

    function insuredOf(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 32);
    }

    function currencyOf(uint256 word) internal pure returns (uint256) {
        return uint16(word >> 64);
    }

    function sumOf(uint256 word) internal pure returns (uint256) {
        return uint56(word >> 80);
    }

    function payoutOf(uint256 word) internal pure returns (uint256) {
        return uint56(word >> 136);
    }

    function orderOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 2);
    }

    function perilOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 6);
    }

    function placeOf(Policy calldata known) internal pure returns (bytes32) {
        return bytes32(_field(known, 7));
    }

    function firstDayOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 8);
    }

    function lastDayOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 9);
    }

    function kindOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 10);
    }

    function attachOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 11);
    }

    function exhaustOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 12);
    }

    function noDataBpsOf(Policy calldata known) internal pure returns (uint256) {
        return _field(known, 15);
    }

    function _field(Policy calldata known, uint256 index) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(known, shl(5, index)))
        }
    }
}
