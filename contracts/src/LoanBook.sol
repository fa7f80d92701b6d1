// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderBook} from "./OrderBook.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Phase} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title The loans of orders and what they use of their lines: reserve, accrual, booking, what falls due
abstract contract LoanBook is OrderBook {
    using Legs for uint256;
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using OrderWords for OrderWords.Order;

    uint8 internal constant SETTLEMENT = 0;
    uint8 internal constant COVER = 3;

    /// @dev Test the standing offer's conditions and take the reserve (R10). The funder's standing was asked before.
    /// @param terms the line version's word
    /// @param order the order's word
    /// @param lanes the buyer's lane, the supplier's 8 bits further up
    function _reserve(uint256 id, uint256 terms, uint256 order, uint256 face, uint256 lanes) internal {
        (uint32 line, uint16 version) = (uint32(OrderWords.lineOf(order)), uint16(OrderWords.versionOf(order)));
        uint256 usage = _usage[line];
        // Only the standing offer: a newer version takes the older one off the table.
        if (version == 0 || usage.versionOf() != version) revert ICreditLines.UnknownLine(line, version);
        if (block.timestamp > terms.expiryOf()) revert ICreditLines.LineExpired(line, version);
        // A loan to oneself would move no cash and still stand before the others' claims.
        if (terms.funderOf() == OrderWords.holderOf(order)) {
            revert ICreditLines.FunderIsSupplier(uint32(terms.funderOf()));
        }
        uint256 currency = OrderWords.currencyOf(order);
        if (currency != usage.currencyOf()) {
            revert ICreditLines.CurrencyDiffers(uint16(currency), uint16(usage.currencyOf()));
        }
        if (!terms.isEligible(lanes)) revert ICreditLines.NotEligible(line, uint8(lanes), uint8(lanes >> 8));
        if (face > terms.orderCapOf()) revert ICreditLines.OrderCapExceeded(face, terms.orderCapOf());
        (uint256 last, uint256 latest) = _lifeOf(terms, order);
        if (last > latest) revert ICreditLines.LifeTooLong(line, last, latest);

        uint256 amount = terms.mostOf(face);
        uint256 used = _useLine(line, usage, amount);
        emit ICreditLines.Reserved(id, line, version, amount, used);
        if (usage.isCommitted()) _setAside(id, usage, amount, OrderWords.holderOf(order), terms.commitmentBpsOf());
    }

    /// @dev The claim changes: what the order takes of its line follows while draws are open (R10), tested again where it
    /// grows. A smaller use is welcome also where the limit was lowered below the sum.
    /// @param fromClaim the claim that an undrawn use was reckoned from
    function _resizeReserve(uint256 id, uint256 order, uint256 fromClaim, uint256 toClaim) internal {
        uint256 line = OrderWords.lineOf(order);
        if (line == 0 || OrderWords.hasFlag(order, OrderWords.DRAWS_CLOSED)) return;
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        if (loan.isClosed == 1) return;
        uint256 terms = _termsOf(id, order);
        uint256 from = loan.draws == 0 ? terms.mostOf(fromClaim) : loan.use;
        uint256 to = terms.mostOf(toClaim);
        if (to < loan.principal) to = loan.principal;
        if (to == from) return;
        uint256 usage = _usage[line];
        uint256 used;
        if (to > from) {
            used = _useLine(line, usage, to - from);
            if (usage.isCommitted()) _setAside(id, usage, to - from, 0, 0);
        } else {
            // The line's sum counts the present use, so it is at least as large.
            used = usage.usedOf() - (from - to);
            _usage[line] = usage.withUsed(used);
            if (usage.isCommitted()) {
                _moveOne(usage.currencyOf(), _reserveAccount(id), usage.funderOfUsage(), from - to);
            }
        }
        emit ICreditLines.ReserveChanged(id, uint32(line), to, used);
        if (loan.draws == 0) return;
        loan.use = to;
        _words[id].loan = loan.pack();
    }

    /// @dev Headroom is tested, and taken.
    function _useLine(uint256 line, uint256 usage, uint256 amount) private returns (uint256 used) {
        uint256 headroom = Waterfall.minusFloor(usage.limitOf(), usage.usedOf());
        if (amount > headroom) revert ICreditLines.LimitExceeded(uint32(line), amount, headroom);
        unchecked {
            // Within the limit, as was tested.
            used = usage.usedOf() + amount;
        }
        _usage[line] = usage.withUsed(used);
    }

    /// @dev I-11: a committed reserve is cash that the funder cannot use otherwise; the supplier pays for it now.
    function _setAside(uint256 id, uint256 usage, uint256 amount, uint256 supplier, uint256 feeBps) private {
        uint256 legs = Legs.start(usage.currencyOf());
        legs.add(usage.funderOfUsage(), _reserveAccount(id), amount);
        legs.add(supplier, usage.funderOfUsage(), Waterfall.shareUp(amount, feeBps));
        legs.send(_ledger);
    }

    /// @dev A draw comes from what is set aside for it where the line is committed, else from the funder's free cash.
    function _payOut(uint256 order, uint256 id, uint256 terms, uint256 supplier, uint256 amount, uint256 fee) internal {
        uint256 legs = Legs.start(OrderWords.currencyOf(order));
        uint256 payer = terms.funderOf();
        if (terms.hasCommitment()) {
            legs.add(_reserveAccount(id), payer, fee);
            payer = _reserveAccount(id);
        }
        legs.add(payer, supplier, amount - fee);
        legs.send(_ledger);
    }

    /// @dev What is set aside and will not be drawn any more is the funder's again.
    function _giveBack(uint256 id, uint256 usage) internal {
        (uint256 currency, uint256 account) = (usage.currencyOf(), _reserveAccount(id));
        _moveOne(currency, account, usage.funderOfUsage(), _ledger.balanceOf(uint16(currency), account));
    }

    /// @dev `amount` is paid under the order: interest, then principal; draws close. With amount 0 the draws close
    /// and the headroom is freed (lapse). The caller marks the order's own draws closed and moves the cash.
    /// @param order the order's word
    /// @param reserved claim that an undrawn reserve still counts, 0 once it is free
    /// @return toFunder the lender's part, for the member `funder`; the rest is the holder's
    function _payLoan(uint256 id, uint256 order, uint256 reserved, uint256 amount)
        internal
        returns (uint256 toFunder, uint256 funder)
    {
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        uint256 line = OrderWords.lineOf(order);
        if (loan.draws == 0) {
            if (reserved != 0 && loan.isClosed == 0) _release(id, order, reserved);
            return (0, 0);
        }
        if (loan.principal == 0 && loan.use == 0) return (0, 0);
        _accrue(loan, order);
        unchecked {
            // A word of 88 bits and one of 56.
            toFunder = Waterfall.min(amount, Interest.dueUp(loan.accrued) + loan.principal);
        }
        loan.isClosed = 1;
        funder = _bookPayment(loan, id, line, OrderWords.buyerOf(order), SETTLEMENT, toFunder);
    }

    /// @dev Before the due date moves: interest up to now counts under the old one.
    function _countInterest(uint256 id, uint256 order) internal {
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        if (loan.principal == 0) return;
        _accrue(loan, order);
        _words[id].loan = loan.pack();
        emit ICreditLines.Accrued(id, loan.accrued);
    }

    /// @dev A payout of cover before the first draw is remembered in the loan's word: the order's knows nothing of it.
    function _closeUndrawn(LoanWord.Loan memory loan, uint256 id, uint256 order, uint256 claim) internal {
        bool isReserved = !OrderWords.hasFlag(order, OrderWords.DRAWS_CLOSED);
        if (isReserved) _release(id, order, claim);
        loan.isClosed = 1;
        _words[id].loan = loan.pack();
    }

    /// @dev The insurer pays under the order, the lender first.
    function _collect(uint256 id, uint256 amount, uint256 insurer, uint256 insured)
        internal
        returns (uint256 toFunder, uint256 funder)
    {
        // Cover was sold on an order that is known; an unknown one has no line.
        uint256 order = _words[id].terms;
        if (OrderWords.lineOf(order) == 0) return (0, 0);
        LoanWord.Loan memory loan = _loanNow(id, order);
        toFunder = Waterfall.min(amount, Interest.dueUp(loan.accrued) + loan.principal);
        // A payout to the buyer for its own loss must not close the supplier's draws (P31).
        if (toFunder == 0 && (loan.isClosed == 1 || insured != OrderWords.holderOf(order))) return (0, 0);
        if (loan.draws == 0) {
            _closeUndrawn(loan, id, order, OrderWords.claimOf(_words[id].sums));
            return (0, 0);
        }
        loan.isClosed = 1;
        funder = _bookPayment(loan, id, OrderWords.lineOf(order), insurer, COVER, toFunder);
    }

    /// @dev Book a payment into an accrued loan, at most what is outstanding: interest, then principal (R8).
    function _bookPayment(
        LoanWord.Loan memory loan,
        uint256 id,
        uint256 line,
        uint256 payer,
        uint8 source,
        uint256 amount
    ) internal returns (uint256 funder) {
        (uint256 interest, uint256 principal) =
            Waterfall.split(amount, Interest.dueUp(loan.accrued), loan.principal);
        loan.accrued = Interest.afterPayment(loan.accrued, interest);
        uint256 usage = _usage[line];
        uint256 used = usage.usedOf();
        unchecked {
            // R8: what is paid of the principal is at most that.
            if (loan.isWrittenOff()) {
                // P13: what comes in after the write-off is taken from the loss; the line was freed before.
                if (principal != 0) _usage[line] = usage.withLost(Waterfall.minusFloor(usage.lostOf(), principal));
            } else if (loan.isClosed == 1 && loan.use != loan.principal - principal) {
                // R10: the line's sum counts this loan's use, so it is at least as large.
                used = used - loan.use + loan.principal - principal;
                loan.use = loan.principal - principal;
                _usage[line] = usage.withUsed(used);
                if (amount == 0) emit ICreditLines.LineUsed(uint32(line), used);
                if (usage.isCommitted()) _giveBack(id, usage);
            }
            loan.principal -= principal;
        }
        _words[id].loan = loan.pack();
        // Counted up to now even where nothing is paid: books kept from events must hear of it.
        if (amount == 0) {
            emit ICreditLines.Accrued(id, loan.accrued);
        } else {
            emit ICreditLines.Repaid(
                id, source, uint32(payer), interest, principal, loan.principal, loan.accrued, used
            );
        }
        return usage.funderOfUsage();
    }

    /// @dev An undrawn reserve goes back to the line.
    function _release(uint256 id, uint256 order, uint256 reserved) internal {
        uint256 line = OrderWords.lineOf(order);
        uint256 usage = _usage[line];
        uint256 used = usage.usedOf() - _terms[_key(line, OrderWords.versionOf(order))].mostOf(reserved);
        _usage[line] = usage.withUsed(used);
        emit ICreditLines.LineUsed(uint32(line), used);
        if (usage.isCommitted()) _giveBack(id, usage);
    }

    /// @dev The line's terms are read only where maturity may have passed: before the base date it cannot.
    function _accrue(LoanWord.Loan memory loan, uint256 order) internal view {
        uint256 base = OrderWords.baseOf(order);
        uint256 maturity = type(uint256).max;
        uint256 lateBps;
        uint256 time = Clock.time();
        // Interest on what was written off stands still.
        if (loan.isWrittenOff()) (loan.since, base) = (time, time);
        if (time > base) {
            uint256 terms = _terms[_key(OrderWords.lineOf(order), OrderWords.versionOf(order))];
            (maturity, lateBps) = (base + terms.graceOf(), terms.lateBpsOf());
        }
        loan.accrued = Interest.accrueAcrossUp(
            loan.accrued, loan.principal, loan.rateBps, lateBps, loan.since, time, maturity, loan.basis()
        );
        loan.since = time;
    }

    function _dueFromSupplier(uint256 id, uint256 sums, uint256 order, LoanWord.Loan memory loan)
        internal
        view
        returns (uint256)
    {
        if (loan.principal == 0) return 0;
        uint256 terms = _termsOf(id, order);
        uint256 interest = Interest.dueUp(loan.accrued);
        if (block.timestamp >= OrderWords.baseOf(order) + terms.graceOf()) {
            // What the buyer leaves unpaid is the supplier's only with recourse; non-performance always is.
            OrderWords.Order memory whole;
            _load(whole, id);
            // Under a dispute it is not known yet whose it is; nor under a hold that came after the buyer's default.
            bool isHeld = whole.has(OrderWords.HOLD) && whole.has(OrderWords.LATE) && _duePart(whole) != 0;
            bool isSuppliers = _payable(whole) == 0 && whole.disputed() == 0 && !isHeld;
            if (terms.hasRecourse() || isSuppliers) return interest + loan.principal;
        }
        uint256 cover = terms.mostOf(OrderWords.claimOf(sums) - OrderWords.paidOf(sums));
        uint256 excess = Waterfall.minusFloor(loan.principal, cover);
        // Interest is served first, so the excess is cured only by both.
        return excess == 0 ? 0 : interest + excess;
    }

    /// @return last the latest due date that the order can get, and the latest that its line's terms take
    function _lifeOf(uint256 terms, uint256 order) internal view returns (uint256 last, uint256 latest) {
        unchecked {
            // A time below 2^32 and some years.
            last = OrderWords.expiryOf(order) + OrderWords.tenorOf(order) * 1 days;
            uint256 longest = terms.longestDaysOf();
            latest = longest == 0 ? last : block.timestamp + longest * 1 days;
        }
    }

    function _isDrawable(uint256 id, uint256 order, LoanWord.Loan memory loan) internal view returns (bool) {
        bool isDisputed = OrderWords.hasFlag(order, OrderWords.EXTENDED) && uint56(_words[id].extension) != 0;
        return OrderWords.lineOf(order) != 0 && !isDisputed && _isOpenForDraws(id, order, loan);
    }

    function _isOpenForDraws(uint256 id, uint256 order, LoanWord.Loan memory loan) internal view returns (bool) {
        // Once a buyer is late its lender lends nothing more on it.
        if (OrderWords.hasFlag(order, OrderWords.DRAWS_CLOSED | OrderWords.LATE)) return false;
        uint256 phase = OrderWords.phaseOf(order);
        unchecked {
            // A share of an order has no phase of its own, and no loan: none wraps round to the last ones.
            bool isEarly = phase - uint256(Phase.Accepted) < 2;
            if (!isEarly && (phase - uint256(Phase.Released) > 1 || _isUnpaid(id, order))) return false;
        }
        // What is due may be unpaid without anybody having said so yet.
        uint256 due = OrderWords.dueOf(order);
        if (due != 0 && block.timestamp >= due) return false;
        return block.timestamp <= OrderWords.expiryOf(order) && loan.isClosed == 0 && loan.draws < LoanWord.MOST_DRAWS;
    }

    /// @dev An order without a tenor has no due date: of a frozen buyer nobody says that it is late.
    function _isUnpaid(uint256 id, uint256 order) private view returns (bool) {
        if (OrderWords.tenorOf(order) != 0) return false;
        OrderWords.Order memory whole;
        _load(whole, id);
        return _payable(whole) != 0;
    }

    /// @dev R9 at this moment.
    function _advanceLeft(uint256 sums, uint256 order, uint256 terms, uint256 principal)
        internal
        pure
        returns (uint256)
    {
        uint256 base = OrderWords.claimOf(sums) - OrderWords.paidOf(sums);
        return Waterfall.minusFloor(Waterfall.shareDown(base, terms.advanceOf(OrderWords.phaseOf(order))), principal);
    }

    /// @dev The loan of an order, accrued up to now.
    function _loanNow(uint256 id, uint256 order) internal view returns (LoanWord.Loan memory loan) {
        loan.load(_words[id].loan);
        if (loan.draws != 0) _accrue(loan, order);
    }

    function _termsOf(uint256 id, uint256 order) internal view returns (uint256) {
        uint256 line = OrderWords.lineOf(order);
        if (line == 0) revert ICreditLines.NoLoan(id);
        return _terms[_key(line, OrderWords.versionOf(order))];
    }

    /// @return the ledger's account of the cash that is set aside for an order's undrawn reserve
    function _reserveAccount(uint256 id) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("reserve", id)));
    }

    function _key(uint256 line, uint256 version) internal pure returns (uint256) {
        return line << 16 | version;
    }
}
