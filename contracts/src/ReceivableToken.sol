// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";

/// @title ERC-721 face of a receivable, whose owner is the holder in the order's own word
/// @dev No approval exists, so none can evade the transfer rule (P30), and minting calls nobody back (P20).
abstract contract ReceivableToken is IERC721 {
    string public constant name = "Hanse receivable";
    string public constant symbol = "HANSE";

    ITrustedNetwork internal immutable _network;
    mapping(uint256 member => uint256) private _held;

    constructor(address network) {
        _network = ITrustedNetwork(network);
    }

    /// @inheritdoc IERC721
    function balanceOf(address owner) external view returns (uint256) {
        if (owner == address(0)) revert ITrustedNetwork.UnknownMember(0);
        uint32 member = _network.keyOf(owner).member;
        // A member's other keys act for it, they own nothing.
        return _network.accountOf(member) == owner ? _held[member] : 0;
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 id) external view returns (address) {
        uint256 holder = _holderOf(id);
        if (holder == 0) revert IReceivables.UnknownOrder(id);
        return _network.accountOf(uint32(holder));
    }

    /// @inheritdoc IERC721
    function transferFrom(address, address, uint256 id) external pure {
        revert IReceivables.NotTransferable(id);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 id) external pure {
        revert IReceivables.NotTransferable(id);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 id, bytes calldata) external pure {
        revert IReceivables.NotTransferable(id);
    }

    /// @inheritdoc IERC721
    function approve(address, uint256 id) external pure {
        revert IReceivables.NotTransferable(id);
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address, bool) external pure {
        revert IReceivables.NotTransferable(0);
    }

    /// @inheritdoc IERC721
    function getApproved(uint256) external pure returns (address) {
        return address(0);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC721).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _holderOf(uint256 id) internal view virtual returns (uint256 member);

    function _mint(uint256 holder, address account, uint256 id) internal {
        unchecked {
            ++_held[holder];
        }
        emit Transfer(address(0), account, id);
    }
}
