// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Interest} from "./lib/Interest.sol";
import {Payout} from "./lib/Payout.sol";
import {PoolShares} from "./lib/PoolShares.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @notice Opens the pure libraries to the agreement tests, many cases a call. Never deployed with the suite.
contract LibraryProbe {
    function accrue(uint256[8][] calldata cases) external pure returns (uint256[] memory results) {
        results = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            uint256[8] calldata c = cases[i];
            results[i] = Interest.accrueAcrossUp(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]);
        }
    }

    function due(uint256[] calldata accrued) external pure returns (uint256[] memory results) {
        results = new uint256[](accrued.length);
        for (uint256 i; i < accrued.length; ++i) {
            results[i] = Interest.dueUp(accrued[i]);
        }
    }

    function afterPayment(uint256[2][] calldata cases) external pure returns (uint256[] memory results) {
        results = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            results[i] = Interest.afterPayment(cases[i][0], cases[i][1]);
        }
    }

    function proRata(uint256[3][] calldata cases) external pure returns (uint256[] memory results) {
        results = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            results[i] = Waterfall.proRataDown(cases[i][0], cases[i][1], cases[i][2]);
        }
    }

    function delivered(uint256[5][] calldata cases) external pure returns (uint256[] memory results) {
        results = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            uint256[5] calldata c = cases[i];
            results[i] = Waterfall.deliveredDown(c[0], c[1], c[2], c[3], c[4] != 0);
        }
    }

    function shares(uint256[2][] calldata cases) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            results[i] = [Waterfall.shareDown(cases[i][0], cases[i][1]), Waterfall.shareUp(cases[i][0], cases[i][1])];
        }
    }

    function split(uint256[3][] calldata cases) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            (results[i][0], results[i][1]) = Waterfall.split(cases[i][0], cases[i][1], cases[i][2]);
        }
    }

    struct Stairs {
        uint256 index;
        uint256 sum;
        uint256 attach;
        uint256 exhaust;
        uint64[] stepAt;
        uint56[] stepPays;
    }

    /// @return results payout of the steps, and 1 where they are sound
    function stairs(Stairs[] calldata cases) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            Stairs calldata c = cases[i];
            bool isSound = Payout.isStairs(c.sum, c.attach, c.exhaust, c.stepAt, c.stepPays);
            // Only sound steps are ever asked for a payout.
            if (isSound) results[i] = [Payout.stepped(c.index, c.stepAt, c.stepPays), 1];
        }
    }

    /// @return results payouts by threshold (sum, index, attach) and without data (sum, share)
    function flat(uint256[4][] calldata cases) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            uint256[4] calldata c = cases[i];
            results[i] = [Payout.threshold(c[0], c[1], c[2]), Payout.withoutData(c[0], c[3])];
        }
    }

    /// @return results shares for an amount, and what shares are worth (amount or shares, capital, total)
    function pool(uint256[3][] calldata cases) external pure returns (uint256[2][] memory results) {
        results = new uint256[2][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            uint256[3] calldata c = cases[i];
            results[i] = [PoolShares.forAmountDown(c[0], c[1], c[2]), PoolShares.worthDown(c[0], c[1], c[2])];
        }
    }

    function payout(uint256[4][] calldata cases) external pure returns (uint256[] memory results) {
        results = new uint256[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            uint256[4] calldata c = cases[i];
            results[i] = Payout.linear(c[0], c[1], c[2], c[3]);
        }
    }
}
