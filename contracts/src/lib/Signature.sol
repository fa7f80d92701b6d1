// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Who signed a digest. One form only: 65 bytes r, s, v with low s and v of 27 or 28.
library Signature {
    // A signature with the other s recovers to the same key: only the lower half of the curve's order counts (O01).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @return key who acts: the signer, or the caller where the signature is empty. Zero for a malformed one; no
    /// zero key exists anywhere in the suite.
    function actor(bytes32 digest, bytes calldata signature) internal view returns (address key) {
        if (signature.length == 0) return msg.sender;
        if (signature.length != 65) return address(0);
        uint256 place;
        assembly ("memory-safe") {
            place := signature.offset
        }
        return recoverAt(digest, place);
    }

    /// @param place where in calldata the 65 bytes start
    function recoverAt(bytes32 digest, uint256 place) internal view returns (address key) {
        assembly ("memory-safe") {
            let input := mload(0x40)
            let v := byte(0, calldataload(add(place, 64)))
            mstore(input, digest)
            mstore(add(input, 32), v)
            calldatacopy(add(input, 64), place, 64)
            if and(or(eq(v, 27), eq(v, 28)), iszero(gt(mload(add(input, 96)), HALF_ORDER))) {
                // The precompile writes nothing when no key fits, and the zero stays.
                mstore(0, 0)
                pop(staticcall(gas(), 1, input, 128, 0, 32))
                key := mload(0)
            }
        }
    }
}
