// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What is due under an order and who gets what of a payment (R2, R3, R5, R8-R11). Holds: I-07, I-10, I-14,
/// I-15.
library Waterfall {
    uint256 internal constant WHOLE_BPS = 10_000;

    /// @param whole the order's face F0, before any split @param face of this leaf, the same where there is one
    /// @param open_ its claim E = face - reduced @param released R @param isLapsed whether the undelivered part is
    /// already in `reduced`
    /// @return D of R2, rounded down: the fraction stays with the buyer until everything is released
    function deliveredDown(uint256 whole, uint256 face, uint256 open_, uint256 released, bool isLapsed)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            // Amounts below 2^56; an order's face is never 0.
            // After a lapse E is the delivered part; a release taken back since must not be paid (I-17).
            if (isLapsed) return min(open_, face == whole ? released : face * released / whole);
            if (released == whole) return open_;
            return open_ * released / whole;
        }
    }

    /// @return part of `amount` by `weight` among `weights`, rounded down; 0 where nothing weighs (R5)
    function proRataDown(uint256 amount, uint256 weight, uint256 weights) internal pure returns (uint256) {
        unchecked {
            // Amounts below 2^56.
            return weights == 0 ? 0 : amount * weight / weights;
        }
    }

    /// @return share of `value` in basis points, rounded down
    function shareDown(uint256 value, uint256 bps) internal pure returns (uint256) {
        unchecked {
            // An amount below 2^56 and a rate of 16 bits.
            return value * bps / WHOLE_BPS;
        }
    }

    /// @return share of `value` in basis points, rounded up
    function shareUp(uint256 value, uint256 bps) internal pure returns (uint256) {
        unchecked {
            // The same.
            return (value * bps + WHOLE_BPS - 1) / WHOLE_BPS;
        }
    }

    /// @return toInterest and toPrincipal of a payment; the rest is the holder's (R8)
    function split(uint256 payment, uint256 interest, uint256 principal)
        internal
        pure
        returns (uint256 toInterest, uint256 toPrincipal)
    {
        toInterest = min(payment, interest);
        unchecked {
            // The interest is at most the payment.
            toPrincipal = min(payment - toInterest, principal);
        }
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function minusFloor(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            // Taken where it is positive.
            return a > b ? a - b : 0;
        }
    }
}
