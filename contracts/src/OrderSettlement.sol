// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LoanBook} from "./LoanBook.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Bounds} from "./lib/Bounds.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Attestation, FundBy, Phase} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title How an order takes over an attested state and pays what became payable
/// @dev No path here reverts for a reason that a party controls: cash moves inside the ledger, payees are accounts.
abstract contract OrderSettlement is LoanBook {
    using Legs for uint256;
    using OrderWords for OrderWords.Order;

    uint256 internal constant LAST_COUNT = type(uint16).max;

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

    /// @dev A hold leaves released value open: what customs only hold is not cut, until the hold itself is too old.
    function _lapseAt(OrderWords.Order memory order) internal pure returns (uint256) {
        uint256 until = OrderWords.expiryOf(order.terms) + Bounds.POSTING_GRACE;
        if (order.has(OrderWords.HOLD)) until += Bounds.HOLD_GRACE;
        return Waterfall.min(until, Clock.LAST);
    }

    /// @dev An attested state, and what it makes payable.
    function _record(OrderWords.Order memory order, Attestation calldata attestation, uint256 treasury) internal {
        _checkOpen(order);
        _checkState(order, attestation);

        // What was late stays late for the time before this state.
        uint256 late = order.has(OrderWords.LATE) ? _lateNow(order) : 0;
        bool isRefused = attestation.refused;
        uint256 dutyWord = _take(order, attestation, isRefused, treasury);
        // A whole state says "refused" again and again; a hold in between must not reduce what was delivered.
        if (isRefused && !order.has(OrderWords.LAPSED)) _reduceUndelivered(order, _undelivered(order));
        if (OrderWords.fundByOf(order.terms) >= uint256(FundBy.Shipped)) _lockBy(order);
        _pay(order, late, dutyWord);
    }

    /// @dev What is due now, where it changes anything.
    function _settle(OrderWords.Order memory order) internal {
        _checkOpen(order);
        if (order.has(OrderWords.HOLD)) revert IReceivables.OnHold(order.id);
        uint256 late = _lateNow(order);
        Payment memory payment;
        _compute(payment, order, late);
        uint256 paying = payment.face + payment.late + payment.duty;
        uint256 unpaid = payment.faceUnpaid + payment.lateUnpaid + payment.dutyUnpaid;
        if (paying + unpaid == 0) revert IReceivables.NothingDue(order.id);
        // Face found unpaid for the first time starts the late charge; else nothing would change.
        bool isNews = payment.faceUnpaid != 0 && !order.has(OrderWords.LATE);
        if (paying == 0 && !isNews) revert IReceivables.BuyerShort(unpaid, 0);
        _pay(order, late, 0);
    }

    /// @dev Whether the state is for this order and newer than the one it has, whose number it takes.
    function _checkState(OrderWords.Order memory order, Attestation calldata state) internal pure {
        uint256 jurisdiction = OrderWords.jurisdictionOf(order.terms);
        if (state.jurisdiction != jurisdiction) {
            revert IReceivables.WrongJurisdiction(state.jurisdiction, uint16(jurisdiction));
        }
        uint256 eventAt = state.eventAt;
        unchecked {
            // When the order was accepted is not kept; it cannot have been earlier than this (O08).
            if (eventAt + Bounds.LONGEST_LIFE < OrderWords.expiryOf(order.terms)) {
                revert IReceivables.EventBeforeOrder(uint32(eventAt));
            }
        }
        uint256 seq = state.seq;
        if (seq <= order.seq || seq > LAST_COUNT) revert IReceivables.StaleSequence(uint32(seq), uint32(order.seq));
        if (state.phase < Phase.Accepted || state.phase > Phase.Cleared) {
            revert IReceivables.PhaseNotAttestable(state.phase);
        }
        order.seq = seq;
    }

    /// @dev The attested state becomes the order's.
    function _take(OrderWords.Order memory order, Attestation calldata state, bool isRefused, uint256 treasury)
        internal
        returns (uint256 dutyWord)
    {
        uint256 released = Waterfall.min(state.released, order.whole);
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
        emit IReceivables.Recorded(order.id, uint32(order.seq), phase, hold, isRefused, released, demanded);

        // Paid before it was taken back: a claim between the parties, not a rollback (R14).
        if (hasFallen && _delivered(order) < order.paid) emit IReceivables.Reversed(order.id, released, order.paid);
        if (released == order.whole) _setDue(order);
        if (wasHeld && !hold && order.due != 0 && order.due < Clock.time()) _moveDue(order, Clock.time());
    }

    /// @dev R4: the undelivered part `cut` is no longer claimed, and nothing more may be drawn on it.
    function _reduceUndelivered(OrderWords.Order memory order, uint256 cut) internal virtual {
        _closeDraws(order, order.claim());
        order.reduced += cut;
        order.set(OrderWords.LAPSED);
        emit IReceivables.Lapsed(order.id, cut);
        if (order.disputed() != 0) _clampDispute(order);
        if (order.has(OrderWords.FUNDED | OrderWords.EXTENDED)) _unlock(order);
        _setDue(order);
    }

    /// @dev What the hold has beyond all that is still open is the buyer's again, the cut part of a dispute too.
    function _unlock(OrderWords.Order memory order) private {
        (uint256 currency, uint256 buyer) = (OrderWords.currencyOf(order.terms), OrderWords.buyerOf(order.terms));
        uint256 held = _ledger.balanceOf(uint16(currency), order.id);
        _moveOne(currency, order.id, buyer, Waterfall.minusFloor(held, _openOf(order)));
    }

    /// @dev Nothing more may be drawn; what the reserve kept for it is free.
    /// @param claim that an undrawn reserve counts
    function _closeDraws(OrderWords.Order memory order, uint256 claim) internal {
        if (OrderWords.lineOf(order.terms) != 0 && !order.has(OrderWords.DRAWS_CLOSED)) {
            _payLoan(order.id, order.terms, claim, 0);
        }
        order.set(OrderWords.DRAWS_CLOSED);
    }

    /// @dev R4: no more is disputed than is open.
    function _clampDispute(OrderWords.Order memory order) private {
        (uint256 disputed, uint256 open) = (order.disputed(), order.claim() - order.paid);
        if (disputed <= open) return;
        unchecked {
            // The disputed part is the lowest field of its word.
            order.extension -= disputed - open;
        }
        _words[order.id].extension = order.extension;
    }

    /// @dev Lock the buyer's cash the first time the phase is reached that it promised it for (FundBy.Shipped or
    /// FundBy.Released); what it has, never more.
    function _lockBy(OrderWords.Order memory order) internal {
        if (order.has(OrderWords.FUNDED)) return;
        bool isOnShipment = OrderWords.fundByOf(order.terms) == uint256(FundBy.Shipped);
        if (order.phase < uint256(isOnShipment ? Phase.Shipped : Phase.Released)) return;
        order.set(OrderWords.FUNDED);
        (uint256 currency, uint256 buyer) = (OrderWords.currencyOf(order.terms), OrderWords.buyerOf(order.terms));
        // A dispute may have locked a part before.
        (uint256 held, uint256 free,) = _ledger.available(uint16(currency), order.id, buyer);
        uint256 missing = Waterfall.minusFloor(_openOf(order), held);
        _lock(order.id, currency, buyer, Waterfall.min(free, missing));
    }

    function _lockAll(uint256 id, uint16 currency, uint32 buyer, uint256 face) internal {
        (uint256 free,) = _ledger.freeOf(currency, buyer);
        if (free < face) revert IReceivables.BuyerShort(face, free);
        _lock(id, currency, buyer, face);
    }

    /// @dev Pay what is payable, keep the late charge, close what is whole; then write, tell and move.
    /// @param late accrued up to now; dropped where nothing is claimed that it could be for
    /// @param dutyWord zero, or the duty's word with the state just attested
    function _pay(OrderWords.Order memory order, uint256 late, uint256 dutyWord) internal virtual {
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
                // Below its last value, as was tested.
                ++order.settlements;
            }
        }
        if (late != 0) late = _claimOf(order) == 0 ? 0 : Interest.afterPayment(late, payment.late);
        bool isLate = late | payment.faceUnpaid != 0;
        // Whose default the missing payment is must not be forgotten under a hold, when nothing is payable.
        if (order.has(OrderWords.HOLD) && order.has(OrderWords.LATE)) isLate = isLate || order.claim() != order.paid;
        if (isLate || order.has(OrderWords.LATE)) _keepLate(order, late, isLate);
        bool isWhole = !isLate && order.claim() == order.paid;
        if (isWhole) order.phase = uint256(Phase.Closed);
        _store(order);
        if (dutyWord != 0 || payment.duty != 0) _words[order.id].duty = payment.dutyWord;

        if (isPaying) _tellSettled(order, payment);
        if (isLate) emit IReceivables.Unpaid(order.id, payment.faceUnpaid, late);
        if (payment.dutyUnpaid != 0) emit IReceivables.DutyUnpaid(order.id, payment.dutyUnpaid);
        if (isWhole) emit IReceivables.Closed(order.id);
        if (isPaying || isWhole) _move(order, payment, isWhole);
    }

    /// @dev The lender first (R8), who says what it takes; the rest is the holder's.
    function _divide(OrderWords.Order memory order, Payment memory payment, uint256 ofClaim) internal {
        if (OrderWords.lineOf(order.terms) != 0) {
            uint256 reserved = order.has(OrderWords.DRAWS_CLOSED) ? 0 : order.claim();
            (payment.toFunder, payment.funder) = _payLoan(order.id, order.terms, reserved, ofClaim);
        }
        unchecked {
            // R3: at most what is left of the claim.
            order.paid += payment.face;
        }
        order.set(OrderWords.DRAWS_CLOSED);
    }

    function _tellSettled(OrderWords.Order memory order, Payment memory payment) internal {
        uint256 toHolder;
        unchecked {
            // R8: the funder takes at most the payment.
            toHolder = payment.face + payment.late - payment.toFunder;
        }
        emit IReceivables.Settled(
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
            if (late != 0 && _claimOf(order) != 0) charge = Interest.dueUp(late);
            if (order.has(OrderWords.DUTY)) duty = _dutyDue(payment, order.id);
        }
        // An order that may close must give its hold back, so the hold is asked for even where nothing is due.
        if (face | charge | duty == 0 && !order.has(OrderWords.FUNDED | OrderWords.EXTENDED)) return;

        (uint256 held, uint256 free, bool isFrozen) = _cashFor(order);
        unchecked {
            // Each part is at most what is left of the cash.
            uint256 cash = held + free;
            payment.held = held;
            payment.face = Waterfall.min(face, cash);
            payment.late = Waterfall.min(charge, cash - payment.face);
            payment.duty = Waterfall.min(duty, Waterfall.min(free, cash - payment.face - payment.late));
            // What a frozen buyer cannot pay does not make it late.
            payment.faceUnpaid = isFrozen && !order.has(OrderWords.LATE) ? 0 : face - payment.face;
            payment.lateUnpaid = charge - payment.late;
            payment.dutyUnpaid = duty - payment.duty;
        }
        if (payment.duty != 0) {
            // The sum of duty paid stays within the cap, so the addition stays in its field.
            payment.dutyWord += payment.duty << 56;
        }
    }

    /// @return what is claimed and not paid yet, of all leaves where the order is split
    function _openOf(OrderWords.Order memory order) internal view virtual returns (uint256) {
        return order.claim() - order.paid;
    }

    /// @return E, of all leaves where the order is split
    function _claimOf(OrderWords.Order memory order) internal view virtual returns (uint256) {
        return order.claim();
    }

    function _setDue(OrderWords.Order memory order) internal {
        uint256 tenor = OrderWords.tenorOf(order.terms);
        // An order with nothing left to pay gets no due date: its loan would mature by it. Nor one whose goods are
        // cleared on their way: the tenor counts from their arrival.
        if (tenor == 0 || order.due != 0 || _openOf(order) == 0 || _isArrivalOpen(order)) return;
        _moveDue(order, Waterfall.min(block.timestamp + tenor * 1 days, Clock.LAST));
    }

    /// @dev Interest that ran past the old base must not be counted under the new one.
    function _moveDue(OrderWords.Order memory order, uint256 due) private {
        bool isPast = block.timestamp > OrderWords.baseOf(order.terms);
        if (isPast && OrderWords.lineOf(order.terms) != 0) _countInterest(order.id, order.terms);
        order.due = due;
        emit IReceivables.DueSet(order.id, uint32(due));
    }

    function _keepLate(OrderWords.Order memory order, uint256 late, bool isLate) internal {
        if (isLate) order.set(OrderWords.LATE);
        else order.clear(OrderWords.LATE);
        _words[order.id].late = isLate ? OrderWords.packLate(late, Clock.time(), _frozenUntilNow(order)) : 0;
    }

    function _lock(uint256 id, uint256 currency, uint256 buyer, uint256 amount) private {
        if (amount == 0) return;
        emit IReceivables.Funded(id, amount);
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
}
