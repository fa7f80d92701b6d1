// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The name of an order for ever, which is its token's id. Holds: I-05.
library Fingerprint {
    /// @return id keccak256(abi.encode(buyerLei, supplierLei, numberHash, year)); the low 8 bits are zero, they number
    /// shares
    function made(bytes20 buyerLei, bytes20 supplierLei, bytes32 numberHash, uint256 year)
        internal
        pure
        returns (uint256 id)
    {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, buyerLei)
            mstore(add(at, 32), supplierLei)
            mstore(add(at, 64), numberHash)
            mstore(add(at, 96), year)
            id := and(keccak256(at, 128), not(0xFF))
        }
    }
}
