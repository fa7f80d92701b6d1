// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Interest} from "./lib/Interest.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Attestation, FundBy, Phase, SettleOn} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title How an order takes over an attested state and pays what became payable
/// @dev No path here reverts for a reason that a party controls: cash moves inside the ledger, payees are accounts.
abstract contract OrderSettlement is IReceivables {
    using OrderWords for OrderWords.Order;

    uint256 internal constant LAST_COUNT = type(uint16).max;
    uint256 private constant MOST_LEGS = 6;

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
        uint256 toFunder;
        uint256 funder;
    }

    ICashLedger internal immutable _ledger;
    ICreditBook internal immutable _credit;
    mapping(uint256 order => Words) internal _words;

    constructor(address ledger, address credit) {
        _ledger = ICashLedger(ledger);
        _credit = ICreditBook(credit);
    }

    /// @dev The attested state becomes the order's.
    function _take(OrderWords.Order memory order, Attestation calldata state, uint32 treasury) internal {
        uint256 released = Waterfall.min(state.released, order.face);
        uint256 demanded;
        if (order.has(OrderWords.DUTY)) {
            demanded = state.duty;
            OrderWords.Duty memory duty = OrderWords.unpackDuty(_words[order.id].duty);
            (duty.demanded, duty.treasury) = (demanded, treasury);
            _words[order.id].duty = OrderWords.pack(duty);
        }
        bool wasHeld = order.has(OrderWords.HOLD);
        bool hasFallen = released < order.released;
        (order.seq, order.phase, order.released) = (state.seq, state.phase, released);
        if (state.hold) order.set(OrderWords.HOLD);
        else order.clear(OrderWords.HOLD);
        emit Recorded(order.id, state.seq, state.phase, state.hold, state.refused, released, demanded);

        // Paid before it was taken back: a claim between the parties, not a rollback (R14).
        if (hasFallen && _delivered(order) < order.paid) emit Reversed(order.id, released, order.paid);
        if (released == order.face) _setDue(order);
        if (wasHeld && !state.hold && order.due != 0 && order.due < block.timestamp) _moveDue(order, block.timestamp);
    }

    /// @dev R4: the undelivered part is no longer claimed, and nothing more may be drawn on it.
    function _reduceUndelivered(OrderWords.Order memory order) internal {
        if (order.line != 0 && !order.has(OrderWords.DRAWS_CLOSED)) _credit.settle(_pledge(order), 0);
        order.set(OrderWords.DRAWS_CLOSED);
        uint256 delivered = _delivered(order);
        uint256 kept = delivered > order.paid ? delivered : order.paid;
        uint256 cut = order.claim() - kept;
        order.reduced += cut;
        order.set(OrderWords.LAPSED);
        emit Lapsed(order.id, cut);
        _setDue(order);
    }

    /// @dev Lock the buyer's cash the first time the phase it promised is reached; what it has, never more.
    function _lockBy(OrderWords.Order memory order) internal {
        if (order.fundBy < FundBy.Shipped || order.has(OrderWords.FUNDED)) return;
        if (order.phase < (order.fundBy == FundBy.Shipped ? Phase.Shipped : Phase.Released)) return;
        order.set(OrderWords.FUNDED);
        uint256 free = _ledger.balanceOf(uint16(order.currency), order.buyer);
        uint256 amount = Waterfall.min(free, order.claim() - order.paid);
        if (amount != 0) _lock(order.id, order.currency, order.buyer, amount);
    }

    function _lockAll(uint256 id, uint16 currency, uint32 buyer, uint256 face) internal {
        uint256 free = _ledger.balanceOf(currency, buyer);
        if (free < face) revert BuyerShort(face, free);
        _lock(id, currency, buyer, face);
    }

    /// @dev Pay what is payable, keep the late charge's word, close what is whole; then write, tell and move.
    function _pay(OrderWords.Order memory order, OrderWords.Late memory late) internal {
        Payment memory payment = _payment(order, late);
        uint256 ofClaim = payment.face + payment.late;
        if (ofClaim != 0) {
            if (order.line != 0) (payment.toFunder, payment.funder) = _credit.settle(_pledge(order), ofClaim);
            order.paid += payment.face;
            order.set(OrderWords.DRAWS_CLOSED);
        }
        late.accrued = Interest.afterPayment(late.accrued, payment.late);
        bool isLate = _keepLate(order, late, payment);
        uint256 treasury = payment.duty == 0 ? 0 : _countDuty(order.id, payment.duty);
        bool isPaying = ofClaim + payment.duty != 0;
        if (isPaying && order.settlements < LAST_COUNT) ++order.settlements;
        bool isWhole = !isLate && order.claim() == order.paid;
        if (isWhole) order.phase = Phase.Closed;
        _store(order);

        if (isPaying) {
            emit Settled(
                order.id,
                uint32(order.settlements),
                payment.face,
                payment.late,
                payment.toFunder,
                ofClaim - payment.toFunder,
                payment.duty
            );
        }
        if (isLate) emit Unpaid(order.id, payment.faceUnpaid, late.accrued);
        if (payment.dutyUnpaid != 0) emit DutyUnpaid(order.id, payment.dutyUnpaid);
        if (isWhole) emit Closed(order.id);
        _move(order, payment, treasury, isWhole);
    }

    /// @dev R5, R6 and R12 at this moment: face, then late charge, then duty out of what the buyer has left.
    function _payment(OrderWords.Order memory order, OrderWords.Late memory late)
        internal
        view
        returns (Payment memory payment)
    {
        uint256 face = _payable(order);
        uint256 charge = order.has(OrderWords.HOLD) ? 0 : Interest.dueUp(late.accrued);
        uint256 duty = _dutyDue(order);
        // An order that may close must give its hold back, so the hold is asked for even where nothing is due.
        if (face + charge + duty == 0 && !order.has(OrderWords.FUNDED)) return payment;

        uint256 free;
        (payment.held, free) = _cashFor(order);
        uint256 cash = payment.held + free;
        payment.face = Waterfall.min(face, cash);
        payment.late = Waterfall.min(charge, cash - payment.face);
        payment.duty = Waterfall.min(duty, Waterfall.min(free, cash - payment.face - payment.late));
        payment.faceUnpaid = face - payment.face;
        payment.lateUnpaid = charge - payment.late;
        payment.dutyUnpaid = duty - payment.duty;
    }

    /// @return Y of R3
    function _payable(OrderWords.Order memory order) internal view returns (uint256) {
        if (!_isConditionMet(order)) return 0;
        if (order.tenorDays != 0 && (order.due == 0 || block.timestamp < order.due)) return 0;
        return Waterfall.minusFloor(_delivered(order), order.paid);
    }

    /// @return late the order's late charge with everything since its last count, at the signed rate (R6)
    function _accrueLate(OrderWords.Order memory order) internal view returns (OrderWords.Late memory late) {
        if (order.has(OrderWords.LATE)) {
            late = OrderWords.unpackLate(_words[order.id].late);
            late.accrued = Interest.accrueUp(
                late.accrued, _payable(order), order.lateBps, block.timestamp - late.since, Interest.LATE_BASIS
            );
        }
        late.since = block.timestamp;
    }

    function _cashFor(OrderWords.Order memory order) internal view returns (uint256 held, uint256 free) {
        uint16 currency = uint16(order.currency);
        if (order.has(OrderWords.FUNDED)) return _ledger.available(currency, order.id, order.buyer);
        return (0, _ledger.balanceOf(currency, order.buyer));
    }

    function _loadOpen(uint256 id) internal view returns (OrderWords.Order memory order) {
        order = _load(id);
        if (order.phase == Phase.Closed) revert OrderClosed(id);
    }

    function _load(uint256 id) internal view returns (OrderWords.Order memory) {
        uint256 terms = _words[id].terms;
        if (terms == 0) revert UnknownOrder(id);
        return OrderWords.unpack(id, _words[id].sums, terms);
    }

    function _store(OrderWords.Order memory order) internal {
        Words storage words = _words[order.id];
        words.sums = order.packSums();
        words.terms = order.packTerms();
    }

    function _setDue(OrderWords.Order memory order) private {
        if (order.tenorDays == 0 || order.due != 0) return;
        _moveDue(order, block.timestamp + order.tenorDays * 1 days);
    }

    /// @dev Interest that ran past the old base must not be counted under the new one.
    function _moveDue(OrderWords.Order memory order, uint256 due) private {
        if (order.line != 0 && block.timestamp > order.base()) _credit.accrue(_pledge(order));
        order.due = due;
        emit DueSet(order.id, uint32(due));
    }

    /// @return whether the late charge goes on, in which case its word is written
    function _keepLate(OrderWords.Order memory order, OrderWords.Late memory late, Payment memory payment)
        private
        returns (bool)
    {
        if (payment.faceUnpaid != 0 || late.accrued != 0) {
            order.set(OrderWords.LATE);
            _words[order.id].late = OrderWords.pack(late);
            return true;
        }
        if (order.has(OrderWords.LATE)) {
            order.clear(OrderWords.LATE);
            _words[order.id].late = 0;
        }
        return false;
    }

    function _countDuty(uint256 id, uint256 amount) private returns (uint256 treasury) {
        OrderWords.Duty memory duty = OrderWords.unpackDuty(_words[id].duty);
        duty.paid += amount;
        _words[id].duty = OrderWords.pack(duty);
        return duty.treasury;
    }

    function _lock(uint256 id, uint256 currency, uint256 buyer, uint256 amount) private {
        emit Funded(id, amount);
        ICashLedger.Leg[] memory legs = new ICashLedger.Leg[](1);
        legs[0] = ICashLedger.Leg(buyer, id, amount);
        _ledger.move(uint16(currency), legs);
    }

    /// @dev The hold pays first; what it has left at the close goes back to the buyer.
    function _move(OrderWords.Order memory order, Payment memory payment, uint256 treasury, bool isWhole) private {
        uint256 ofClaim = payment.face + payment.late;
        uint256 fromHold = Waterfall.min(payment.held, ofClaim);
        uint256 funderFromHold = Waterfall.min(fromHold, payment.toFunder);
        uint256 holderFromHold = fromHold - funderFromHold;
        uint256 toHolder = ofClaim - payment.toFunder;
        ICashLedger.Leg[] memory legs = new ICashLedger.Leg[](MOST_LEGS);
        uint256 count = _add(legs, 0, order.id, payment.funder, funderFromHold);
        count = _add(legs, count, order.buyer, payment.funder, payment.toFunder - funderFromHold);
        count = _add(legs, count, order.id, order.holder, holderFromHold);
        count = _add(legs, count, order.buyer, order.holder, toHolder - holderFromHold);
        count = _add(legs, count, order.buyer, treasury, payment.duty);
        if (isWhole) count = _add(legs, count, order.id, order.buyer, payment.held - fromHold);
        if (count == 0) return;
        assembly ("memory-safe") {
            mstore(legs, count)
        }
        _ledger.move(uint16(order.currency), legs);
    }

    function _dutyDue(OrderWords.Order memory order) private view returns (uint256) {
        if (!order.has(OrderWords.DUTY) || !_isConditionMet(order)) return 0;
        OrderWords.Duty memory duty = OrderWords.unpackDuty(_words[order.id].duty);
        if (duty.treasury == 0) return 0;
        return Waterfall.minusFloor(Waterfall.min(duty.demanded, duty.cap), duty.paid);
    }

    function _pledge(OrderWords.Order memory order) private pure returns (ICreditBook.Pledge memory) {
        return ICreditBook.Pledge({
            order: order.id,
            line: uint32(order.line),
            version: uint16(order.version),
            payer: uint32(order.buyer),
            base: uint32(order.base()),
            reserved: uint56(order.reserved())
        });
    }

    function _isConditionMet(OrderWords.Order memory order) private pure returns (bool) {
        if (order.has(OrderWords.HOLD)) return false;
        return order.phase >= (order.settleOn == SettleOn.Release ? Phase.Released : Phase.Cleared);
    }

    function _delivered(OrderWords.Order memory order) private pure returns (uint256) {
        return Waterfall.deliveredDown(order.face, order.claim(), order.released, order.has(OrderWords.LAPSED));
    }

    function _add(ICashLedger.Leg[] memory legs, uint256 count, uint256 from, uint256 to, uint256 amount)
        private
        pure
        returns (uint256)
    {
        if (amount == 0) return count;
        legs[count] = ICashLedger.Leg(from, to, amount);
        return count + 1;
    }
}
