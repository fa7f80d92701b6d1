// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ShareBook} from "./ShareBook.sol";
import {IOrderChanges} from "./interfaces/IOrderChanges.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {IShareDesk} from "./interfaces/IShareDesk.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Signature} from "./lib/Signature.sol";
import {FUNDER, SIGN_ORDER} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title What all changes of a claim have in common: who must sign, what the reserve and the hold do
abstract contract ClaimChanges is ShareBook {
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using OrderWords for OrderWords.Order;

    /// @dev An open order in one leaf: what changes a claim would have to say of which leaf.
    function _loadWhole(OrderWords.Order memory order, uint256 id) internal view {
        _loadOpen(order, id);
        if (order.has(OrderWords.SPLIT)) revert IShareDesk.OrderIsSplit(id);
    }

    /// @dev The digest of what is signed, while it may be used.
    function _digestUntil(bytes32 structHash, uint32 deadline) internal view returns (bytes32) {
        if (block.timestamp > deadline) revert IReceivables.SignatureExpired(deadline);
        return _digest(structHash);
    }

    /// @dev A key of this member that may sign orders, and for `amount` of its cash; its standing and role now (I-28).
    /// No new business is opened, so a halt of the network is not asked for.
    function _requireConsent(
        uint256 member,
        uint16 role,
        bytes32 digest,
        bytes calldata signature,
        uint256 amount
    ) internal view {
        address key = Signature.actor(digest, signature);
        if (_network.signerFor(key, SIGN_ORDER, amount) != member) revert IReceivables.NotSignedBy(uint32(member));
        _network.requireStanding(uint32(member), role);
    }

    function _requireFunder(OrderWords.Order memory order, bytes32 digest, bytes calldata signature) internal view {
        _requireConsent(_funderOf(order), FUNDER, digest, signature, 0);
    }

    /// @dev Who signs for others' goods or quarrels must have no part in the order (P05).
    function _requireOutsider(OrderWords.Order memory order, uint256 member) internal view {
        bool isParty = member == OrderWords.buyerOf(order.terms) || member == OrderWords.holderOf(order.terms)
            || member == _supplierOf(order) || member == _funderOf(order);
        if (isParty) revert IOrderChanges.PartyOfOrder(uint32(member));
    }

    function _requireUndisputed(OrderWords.Order memory order) internal pure {
        if (order.disputed() != 0) revert IOrderChanges.UnderDispute(order.id);
    }

    /// @dev The claim falls by `amount`, at most what is open, and the line's use with it.
    function _reduce(OrderWords.Order memory order, uint256 amount) internal {
        uint256 former = order.claim();
        order.reduced += amount;
        // An order with nothing left to claim takes no more draws: its use of the line is its principal.
        if (order.claim() == order.paid) _closeDraws(order, former);
        else _resizeReserve(order.id, order.terms, former, order.claim());
    }

    /// @dev Cash in the hold beyond what is open goes back to the buyer, and at least `least` of it.
    function _refund(OrderWords.Order memory order, uint256 least) internal {
        if (!order.has(OrderWords.FUNDED | OrderWords.EXTENDED)) return;
        uint256 currency = OrderWords.currencyOf(order.terms);
        uint256 held = _ledger.balanceOf(uint16(currency), order.id);
        uint256 excess = Waterfall.minusFloor(held, order.claim() - order.paid);
        _moveOne(currency, order.id, OrderWords.buyerOf(order.terms), excess > least ? excess : least);
    }

    function _keepExtension(OrderWords.Order memory order, OrderWords.Extension memory extension) internal {
        order.extension = OrderWords.packExtension(extension);
        order.set(OrderWords.EXTENDED);
        _words[order.id].extension = order.extension;
    }

    /// @return who sold the goods, whoever holds the receivable now
    function _supplierOf(OrderWords.Order memory order) internal view returns (uint256) {
        uint256 supplier = ShareWords.supplierOf(_words[order.id].split);
        return supplier == 0 ? OrderWords.holderOf(order.terms) : supplier;
    }

    /// @return the lender whose line the order names, 0 for none
    function _funderOf(OrderWords.Order memory order) internal view returns (uint256) {
        uint256 line = OrderWords.lineOf(order.terms);
        return line == 0 ? 0 : _termsOf(order.id, order.terms).funderOf();
    }

    /// @return principal of the order's loan, and whether its line still keeps headroom for draws
    function _lentOf(OrderWords.Order memory order) internal view returns (uint256 principal, bool isReserved) {
        LoanWord.Loan memory loan;
        loan.load(_words[order.id].loan);
        isReserved = OrderWords.lineOf(order.terms) != 0 && loan.isClosed == 0 && !order.has(OrderWords.DRAWS_CLOSED);
        return (loan.principal, isReserved);
    }
}
