// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Quorum} from "./lib/Quorum.sol";

/// @notice Opens the committees' library to the agreement tests, many cases a call. Never deployed with the suite.
contract QuorumProbe {
    function isSound(uint256[2][] calldata cases) external pure returns (bool[] memory results) {
        results = new bool[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            results[i] = Quorum.isSound(cases[i][0], cases[i][1]);
        }
    }

    function addAscending(uint256[2][] calldata cases) external pure returns (uint256[] memory results) {
        results = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            results[i] = Quorum.addAscending(cases[i][0], cases[i][1]);
        }
    }
}
