// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What DisruptionCover asks of the book, at the address of Receivables. The caller moves the cash in the same
/// call. Holds: I-15, I-25.
interface ICreditBook {
    /// @notice DisruptionCover only: the insurer pays `amount` under the order, the lender first. Draws close where
    /// something goes to the lender, or where the insured is the holder.
    /// @return toFunder the lender's part, to be moved to the member `funder`; the rest is the insured's
    function collect(uint256 order, uint256 amount, uint32 insurer, uint32 insured)
        external
        returns (uint256 toFunder, uint32 funder);
}
