// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Assignment, Split} from "../lib/ShareTerms.sol";

/// @notice Who holds a receivable, and shares of it. A module of Receivables, called at its address. A share's id is its
/// order's with the share's number in the low byte. Holds: I-07, I-08.
interface IShareDesk {
    /// @notice A share as stored, with what the whole order says of it. Views only.
    struct Share {
        uint256 order;
        uint8 number;
        uint32 holder;
        uint56 face;
        uint56 reduced;
        uint56 paid;
        uint56 aside; // paid by the buyer, not yet fetched for the holder
        uint16 settlements;
        bool isClosed; // with its order
    }

    /// @notice The receivable, or a share, has another holder. Draws of an order close, its reserve was released.
    event Assigned(uint256 indexed order, uint32 indexed formerHolder, uint32 indexed holder, uint256 claim);
    /// @notice A share was cut out of the order, whose own face shrank by it.
    event ShareIssued(uint256 indexed order, uint256 indexed share, uint32 indexed holder, uint256 face);

    error AlreadyReleased(uint256 order);
    error PrincipalOutstanding(uint256 order, uint256 principal);
    error OrderIsSplit(uint256 order);
    error ClaimDiffers(uint256 signed, uint256 present);
    error NotHolder(address from);
    error ReceiverRefused(address to);
    error IsShare(uint256 share);
    error OrderLapsed(uint256 order);
    error SharesOutOfRange(uint256 count, uint256 most);
    error ShareOutOfOrder(uint8 first, uint8 next);
    error SharesExceedClaim(uint256 faces, uint256 claim);

    /// @notice Hand a receivable, or a share, to another member in good standing. Its holder (empty signature: the
    /// caller is the holder's key), while nothing was released and no principal is out. A reserve is released in the
    /// same call. Holds: I-08.
    function assign(Assignment calldata assignment, bytes calldata signature) external;

    /// @notice Cut shares out of a receivable, at most eight, before the first draw and before anything was released.
    /// The order keeps the rest, its reserve shrinks with it. Shares carry no line and are not split again.
    function split(Split calldata request, bytes calldata signature) external;

    /// @notice ERC-721: the same as `assign`, by the holder's own key, to a member's account address.
    function transferFrom(address from, address to, uint256 id) external;

    /// @notice The same, and a receiver with code must take it.
    function safeTransferFrom(address from, address to, uint256 id) external;

    function safeTransferFrom(address from, address to, uint256 id, bytes calldata payload) external;

    /// @notice ERC-721 metadata: JSON with face, phase and due date, all on chain.
    function tokenURI(uint256 id) external view returns (string memory);

    function sharesOf(uint256 order) external view returns (Share[] memory);
}
