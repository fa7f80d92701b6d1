// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Phase} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title The loans of CreditLines and what they use of their lines: accrual, booking, what falls due
abstract contract LoanBook is ICreditLines, ICreditBook {
    using Legs for uint256;
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;

    uint8 internal constant SETTLEMENT = 0;

    ICashLedger internal immutable _ledger;
    IReceivables internal immutable _receivables;

    mapping(uint256 lineAndVersion => uint256) internal _terms;
    mapping(uint32 line => uint256) internal _usage;
    mapping(uint256 order => uint256) internal _loans;

    constructor(address ledger, address receivables) {
        _ledger = ICashLedger(ledger);
        _receivables = IReceivables(receivables);
    }

    /// @dev A payment by the buyer; Receivables marks the order's draws closed.
    function _settle(uint256 id, uint256 order, uint256 reserved, uint256 amount)
        internal
        returns (uint256 toFunder, uint256 funder)
    {
        LoanWord.Loan memory loan;
        loan.load(_loans[id]);
        uint256 line = OrderWords.lineOf(order);
        if (loan.draws == 0) {
            if (reserved != 0 && loan.isClosed == 0) _release(line, OrderWords.versionOf(order), reserved);
            return (0, 0);
        }
        if (loan.principal == 0 && loan.use == 0) return (0, 0);
        _accrue(loan, order);
        unchecked {
            toFunder = Waterfall.min(amount, Interest.dueUp(loan.accrued) + loan.principal);
        }
        loan.isClosed = 1;
        funder = _book(loan, id, line, OrderWords.buyerOf(order), SETTLEMENT, toFunder);
    }

    /// @dev A payout of cover before the first draw is remembered in the loan's word: the order's knows nothing of it.
    function _closeUndrawn(LoanWord.Loan memory loan, uint256 id, uint256 order, uint256 claim) internal {
        bool isReserved = !OrderWords.hasFlag(order, OrderWords.DRAWS_CLOSED);
        if (isReserved) _release(OrderWords.lineOf(order), OrderWords.versionOf(order), claim);
        loan.isClosed = 1;
        _loans[id] = loan.pack();
    }

    /// @dev Book a payment into an accrued loan, at most what is outstanding: interest, then principal (R8).
    function _book(
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
        uint256 usage = _usage[uint32(line)];
        unchecked {
            loan.principal -= principal;
            uint256 use = loan.isClosed == 1 ? loan.principal : loan.use;
            if (use != loan.use) {
                // R10: the line's sum counts this loan's use, so it is at least as large.
                uint256 used = usage.usedOf() - loan.use + use;
                loan.use = use;
                _usage[uint32(line)] = usage.withUsed(used);
                emit LineUsed(uint32(line), used);
            }
        }
        _loans[id] = loan.pack();
        // Counted up to now even where nothing is paid: books kept from events must hear of it.
        if (amount == 0) emit Accrued(id, loan.accrued);
        else emit Repaid(id, source, uint32(payer), interest, principal, loan.principal, loan.accrued);
        return usage.funderOfUsage();
    }

    /// @dev An undrawn reserve goes back to the line.
    function _release(uint256 line, uint256 version, uint256 reserved) internal {
        uint256 usage = _usage[uint32(line)];
        uint256 used = usage.usedOf() - _terms[_key(line, version)].mostOf(reserved);
        _usage[uint32(line)] = usage.withUsed(used);
        emit LineUsed(uint32(line), used);
    }

    /// @dev The line's terms are read only where maturity may have passed: before the base date it cannot.
    function _accrue(LoanWord.Loan memory loan, uint256 order) internal view {
        uint256 base = OrderWords.baseOf(order);
        uint256 maturity = type(uint256).max;
        uint256 lateBps;
        uint256 time = Clock.time();
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
            (uint256 unpaid,) = _receivables.payableNow(id);
            if (terms.hasRecourse() || unpaid == 0) return interest + loan.principal;
        }
        uint256 cover = terms.mostOf(OrderWords.claimOf(sums) - OrderWords.paidOf(sums));
        uint256 excess = Waterfall.minusFloor(loan.principal, cover);
        // Interest is served first, so the excess is cured only by both.
        return excess == 0 ? 0 : interest + excess;
    }

    function _isDrawable(uint256 order, LoanWord.Loan memory loan) internal view returns (bool) {
        // Once a buyer is late its lender lends nothing more on it.
        if (OrderWords.hasFlag(order, OrderWords.DRAWS_CLOSED | OrderWords.LATE)) return false;
        if (OrderWords.lineOf(order) == 0) return false;
        if (OrderWords.phaseOf(order) == uint256(Phase.Closed)) return false;
        return block.timestamp <= OrderWords.expiryOf(order) && loan.isClosed == 0 && loan.draws < LoanWord.MOST_DRAWS;
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
        loan.load(_loans[id]);
        if (loan.draws != 0) _accrue(loan, order);
    }

    function _wordsOf(uint256 id) internal view returns (uint256 sums, uint256 order) {
        (sums, order) = _receivables.wordsOf(id);
        if (order == 0) revert IReceivables.UnknownOrder(id);
    }

    function _termsOf(uint256 id, uint256 order) internal view returns (uint256) {
        uint256 line = OrderWords.lineOf(order);
        if (line == 0) revert NoLoan(id);
        return _terms[_key(line, OrderWords.versionOf(order))];
    }

    function _key(uint256 line, uint256 version) internal pure returns (uint256) {
        return line << 16 | version;
    }

    function _moveOne(uint256 currency, uint256 from, uint256 to, uint256 amount) internal {
        uint256 legs = Legs.start(currency);
        legs.add(from, to, amount);
        legs.send(_ledger);
    }
}
