// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a policy pays at an index, by its kind; remainders stay with the pool. Twin: settlement/payout.py.
/// Holds: I-23 (at most the sum, monotone in the index, rounded down).
library Payout {
    uint256 internal constant MOST_STEPS = 8;
    uint256 internal constant WHOLE_BPS = 10_000;

    /// @return payout nothing below attach, the sum at exhaust and above, linear between, rounded down
    function linear(uint256 sum, uint256 index, uint256 attach, uint256 exhaust) internal pure returns (uint256 payout) {
        if (index < attach) return 0;
        if (index >= exhaust) return sum;
        unchecked {
            // Above attach and below exhaust, and 56 + 64 bits fit.
            return sum * (index - attach) / (exhaust - attach);
        }
    }

    /// @return payout the sum at attach and above, nothing below
    function threshold(uint256 sum, uint256 index, uint256 attach) internal pure returns (uint256 payout) {
        return index < attach ? 0 : sum;
    }

    /// @return payout that of the highest step which the index reaches
    function stepped(uint256 index, uint64[] calldata stepAt, uint56[] calldata stepPays)
        internal
        pure
        returns (uint256 payout)
    {
        uint256 count = stepAt.length;
        // At most MOST_STEPS, by the sale.
        for (uint256 i; i < count && index >= stepAt[i]; ++i) {
            payout = stepPays[i];
        }
    }

    /// @return payout share of the sum for a day without data, rounded down
    function withoutData(uint256 sum, uint256 bps) internal pure returns (uint256 payout) {
        return sum * bps / WHOLE_BPS;
    }

    /// @return whether there are 1 to 8 steps, both columns rise, and they start at attach and end at exhaust and the sum
    function isStairs(
        uint256 sum,
        uint256 attach,
        uint256 exhaust,
        uint64[] calldata stepAt,
        uint56[] calldata stepPays
    ) internal pure returns (bool) {
        uint256 count = stepAt.length;
        if (count == 0 || count > MOST_STEPS || count != stepPays.length) return false;
        if (stepAt[0] != attach || stepAt[count - 1] != exhaust || stepPays[0] == 0 || stepPays[count - 1] != sum) return false;
        // At most MOST_STEPS, as was tested.
        for (uint256 i = 1; i < count; ++i) {
            if (stepAt[i] <= stepAt[i - 1] || stepPays[i] <= stepPays[i - 1]) return false;
        }
        return true;
    }
}
