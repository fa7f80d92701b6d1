// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ShareBook} from "./ShareBook.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ISettlementDesk} from "./interfaces/ISettlementDesk.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Phase} from "./lib/Terms.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Settlement of an order that was split, and of one with an undertaking behind it
/// @dev Every leaf has R2 to R4 for itself; cash, late charge, duty and state are the whole order's. The order's own
/// leaf is handled by OrderSettlement as ever, its shares beside it here.
abstract contract ShareSettlement is ShareBook {
    using Legs for uint256;
    using OrderWords for OrderWords.Order;

    /// @dev One settlement over the leaves: what each share gets, and what is left open in all of them.
    struct Sharing {
        uint256[] sums; // of the shares, as they will be
        uint256[] faces;
        uint256[] lates;
        uint256 paid; // to shares, face and late charge
        uint256 late; // of all leaves
        uint256 open;
    }

    /// @dev As the plain settlement, after the undertaking has put in what the buyer lacks.
    function _pay(OrderWords.Order memory order, uint256 late, uint256 dutyWord) internal override {
        if (order.has(OrderWords.EXTENDED)) _callUndertaking(order);
        if (!order.has(OrderWords.SPLIT)) return super._pay(order, late, dutyWord);

        Payment memory payment;
        payment.dutyWord = dutyWord;
        _compute(payment, order, late);
        Sharing memory sharing = _share(order, payment);
        // From here on the payment is the order's own.
        uint256 own = payment.face + payment.late;
        if (own != 0) _divide(order, payment, own);
        bool isPaying = own | sharing.paid | payment.duty != 0;
        if (isPaying && order.settlements < LAST_COUNT) ++order.settlements;
        if (late != 0) late = _claimOf(order) == 0 ? 0 : Interest.afterPayment(late, sharing.late);
        bool isLate = late | payment.faceUnpaid != 0;
        if (order.has(OrderWords.HOLD) && order.has(OrderWords.LATE)) isLate = isLate || _openOf(order) != 0;
        if (isLate || order.has(OrderWords.LATE)) _keepLate(order, late, isLate);
        bool isWhole = !isLate && order.claim() == order.paid && sharing.open == 0;
        if (isWhole) order.phase = uint256(Phase.Closed);
        _store(order);
        if (dutyWord != 0 || payment.duty != 0) _words[order.id].duty = payment.dutyWord;

        if (isPaying) _tellSettled(order, payment);
        _keepShares(order, sharing);
        if (isLate) emit IReceivables.Unpaid(order.id, payment.faceUnpaid, late);
        if (payment.dutyUnpaid != 0) emit IReceivables.DutyUnpaid(order.id, payment.dutyUnpaid);
        if (isWhole) emit IReceivables.Closed(order.id);
        if (isPaying || isWhole) _moveShares(order, payment, sharing, isWhole);
    }

    /// @dev R5 over the leaves: each gets its part rounded down, what rounding leaves stays with the buyer. The late
    /// charge follows the claims; its remainder is the order's own.
    function _share(OrderWords.Order memory order, Payment memory payment)
        private
        view
        returns (Sharing memory sharing)
    {
        uint256[] memory sums = _sharesOf(order);
        sharing.sums = sums;
        sharing.faces = new uint256[](sums.length);
        sharing.lates = new uint256[](sums.length);
        sharing.late = payment.late;
        uint256 ownDue = payment.face == 0 ? 0 : _leafDue(order);
        uint256 due = ownDue;
        // at most eight shares
        for (uint256 i; payment.face != 0 && i < sums.length; ++i) {
            sharing.faces[i] = _shareDue(order, sums[i]);
            due += sharing.faces[i];
        }
        uint256 claims = payment.late == 0 ? 0 : _claimOf(order);
        uint256 faces;
        uint256 lates;
        // at most eight shares
        for (uint256 i; i < sums.length; ++i) {
            uint256 word = sums[i];
            uint256 face = Waterfall.proRataDown(payment.face, sharing.faces[i], due);
            uint256 late = Waterfall.proRataDown(payment.late, OrderWords.claimOf(word), claims);
            (sharing.faces[i], sharing.lates[i]) = (face, late);
            faces += face;
            lates += late;
            if (face | late != 0) sums[i] = OrderWords.withPayment(word, face);
            sharing.open += OrderWords.openOf(sums[i]);
        }
        uint256 own = Waterfall.proRataDown(payment.face, ownDue, due);
        // Where all is paid rounding leaves nothing, and a frozen buyer leaves nothing that counts as unpaid.
        if (payment.faceUnpaid != 0) payment.faceUnpaid += payment.face - own - faces;
        payment.face = own;
        payment.late -= lates;
        sharing.paid = faces + lates;
    }

    function _keepShares(OrderWords.Order memory order, Sharing memory sharing) private {
        // at most eight shares
        for (uint256 i; i < sharing.sums.length; ++i) {
            (uint256 face, uint256 late) = (sharing.faces[i], sharing.lates[i]);
            if (face | late == 0) continue;
            uint256 id = order.id | (i + 1);
            uint256 word = sharing.sums[i];
            _words[id].sums = word;
            emit ISettlementDesk.ShareSettled(id, uint32(word >> 240), face, late, i >= ShareWords.AT_ONCE);
        }
    }

    /// @dev The hold pays first; what it has left at the close goes back to the buyer.
    function _moveShares(
        OrderWords.Order memory order,
        Payment memory payment,
        Sharing memory sharing,
        bool isWhole
    ) private {
        (uint256 id, uint256 buyer) = (order.id, OrderWords.buyerOf(order.terms));
        (uint256[] memory payees, uint256[] memory amounts) = _payeesOf(order, payment, sharing);
        uint256 left = payment.held;
        // One payee may be paid out of both; then there is the buyer, and customs.
        uint256 legs = Legs.startFor(OrderWords.currencyOf(order.terms), payees.length + 3);
        // at most eight shares, the lender and the holder
        for (uint256 i; left != 0 && i < payees.length; ++i) {
            uint256 part = Waterfall.min(left, amounts[i]);
            legs.add(id, payees[i], part);
            (left, amounts[i]) = (left - part, amounts[i] - part);
        }
        if (isWhole) legs.add(id, buyer, left);
        // at most eight shares, the lender and the holder
        for (uint256 i; i < payees.length; ++i) {
            legs.add(buyer, payees[i], amounts[i]);
        }
        legs.add(buyer, payment.dutyWord >> 168, payment.duty);
        legs.send(_ledger);
    }

    /// @return payees the lender, the holder, and of each share its holder, or its own account where it is set aside
    function _payeesOf(OrderWords.Order memory order, Payment memory payment, Sharing memory sharing)
        private
        view
        returns (uint256[] memory payees, uint256[] memory amounts)
    {
        uint256 count = sharing.sums.length;
        payees = new uint256[](count + 2);
        amounts = new uint256[](count + 2);
        (payees[0], amounts[0]) = (payment.funder, payment.toFunder);
        payees[1] = OrderWords.holderOf(order.terms);
        amounts[1] = payment.face + payment.late - payment.toFunder;
        // at most eight shares
        for (uint256 i; i < count; ++i) {
            uint256 amount = sharing.faces[i] + sharing.lates[i];
            if (amount == 0) continue;
            uint256 id = order.id | (i + 1);
            payees[i + 2] = i < ShareWords.AT_ONCE ? OrderWords.holderOf(_words[id].terms) : id;
            amounts[i + 2] = amount;
        }
    }

    /// @dev R4 for each leaf of what customs refuse: what is neither delivered nor paid.
    function _reduceUndelivered(OrderWords.Order memory order, uint256 cut) internal override {
        _reduceLeaves(order, cut, false);
    }

    /// @param isLost whether the goods never came: then all that is open is cut, cleared on its way or not
    function _reduceLeaves(OrderWords.Order memory order, uint256 cut, bool isLost) internal {
        uint256[] memory sums = _sharesOf(order);
        // at most eight shares
        for (uint256 i; i < sums.length; ++i) {
            uint256 ofShare = _shareUndelivered(order, sums[i], isLost);
            if (ofShare == 0) continue;
            uint256 id = order.id | (i + 1);
            // Reduced stays within the face (R1).
            _words[id].sums = sums[i] + (ofShare << 56);
            emit ISettlementDesk.ShareReduced(id, ofShare);
        }
        super._reduceUndelivered(order, cut);
    }

    /// @return cut what a lapse would cut of the shares
    function _undeliveredInShares(OrderWords.Order memory order, bool isLost) internal view returns (uint256 cut) {
        uint256[] memory sums = _sharesOf(order);
        // at most eight shares
        for (uint256 i; i < sums.length; ++i) {
            cut += _shareUndelivered(order, sums[i], isLost);
        }
    }

    /// @return what the undertaking would pay now: the last cash to be taken, for the face only (R5)
    function _callable(OrderWords.Order memory order) internal view returns (uint256) {
        (uint256 left,, uint256 expiry,) = ShareWords.unpackUndertaking(_words[order.id].undertaking);
        if (left == 0 || block.timestamp >= expiry) return 0;
        (uint256 held, uint256 free,) = _cashFor(order);
        return Waterfall.min(left, Waterfall.minusFloor(_payable(order), held + free));
    }

    /// @dev What the undertaking pays goes through the order's hold and is gone from there in the same call.
    function _callUndertaking(OrderWords.Order memory order) internal {
        uint256 called = _callable(order);
        if (called == 0) return;
        uint256 word = _words[order.id].undertaking;
        (uint256 left, uint256 claim, uint256 expiry, uint256 guarantor) = ShareWords.unpackUndertaking(word);
        // Called for an open face only, which keeps the claim within its field (R13).
        claim += called;
        _words[order.id].undertaking = ShareWords.packUndertaking(left - called, claim, expiry, guarantor);
        emit ISettlementDesk.UndertakingCalled(order.id, called, claim);
        _moveOne(OrderWords.currencyOf(order.terms), ShareWords.accountOf(order.id), order.id, called);
    }

    function _shareUndelivered(OrderWords.Order memory order, uint256 sums, bool isLost)
        private
        pure
        returns (uint256)
    {
        if (isLost) return OrderWords.openOf(sums);
        (uint256 delivered, uint256 paid) = (_shareDelivered(order, sums), OrderWords.paidOf(sums));
        return OrderWords.claimOf(sums) - (delivered > paid ? delivered : paid);
    }
}
