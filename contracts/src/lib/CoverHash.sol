// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Policy, PoolEntry, PoolExit, PoolFunding, PoolTerms} from "./Terms.sol";
import {TypedHash} from "./TypedHash.sol";

/// @notice EIP-712 struct hashes of what members sign about cover.
library CoverHash {
    bytes32 internal constant POLICY = keccak256(
        "Policy(uint32 insurer,uint32 insured,uint256 order,uint16 currency,uint56 sum,uint56 premium,uint16 peril,"
        "bytes32 place,uint32 firstDay,uint32 lastDay,uint8 kind,uint64 attach,uint64 exhaust,uint64[] stepAt,"
        "uint56[] stepPays,uint16 noDataBps,uint32 waitingDays,uint64 nonce,uint32 deadline)"
    );
    bytes32 internal constant FUNDING =
        keccak256("PoolFunding(uint32 insurer,uint16 currency,uint56 amount,uint64 nonce,uint32 deadline)");
    bytes32 internal constant TERMS = keccak256(
        "PoolTerms(uint32 insurer,uint16 currency,uint56 bucketCap,uint16 epochDays,uint64 nonce,uint32 deadline)"
    );
    bytes32 internal constant ENTRY = keccak256(
        "PoolEntry(uint32 investor,uint32 insurer,uint16 currency,uint56 amount,uint88 minShares,uint64 nonce,"
        "uint32 deadline)"
    );
    bytes32 internal constant EXIT = keccak256(
        "PoolExit(uint32 investor,uint32 insurer,uint16 currency,uint88 shares,uint56 minAmount,uint64 nonce,"
        "uint32 deadline)"
    );

    bytes32 private constant NOTHING = keccak256("");

    function hash(Policy calldata terms) internal pure returns (bytes32 result) {
        bytes32 typeHash = POLICY;
        (bytes32 stepAt, bytes32 stepPays) = (NOTHING, NOTHING);
        // A list that starts with a length of 0, or beyond the calldata, is empty.
        if (_lengthAt(terms, 416) != 0) stepAt = keccak256(abi.encodePacked(terms.stepAt));
        if (_lengthAt(terms, 448) != 0) stepPays = keccak256(abi.encodePacked(terms.stepPays));
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, typeHash)
            calldatacopy(add(at, 32), terms, 608)
            // Fields 14 and 15 of the encoding say where the lists start; the hash takes the lists' hashes.
            mstore(add(at, 448), stepAt)
            mstore(add(at, 480), stepPays)
            result := keccak256(at, 640)
        }
    }

    function _lengthAt(Policy calldata terms, uint256 field) private pure returns (uint256 length) {
        assembly ("memory-safe") {
            length := calldataload(add(terms, calldataload(add(terms, field))))
        }
    }

    function hash(PoolFunding calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(FUNDING, place, 5);
    }

    function hash(PoolTerms calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(TERMS, place, 6);
    }

    function hash(PoolEntry calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(ENTRY, place, 7);
    }

    function hash(PoolExit calldata signed) internal pure returns (bytes32) {
        uint256 place;
        assembly {
            place := signed
        }
        return TypedHash.ofWords(EXIT, place, 7);
    }
}
