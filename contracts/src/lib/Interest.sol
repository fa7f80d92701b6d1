// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Simple interest by actual days, counted in millionths of a minor unit (R6, R7). Holds: I-13.
library Interest {
    /// @dev Millionths in a minor unit. Cutting time into a thousand steps adds less than one minor unit.
    uint256 internal constant MILLION = 1e6;
    /// @dev A year of the buyer's late charge.
    uint256 internal constant LATE_BASIS = 365;
    uint256 private constant MOST = type(uint88).max;

    /// @return the new sum: accrued + ceil(principal x bps x dt x 10^6 / (10^4 x basis x 86,400)), never above its word
    function accrueUp(uint256 accrued, uint256 principal, uint256 bps, uint256 elapsed, uint256 basis)
        internal
        pure
        returns (uint256)
    {
        // 2^56 principal, 2^17 bps, 2^32 seconds and the 100 that is left of 10^6 / 10^4 stay below 2^112.
        unchecked {
            uint256 year = basis * 1 days;
            uint256 sum = accrued + (principal * bps * elapsed * 100 + year - 1) / year;
            // A loan silent for centuries must still be payable: the sum stops at its word (P12).
            return sum > MOST ? MOST : sum;
        }
    }

    /// @notice The same over a span that may cross maturity; the late margin counts from there on.
    function accrueAcrossUp(
        uint256 accrued,
        uint256 principal,
        uint256 bps,
        uint256 lateBps,
        uint256 since,
        uint256 until,
        uint256 maturity,
        uint256 basis
    ) internal pure returns (uint256) {
        unchecked {
            // Time runs forward, and the turn lies between both ends.
            if (maturity >= until) return accrueUp(accrued, principal, bps, until - since, basis);
            uint256 turn = maturity < since ? since : maturity;
            accrued = accrueUp(accrued, principal, bps, turn - since, basis);
            return accrueUp(accrued, principal, bps + lateBps, until - turn, basis);
        }
    }

    /// @return whole minor units due for what is accrued
    function dueUp(uint256 accrued) internal pure returns (uint256) {
        unchecked {
            // A word of 88 bits.
            return (accrued + MILLION - 1) / MILLION;
        }
    }

    /// @return what is left accrued once `paid` minor units, at most what is due, were paid
    function afterPayment(uint256 accrued, uint256 paid) internal pure returns (uint256) {
        unchecked {
            // An amount below 2^56 in millionths; the difference is taken where it is positive.
            uint256 settled = paid * MILLION;
            return accrued > settled ? accrued - settled : 0;
        }
    }
}
