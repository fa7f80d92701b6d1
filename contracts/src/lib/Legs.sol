// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashLedger} from "../interfaces/ICashLedger.sol";

/// @notice Moves of one settlement, gathered where the ledger's calldata will lie: a list of structs in memory would
/// be built, and then copied word by word.
library Legs {
    // Selector, currency, offset and length of the list.
    uint256 private constant HEAD = 100;

    /// @return place of an empty list for `currency`, with room for six legs: two payees and the buyer out of the hold,
    /// three payees out of free cash
    function start(uint256 currency) internal pure returns (uint256 place) {
        bytes4 selector = ICashLedger.move.selector;
        assembly ("memory-safe") {
            place := mload(0x40)
            mstore(0x40, add(place, 704))
            mstore(place, selector)
            mstore(add(place, 4), currency)
            mstore(add(place, 36), 64)
            mstore(add(place, 68), 0)
        }
    }

    /// @dev Nothing is moved for an amount of 0.
    function add(uint256 place, uint256 from, uint256 to, uint256 amount) internal pure {
        if (amount == 0) return;
        assembly ("memory-safe") {
            let count := mload(add(place, 68))
            let leg := add(add(place, HEAD), mul(count, 96))
            mstore(leg, from)
            mstore(add(leg, 32), to)
            mstore(add(leg, 64), amount)
            mstore(add(place, 68), add(count, 1))
        }
    }

    /// @dev Ask the ledger to make the moves; its revert becomes ours.
    function send(uint256 place, ICashLedger ledger) internal {
        assembly ("memory-safe") {
            let count := mload(add(place, 68))
            if count {
                if iszero(call(gas(), ledger, 0, place, add(HEAD, mul(count, 96)), 0, 0)) {
                    let answer := mload(0x40)
                    returndatacopy(answer, 0, returndatasize())
                    revert(answer, returndatasize())
                }
            }
        }
    }
}
