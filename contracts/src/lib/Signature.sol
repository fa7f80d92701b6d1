// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Who acts by a signature. Three forms, told apart by their length:
///
/// empty      the caller itself
/// 65 bytes   r, s, v with low s and v of 27 or 28: recovered, never asked for, whatever code the key's account has
///            (an EIP-7702 account signs like any other)
/// else       the address of an account with code (20 bytes), then the signature that its ERC-1271 answers for
library Signature {
    // A signature with the other s recovers to the same key: only the lower half of the curve's order counts (O01).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    // isValidSignature(bytes32,bytes), which is also what it answers when it agrees (ERC-1271).
    uint256 private constant MAGIC = 0x1626ba7e << 224;
    // An account must not spend the relayer's gas at will.
    uint256 private constant ACCOUNT_GAS = 50_000;
    uint256 private constant PREFIX = 20;

    /// @return key who acts. Zero for a signature that proves nothing; no zero key exists anywhere in the suite. What
    /// an account says of itself makes it no member: the network must know it as a key like any other (P06).
    function actor(bytes32 digest, bytes calldata signature) internal view returns (address key) {
        if (signature.length == 0) return msg.sender;
        uint256 place;
        assembly ("memory-safe") {
            place := signature.offset
        }
        if (signature.length == 65) return recoverAt(digest, place);
        return _askAccount(digest, place, signature.length);
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

    /// @dev One word of the answer is read, however long it is, and it must be the magic value and nothing else.
    function _askAccount(bytes32 digest, uint256 place, uint256 length) private view returns (address key) {
        if (length < PREFIX) return address(0);
        assembly ("memory-safe") {
            let account := shr(96, calldataload(place))
            let size := sub(length, PREFIX)
            let input := mload(0x40)
            mstore(input, MAGIC)
            mstore(add(input, 4), digest)
            mstore(add(input, 36), 64)
            mstore(add(input, 68), size)
            // The padding of the last word must be zero, whatever lay in this memory.
            mstore(add(input, add(100, size)), 0)
            calldatacopy(add(input, 100), add(place, PREFIX), size)
            let whole := add(100, and(add(size, 31), not(31)))
            let isDone := staticcall(ACCOUNT_GAS, account, input, whole, 0, 32)
            if and(isDone, gt(returndatasize(), 31)) {
                if eq(mload(0), MAGIC) { key := account }
            }
        }
    }
}
