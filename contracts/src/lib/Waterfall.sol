// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What is due under an order and who gets what of a payment (R2, R3, R5, R8-R11). Holds: I-07, I-10, I-14,
/// I-15.
library Waterfall {
    uint256 internal constant WHOLE_BPS = 10_000;

    /// @param face the order's face F0 @param open_ the claim E = face - reduced @param released R @param isLapsed
    /// whether the undelivered part is already in `reduced`
    /// @return D of R2, rounded down: the fraction stays with the buyer until everything is released
    function deliveredDown(uint256 face, uint256 open_, uint256 released, bool isLapsed)
        internal
        pure
        returns (uint256)
    {
        // After a lapse E is the delivered part; a release taken back since must not be paid (I-17).
        if (isLapsed) return min(open_, released);
        if (released == face) return open_;
        unchecked {
            // Two amounts below 2^56; an order's face is never 0.
            return open_ * released / face;
        }
    }

    /// @return share of `value` in basis points, rounded down
    function shareDown(uint256 value, uint256 bps) internal pure returns (uint256) {
        unchecked {
            return value * bps / WHOLE_BPS;
        }
    }

    /// @return share of `value` in basis points, rounded up
    function shareUp(uint256 value, uint256 bps) internal pure returns (uint256) {
        unchecked {
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
            toPrincipal = min(payment - toInterest, principal);
        }
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function minusFloor(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return a > b ? a - b : 0;
        }
    }
}
