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
        return startFor(currency, 6);
    }

    /// @return place of an empty list with room for `most` legs
    function startFor(uint256 currency, uint256 most) internal pure returns (uint256 place) {
        bytes4 selector = ICashLedger.move.selector;
        assembly ("memory-safe") {
            place := mload(0x40)
            mstore(0x40, add(place, add(128, mul(most, 96))))
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

    /// @dev The same, into one of the last two legs where it goes to the same account: the list stays short, and each
    /// payee of a batch is written and told once. All legs of the list have one payer.
    function addUp(uint256 place, uint256 from, uint256 to, uint256 amount) internal pure {
        if (amount == 0) return;
        uint256 isAdded;
        assembly ("memory-safe") {
            let count := mload(add(place, 68))
            let end := add(add(place, HEAD), mul(count, 96))
            for { let back := 1 } and(lt(back, 3), iszero(gt(back, count))) { back := add(back, 1) } {
                let leg := sub(end, mul(back, 96))
                if eq(mload(add(leg, 32)), to) {
                    mstore(add(leg, 64), add(mload(add(leg, 64)), amount))
                    isAdded := 1
                    break
                }
            }
        }
        if (isAdded == 0) add(place, from, to, amount);
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
