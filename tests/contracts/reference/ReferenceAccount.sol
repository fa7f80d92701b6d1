// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice An account by ERC-1271 that agrees to what OpenZeppelin's check says its owner signed; for tests.
contract ReferenceAccount is IERC1271 {
    address private immutable _owner;

    constructor(address owner) {
        _owner = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        bool isOwners = SignatureChecker.isValidSignatureNowCalldata(_owner, digest, signature);
        return isOwners ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
