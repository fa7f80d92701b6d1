// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LoanBook} from "./LoanBook.sol";
import {OrderBook} from "./OrderBook.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {BUYER, FUNDER, LineTerms, PAY, PUBLISH, Repayment, SUPPLIER} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Pre-approved working-capital lines and the loans drawn on them: the module for all but reserve and draw
contract CreditLines is LoanBook, ICreditLines, ICreditBook {
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using NonceMap for NonceMap.Spent;
    using TypedHash for LineTerms;
    using TypedHash for Repayment;

    uint8 private constant REPAYMENT = 1;
    uint8 private constant RECOURSE = 2;
    uint8 private constant COVER = 3;

    address private immutable _cover;

    constructor(address network, address ledger, address receivables, address cover)
        OrderBook(network, ledger, receivables)
    {
        _cover = cover;
    }

    /// @inheritdoc ICreditLines
    function publish(LineTerms calldata terms, bytes calldata signature)
        external
        onlyInBook
        returns (uint32 line, uint16 version)
    {
        if (block.timestamp > terms.deadline) revert SignatureExpired(terms.deadline);
        address key = Signature.actor(_digest(terms.hash()), signature);
        (uint32 funder,,) = _network.party(key, PUBLISH, FUNDER, terms.limit);
        _network.requireOpen(terms.currency);
        if (funder != terms.funder) revert NotSignedBy(terms.funder);
        if (!_nonces.spend(funder, terms.nonce)) revert NonceUsed(funder, terms.nonce);
        _checkTerms(terms);

        line = terms.line;
        uint256 usage = _usage[line];
        if (line == 0) {
            line = ++_lines;
        } else if (usage.funderOfUsage() != funder || usage.currencyOf() != terms.currency) {
            revert UnknownLine(line, uint16(usage.versionOf()));
        }
        if (usage.versionOf() == type(uint16).max) revert InvalidTerms();
        version = uint16(usage.versionOf() + 1);
        _usage[line] = LineWords.packUsage(terms.limit, usage.usedOf(), version, funder, terms.currency);
        _terms[_key(line, version)] = LineWords.packTerms(terms);
        emit LinePublished(line, version, funder, terms);
    }

    /// @inheritdoc ICreditLines
    function repay(Repayment calldata repayment, bytes calldata signature) external onlyInBook {
        if (block.timestamp > repayment.deadline) revert SignatureExpired(repayment.deadline);
        (, uint256 order) = _wordsOf(repayment.order);
        LoanWord.Loan memory loan = _loanNow(repayment.order, order);
        uint256 amount = Waterfall.min(repayment.amount, Interest.dueUp(loan.accrued) + loan.principal);
        if (amount == 0) revert NoLoan(repayment.order);
        address key = Signature.actor(_digest(repayment.hash()), signature);
        // No standing is asked: what a suspended member owes still settles (I-28).
        uint32 payer = _network.signerFor(key, PAY, amount);
        if (payer != repayment.payer) revert NotSignedBy(repayment.payer);
        if (!_nonces.spend(payer, repayment.nonce)) revert NonceUsed(payer, repayment.nonce);

        // A stranger's payment is welcome, but it must not close the supplier's draws (P31).
        if (payer == OrderWords.holderOf(order)) loan.isClosed = 1;
        uint256 funder = _bookPayment(loan, repayment.order, OrderWords.lineOf(order), payer, REPAYMENT, amount);
        _moveOne(OrderWords.currencyOf(order), payer, funder, amount);
    }

    /// @inheritdoc ICreditLines
    function recourse(uint256 id) external onlyInBook {
        (uint256 sums, uint256 order) = _wordsOf(id);
        LoanWord.Loan memory loan = _loanNow(id, order);
        uint256 due = _dueFromSupplier(id, sums, order, loan);
        if (due == 0) revert NothingDueFromSupplier(id);
        (uint256 holder, uint256 currency) = (OrderWords.holderOf(order), OrderWords.currencyOf(order));
        (uint256 free,) = _ledger.freeOf(uint16(currency), holder);
        uint256 amount = Waterfall.min(due, free);
        if (amount == 0) revert SupplierShort(id, due);

        loan.isClosed = 1;
        uint256 funder = _bookPayment(loan, id, OrderWords.lineOf(order), holder, RECOURSE, amount);
        _moveOne(currency, holder, funder, amount);
    }

    /// @inheritdoc ICreditBook
    function collect(uint256 id, uint256 amount, uint32 insurer, uint32 insured)
        external
        onlyInBook
        returns (uint256 toFunder, uint32 funder)
    {
        if (msg.sender != _cover) revert NotTradeContract(msg.sender);
        (uint256 sums, uint256 order) = _wordsOf(id);
        if (OrderWords.lineOf(order) == 0) return (0, 0);
        LoanWord.Loan memory loan = _loanNow(id, order);
        toFunder = Waterfall.min(amount, Interest.dueUp(loan.accrued) + loan.principal);
        // A payout to the buyer for its own loss must not close the supplier's draws (P31).
        if (toFunder == 0 && (loan.isClosed == 1 || insured != OrderWords.holderOf(order))) return (0, 0);
        if (loan.draws == 0) {
            _closeUndrawn(loan, id, order, OrderWords.claimOf(sums));
            return (0, 0);
        }
        loan.isClosed = 1;
        funder = uint32(_bookPayment(loan, id, OrderWords.lineOf(order), insurer, COVER, toFunder));
    }

    /// @inheritdoc ICreditLines
    function loanOf(uint256 id) external view returns (Loan memory) {
        (, uint256 order) = _wordsOf(id);
        uint256 line = OrderWords.lineOf(order);
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        uint256 maturity = line == 0 ? 0 : OrderWords.baseOf(order) + _termsOf(id, order).graceOf();
        return Loan({
            line: uint32(line),
            version: uint16(OrderWords.versionOf(order)),
            principal: uint56(loan.principal),
            accrued: uint88(loan.accrued),
            since: uint32(loan.since),
            draws: uint16(loan.draws),
            drawsClosed: !_isDrawable(order, loan),
            maturity: uint32(Waterfall.min(maturity, Clock.LAST))
        });
    }

    /// @inheritdoc ICreditLines
    function outstandingOf(uint256 id) external view returns (uint256 interest, uint256 principal) {
        (, uint256 order) = _wordsOf(id);
        LoanWord.Loan memory loan = _loanNow(id, order);
        return (Interest.dueUp(loan.accrued), loan.principal);
    }

    /// @inheritdoc ICreditLines
    function termsOf(uint32 line, uint16 version) external view returns (LineTerms memory) {
        uint256 word = _terms[_key(line, version)];
        if (word == 0) revert UnknownLine(line, version);
        return word.toLineTerms(line, uint56(_usage[line].limitOf()));
    }

    /// @inheritdoc ICreditLines
    function usageOf(uint32 line) external view returns (uint256 limit, uint256 used, uint16 version) {
        uint256 usage = _usage[line];
        return (usage.limitOf(), usage.usedOf(), uint16(usage.versionOf()));
    }

    /// @inheritdoc ICreditLines
    function drawableOf(uint256 id) external view returns (uint256) {
        (uint256 sums, uint256 order) = _wordsOf(id);
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        if (OrderWords.hasFlag(order, OrderWords.HOLD) || !_isDrawable(order, loan)) return 0;
        uint256 terms = _termsOf(id, order);
        uint16 currency = uint16(OrderWords.currencyOf(order));
        bool isWelcome = _network.isTrading(uint32(OrderWords.holderOf(order)), SUPPLIER, currency)
            && _network.isTrading(uint32(OrderWords.buyerOf(order)), BUYER, currency)
            && _network.isTrading(uint32(terms.funderOf()), FUNDER, currency);
        if (!isWelcome) return 0;
        (uint256 free,) = _ledger.freeOf(currency, terms.funderOf());
        return Waterfall.min(_advanceLeft(sums, order, terms, loan.principal), free);
    }

    /// @inheritdoc ICreditLines
    function dueFromSupplier(uint256 id) external view returns (uint256) {
        (uint256 sums, uint256 order) = _wordsOf(id);
        return _dueFromSupplier(id, sums, order, _loanNow(id, order));
    }

    /// @inheritdoc ICreditLines
    function lineCount() external view returns (uint32) {
        return _lines;
    }

    /// @inheritdoc ICreditLines
    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool) {
        return _nonces.isSpent(member, nonce);
    }

    function _checkTerms(LineTerms calldata terms) private view {
        if (
            terms.limit == 0 || terms.orderCap == 0 || terms.advanceAccepted > Waterfall.WHOLE_BPS
                || terms.advanceShipped > Waterfall.WHOLE_BPS || terms.advanceReleased > Waterfall.WHOLE_BPS
                || terms.feeBps > Waterfall.WHOLE_BPS || terms.expiry <= block.timestamp
        ) revert InvalidTerms();
        // Reverts for a currency the ledger does not know (P04).
        _ledger.tokenOf(terms.currency);
    }
}
