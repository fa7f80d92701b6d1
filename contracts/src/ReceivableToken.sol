// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {OrderBook} from "./OrderBook.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {OrderWords} from "./lib/OrderWords.sol";

/// @title ERC-721 face of a receivable, whose owner is the holder in the order's own word
/// @dev No approval exists, so none can evade the transfer rule (P30), and minting calls nobody back (P20). Transfers
/// and the token's URI are ShareDesk's.
abstract contract ReceivableToken is OrderBook {
    string public constant name = "Hanse receivable";
    string public constant symbol = "HANSE";

    function balanceOf(address owner) external view returns (uint256) {
        if (owner == address(0)) revert ITrustedNetwork.UnknownMember(0);
        uint32 member = _network.keyOf(owner).member;
        // A member's other keys act for it, they own nothing.
        return _network.accountOf(member) == owner ? _held[member] : 0;
    }

    function ownerOf(uint256 id) external view returns (address) {
        return _network.accountOf(uint32(_holderOf(id)));
    }

    function approve(address, uint256 id) external pure {
        revert IReceivables.NotTransferable(id);
    }

    function setApprovalForAll(address, bool) external pure {
        revert IReceivables.NotTransferable(0);
    }

    function getApproved(uint256 id) external view returns (address) {
        _holderOf(id);
        return address(0);
    }

    function isApprovedForAll(address, address) external pure returns (bool) {
        return false;
    }

    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC721).interfaceId || interfaceId == type(IERC721Metadata).interfaceId
            || interfaceId == type(IERC165).interfaceId;
    }

    function _mint(uint256 holder, address account, uint256 id) internal {
        unchecked {
            // One for each order that was ever accepted.
            ++_held[holder];
        }
        emit IERC721.Transfer(address(0), account, id);
    }

    function _holderOf(uint256 id) private view returns (uint256 holder) {
        holder = OrderWords.holderOf(_words[id].terms);
        if (holder == 0) revert IReceivables.UnknownOrder(id);
    }
}
