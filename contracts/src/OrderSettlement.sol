// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Attestation, FundBy, Phase, SettleOn} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title How an order takes over an attested state and pays what became payable
/// @dev No path here reverts for a reason that a party controls: cash moves inside the ledger, payees are accounts.
abstract contract OrderSettlement is IReceivables {
    using Legs for uint256;
    using OrderWords for OrderWords.Order;

    uint256 internal constant LAST_COUNT = type(uint16).max;

    struct Words {
        uint256 sums;
        uint256 terms;
        uint256 duty;
        uint256 late;
    }

    /// @dev One settlement, whole before anything is written: what is paid, and what stays unpaid.
    struct Payment {
        uint256 face;
        uint256 late;
        uint256 duty;
        uint256 faceUnpaid;
        uint256 lateUnpaid;
        uint256 dutyUnpaid;
        uint256 held; // in the order's hold
        uint256 dutyWord;
        uint256 toFunder;
        uint256 funder;
    }

    ICashLedger internal immutable _ledger;
    ICreditBook internal immutable _credit;
    mapping(uint256 order => Words) internal _words;

    constructor(address ledger, address creditLines) {
        _ledger = ICashLedger(ledger);
        _credit = ICreditBook(creditLines);
    }

    /// @dev The attested state becomes the order's.
    function _take(OrderWords.Order memory order, Attestation calldata state, bool isRefused, uint256 treasury)
        internal
        returns (uint256 dutyWord)
    {
        uint256 released = Waterfall.min(state.released, order.face);
        uint256 demanded;
        if (order.has(OrderWords.DUTY)) {
            demanded = state.duty;
            dutyWord = OrderWords.withDemand(_words[order.id].duty, demanded, treasury);
        }
        (Phase phase, bool hold, bool wasHeld) = (state.phase, state.hold, order.has(OrderWords.HOLD));
        bool hasFallen = released < order.released;
        (order.phase, order.released) = (uint256(phase), released);
        if (hold) order.set(OrderWords.HOLD);
        else if (wasHeld) order.clear(OrderWords.HOLD);
        emit Recorded(order.id, uint32(order.seq), phase, hold, isRefused, released, demanded);

        // Paid before it was taken back: a claim between the parties, not a rollback (R14).
        if (hasFallen && _delivered(order) < order.paid) emit Reversed(order.id, released, order.paid);
        if (released == order.face) _setDue(order);
        if (wasHeld && !hold && order.due != 0 && order.due < Clock.time()) _moveDue(order, Clock.time());
    }

    /// @dev R4: the undelivered part is no longer claimed, and nothing more may be drawn on it.
    function _reduceUndelivered(OrderWords.Order memory order) internal {
        if (OrderWords.lineOf(order.terms) != 0 && !order.has(OrderWords.DRAWS_CLOSED)) {
            _credit.settle(order.id, order.terms, order.claim(), 0);
        }
        order.set(OrderWords.DRAWS_CLOSED);
        uint256 cut = _undelivered(order);
        order.reduced += cut;
        order.set(OrderWords.LAPSED);
        emit Lapsed(order.id, cut);
        _setDue(order);
    }

    /// @dev Lock the buyer's cash the first time the phase is reached that it promised it for (FundBy.Shipped or
    /// FundBy.Released); what it has, never more.
    function _lockBy(OrderWords.Order memory order) internal {
        if (order.has(OrderWords.FUNDED)) return;
        bool isOnShipment = OrderWords.fundByOf(order.terms) == uint256(FundBy.Shipped);
        if (order.phase < uint256(isOnShipment ? Phase.Shipped : Phase.Released)) return;
        order.set(OrderWords.FUNDED);
        (uint256 currency, uint256 buyer) = (OrderWords.currencyOf(order.terms), OrderWords.buyerOf(order.terms));
        uint256 free = _ledger.balanceOf(uint16(currency), buyer);
        _lock(order.id, currency, buyer, Waterfall.min(free, order.claim() - order.paid));
    }

    function _lockAll(uint256 id, uint16 currency, uint32 buyer, uint256 face) internal {
        uint256 free = _ledger.balanceOf(currency, buyer);
        if (free < face) revert BuyerShort(face, free);
        _lock(id, currency, buyer, face);
    }

    /// @dev Pay what is payable, keep the late charge, close what is whole; then write, tell and move.
    /// @param late accrued up to now; dropped where nothing is claimed that it could be for
    /// @param dutyWord zero, or the duty's word with the state just attested
    function _pay(OrderWords.Order memory order, uint256 late, uint256 dutyWord) internal {
        Payment memory payment;
        payment.dutyWord = dutyWord;
        _compute(payment, order, late);
        uint256 ofClaim;
        unchecked {
            // Amounts below 2^56, and a count below its bound.
            ofClaim = payment.face + payment.late;
        }
        if (ofClaim != 0) _divide(order, payment, ofClaim);
        bool isPaying = ofClaim | payment.duty != 0;
        if (isPaying && order.settlements < LAST_COUNT) {
            unchecked {
                ++order.settlements;
            }
        }
        if (late != 0) late = order.claim() == 0 ? 0 : Interest.afterPayment(late, payment.late);
        bool isLate = late | payment.faceUnpaid != 0;
        if (isLate || order.has(OrderWords.LATE)) _keepLate(order, late, isLate);
        bool isWhole = !isLate && order.claim() == order.paid;
        if (isWhole) order.phase = uint256(Phase.Closed);
        _store(order);
        if (dutyWord != 0 || payment.duty != 0) _words[order.id].duty = payment.dutyWord;

        if (isPaying) _tellSettled(order, payment);
        if (isLate) emit Unpaid(order.id, payment.faceUnpaid, late);
        if (payment.dutyUnpaid != 0) emit DutyUnpaid(order.id, payment.dutyUnpaid);
        if (isWhole) emit Closed(order.id);
        if (isPaying || isWhole) _move(order, payment, isWhole);
    }

    /// @dev The lender first (R8), who says what it takes; the rest is the holder's.
    function _divide(OrderWords.Order memory order, Payment memory payment, uint256 ofClaim) private {
        if (OrderWords.lineOf(order.terms) != 0) {
            uint256 reserved = order.has(OrderWords.DRAWS_CLOSED) ? 0 : order.claim();
            (payment.toFunder, payment.funder) = _credit.settle(order.id, order.terms, reserved, ofClaim);
        }
        unchecked {
            order.paid += payment.face;
        }
        order.set(OrderWords.DRAWS_CLOSED);
    }

    function _tellSettled(OrderWords.Order memory order, Payment memory payment) private {
        uint256 toHolder;
        unchecked {
            toHolder = payment.face + payment.late - payment.toFunder;
        }
        emit Settled(
            order.id,
            uint32(order.settlements),
            payment.face,
            payment.late,
            payment.toFunder,
            toHolder,
            payment.duty
        );
    }

    /// @dev R5, R6 and R12 at this moment: face, then late charge, then duty out of what the buyer has left.
    /// With `dutyWord` zero the stored one is taken.
    function _compute(Payment memory payment, OrderWords.Order memory order, uint256 late) internal view {
        (uint256 face, uint256 charge, uint256 duty) = (0, 0, 0);
        if (_isConditionMet(order)) {
            face = _duePart(order);
            if (late != 0 && order.claim() != 0) charge = Interest.dueUp(late);
            if (order.has(OrderWords.DUTY)) duty = _dutyDue(payment, order.id);
        }
        // An order that may close must give its hold back, so the hold is asked for even where nothing is due.
        if (face | charge | duty == 0 && !order.has(OrderWords.FUNDED)) return;

        (uint256 held, uint256 free) = _cashFor(order);
        unchecked {
            // Each part is at most what is left of the cash.
            uint256 cash = held + free;
            payment.held = held;
            payment.face = Waterfall.min(face, cash);
            payment.late = Waterfall.min(charge, cash - payment.face);
            payment.duty = Waterfall.min(duty, Waterfall.min(free, cash - payment.face - payment.late));
            payment.faceUnpaid = face - payment.face;
            payment.lateUnpaid = charge - payment.late;
            payment.dutyUnpaid = duty - payment.duty;
        }
        if (payment.duty != 0) {
            // The sum of duty paid stays within the cap, so the addition stays in its field.
            payment.dutyWord += payment.duty << 56;
        }
    }

    /// @return Y of R3
    function _payable(OrderWords.Order memory order) internal view returns (uint256) {
        return _isConditionMet(order) ? _duePart(order) : 0;
    }

    /// @dev Y once the order's condition is met: nothing before the due date, where there is a tenor.
    function _duePart(OrderWords.Order memory order) private view returns (uint256) {
        if (OrderWords.tenorOf(order.terms) != 0 && (order.due == 0 || block.timestamp < order.due)) return 0;
        return Waterfall.minusFloor(_delivered(order), order.paid);
    }

    /// @return the order's late charge with everything since its last count, at the signed rate (R6)
    function _lateNow(OrderWords.Order memory order) internal view returns (uint256) {
        if (!order.has(OrderWords.LATE)) return 0;
        (uint256 accrued, uint256 since) = OrderWords.unpackLate(_words[order.id].late);
        uint256 bps = OrderWords.lateBpsOf(order.terms);
        return Interest.accrueUp(accrued, _payable(order), bps, Clock.time() - since, Interest.LATE_BASIS);
    }

    function _cashFor(OrderWords.Order memory order) internal view returns (uint256 held, uint256 free) {
        (uint256 currency, uint256 buyer) = (OrderWords.currencyOf(order.terms), OrderWords.buyerOf(order.terms));
        if (order.has(OrderWords.FUNDED)) return _ledger.available(uint16(currency), order.id, buyer);
        return (0, _ledger.balanceOf(uint16(currency), buyer));
    }

    function _loadOpen(OrderWords.Order memory order, uint256 id) internal view {
        _load(order, id);
        if (order.phase == uint256(Phase.Closed)) revert OrderClosed(id);
    }

    function _load(OrderWords.Order memory order, uint256 id) internal view {
        uint256 terms = _words[id].terms;
        if (terms == 0) revert UnknownOrder(id);
        order.load(id, _words[id].sums, terms);
    }

    function _store(OrderWords.Order memory order) private {
        Words storage words = _words[order.id];
        words.sums = order.packSums();
        words.terms = order.packTerms();
    }

    function _setDue(OrderWords.Order memory order) private {
        uint256 tenor = OrderWords.tenorOf(order.terms);
        // An order with nothing left to pay gets no due date: its loan would mature by it.
        if (tenor == 0 || order.due != 0 || order.claim() == order.paid) return;
        _moveDue(order, Waterfall.min(block.timestamp + tenor * 1 days, Clock.LAST));
    }

    /// @dev Interest that ran past the old base must not be counted under the new one.
    function _moveDue(OrderWords.Order memory order, uint256 due) private {
        bool isPast = block.timestamp > OrderWords.baseOf(order.terms);
        if (isPast && OrderWords.lineOf(order.terms) != 0) _credit.accrue(order.id, order.terms);
        order.due = due;
        emit DueSet(order.id, uint32(due));
    }

    function _keepLate(OrderWords.Order memory order, uint256 late, bool isLate) private {
        if (isLate) order.set(OrderWords.LATE);
        else order.clear(OrderWords.LATE);
        _words[order.id].late = isLate ? OrderWords.packLate(late, Clock.time()) : 0;
    }

    function _lock(uint256 id, uint256 currency, uint256 buyer, uint256 amount) private {
        if (amount == 0) return;
        emit Funded(id, amount);
        uint256 legs = Legs.start(currency);
        legs.add(buyer, id, amount);
        legs.send(_ledger);
    }

    /// @dev The hold pays first; what it has left at the close goes back to the buyer.
    function _move(OrderWords.Order memory order, Payment memory payment, bool isWhole) private {
        (uint256 id, uint256 buyer) = (order.id, OrderWords.buyerOf(order.terms));
        uint256 legs = Legs.start(OrderWords.currencyOf(order.terms));
        unchecked {
            // Parts of a payment, each at most its whole.
            uint256 ofClaim = payment.face + payment.late;
            uint256 holder = OrderWords.holderOf(order.terms);
            uint256 toFunder;
            uint256 toHolder;
            if (payment.held != 0) {
                uint256 fromHold = Waterfall.min(payment.held, ofClaim);
                toFunder = Waterfall.min(fromHold, payment.toFunder);
                toHolder = fromHold - toFunder;
                legs.add(id, payment.funder, toFunder);
                legs.add(id, holder, toHolder);
                if (isWhole) legs.add(id, buyer, payment.held - fromHold);
            }
            legs.add(buyer, payment.funder, payment.toFunder - toFunder);
            legs.add(buyer, holder, ofClaim - payment.toFunder - toHolder);
            legs.add(buyer, payment.dutyWord >> 168, payment.duty);
        }
        legs.send(_ledger);
    }

    /// @dev Also leaves the word that it was read from in the payment.
    function _dutyDue(Payment memory payment, uint256 id) private view returns (uint256) {
        if (payment.dutyWord == 0) payment.dutyWord = _words[id].duty;
        (uint256 cap, uint256 paid, uint256 demanded, uint256 treasury) = OrderWords.unpackDuty(payment.dutyWord);
        return treasury == 0 ? 0 : Waterfall.minusFloor(Waterfall.min(demanded, cap), paid);
    }

    /// @dev What a lapse cuts: of the claim what is neither delivered nor paid (R4).
    function _undelivered(OrderWords.Order memory order) internal pure returns (uint256) {
        uint256 delivered = _delivered(order);
        return order.claim() - (delivered > order.paid ? delivered : order.paid);
    }

    function _isConditionMet(OrderWords.Order memory order) private pure returns (bool) {
        bool isOnRelease = OrderWords.settleOnOf(order.terms) == uint256(SettleOn.Release);
        return !order.has(OrderWords.HOLD) && order.phase >= uint256(isOnRelease ? Phase.Released : Phase.Cleared);
    }

    function _delivered(OrderWords.Order memory order) private pure returns (uint256) {
        return Waterfall.deliveredDown(order.face, order.claim(), order.released, order.has(OrderWords.LAPSED));
    }
}
