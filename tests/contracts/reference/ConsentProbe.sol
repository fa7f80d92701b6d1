// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Signature} from "./lib/Signature.sol";

/// @notice Opens OpenZeppelin's check of a signature, and the suite's, to one and the same question; for tests.
contract ConsentProbe {
    function isSigned(address signer, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature);
    }

    function actor(bytes32 digest, bytes calldata signature) external view returns (address) {
        return Signature.actor(digest, signature);
    }
}
