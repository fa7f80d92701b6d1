// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What DisruptionCover asks of the book, at the address of Receivables. The caller moves the cash in the same
/// call. Holds: I-15, I-25.
interface ICreditBook {
    /// @dev One payout of cover under one order.
    struct Claim {
        uint256 order;
        uint256 amount;
        uint32 insured;
    }

    /// @notice DisruptionCover only: the insurer pays `amount` under the order, the lender first. Draws close where
    /// something goes to the lender, or where the insured is the holder.
    /// @return toFunder the lender's part, to be moved to the member `funder`; the rest is the insured's
    function collect(uint256 order, uint256 amount, uint32 insurer, uint32 insured)
        external
        returns (uint256 toFunder, uint32 funder);

    /// @notice The same for a batch of at most 50 payouts of one insurer, in their order.
    /// @return parts for each: the lender's part, and the member to move it to 64 bits further up
    function collectMany(Claim[] calldata claims, uint32 insurer) external returns (uint256[] memory parts);
}
