// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the trade contracts ask of CreditLines among themselves. Nobody else may call it; the caller moves
/// the cash in the same call. Holds: I-11, I-12, I-15.
interface ICreditBook {
    /// @notice Receivables only: test eligibility and headroom and take the reserve (R10).
    /// @param terms the order's word (lib/OrderWords.sol), which names line, version and currency
    /// @param lanes the buyer's lane, the supplier's 8 bits further up
    function reserve(uint256 order, uint256 terms, uint256 face, uint256 lanes) external;

    /// @notice Receivables only: `amount` is paid under the order. Interest, then principal; draws close.
    /// With amount 0 the draws close and the headroom is freed (lapse).
    /// @param terms the order's word, passed so that it need not be asked back
    /// @param reserved claim that an undrawn reserve still counts, 0 once it is free
    /// @return toFunder the lender's part, to be moved to the member `funder`; the rest is the holder's
    function settle(uint256 order, uint256 terms, uint256 reserved, uint256 amount)
        external
        returns (uint256 toFunder, uint256 funder);

    /// @notice Receivables only, before it moves the due date: interest up to now counts under the old one.
    function accrue(uint256 order, uint256 terms) external;

    /// @notice DisruptionCover only: the insurer pays `amount` under the order, the lender first. Draws close where
    /// something goes to the lender, or where the insured is the holder.
    /// @return toFunder the lender's part, to be moved to the member `funder`; the rest is the insured's
    function collect(uint256 order, uint256 amount, uint32 insurer, uint32 insured)
        external
        returns (uint256 toFunder, uint32 funder);
}
