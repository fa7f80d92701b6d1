// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {LoanBook} from "./LoanBook.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {BUYER, Draw, FUNDER, LineTerms, PAY, PUBLISH, Repayment, SUPPLIER} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Pre-approved working-capital lines and the loans drawn on them
contract CreditLines is LoanBook, EIP712 {
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using NonceMap for NonceMap.Spent;
    using TypedHash for Draw;
    using TypedHash for LineTerms;
    using TypedHash for Repayment;

    uint8 private constant REPAYMENT = 1;
    uint8 private constant RECOURSE = 2;
    uint8 private constant COVER = 3;

    ITrustedNetwork private immutable _network;
    address private immutable _cover;

    /// @inheritdoc ICreditLines
    uint32 public lineCount;
    NonceMap.Spent private _nonces;

    modifier onlyReceivables() {
        if (msg.sender != address(_receivables)) revert NotTradeContract(msg.sender);
        _;
    }

    constructor(address network, address ledger, address receivables, address cover)
        LoanBook(ledger, receivables)
        EIP712("Hanse", "1")
    {
        _network = ITrustedNetwork(network);
        _cover = cover;
    }

    /// @inheritdoc ICreditLines
    function publish(LineTerms calldata terms, bytes calldata signature)
        external
        returns (uint32 line, uint16 version)
    {
        if (block.timestamp > terms.deadline) revert SignatureExpired(terms.deadline);
        address key = Signature.actor(_hashTypedDataV4(terms.hash()), signature);
        (uint32 funder,,) = _network.party(key, PUBLISH, FUNDER, 0);
        if (funder != terms.funder) revert NotSignedBy(terms.funder);
        if (!_nonces.spend(funder, terms.nonce)) revert NonceUsed(funder, terms.nonce);
        _checkTerms(terms);

        line = terms.line;
        uint256 usage = _usage[line];
        if (line == 0) {
            line = ++lineCount;
        } else if (usage.funderOfUsage() != funder || usage.currencyOf() != terms.currency) {
            revert UnknownLine(line, uint16(usage.versionOf()));
        }
        if (usage.versionOf() == type(uint16).max) revert InvalidTerms();
        version = uint16(usage.versionOf() + 1);
        _usage[line] = LineWords.packUsage(terms.limit, usage.usedOf(), version, funder, terms.currency);
        _terms[_key(line, version)] = LineWords.packTerms(terms);
        emit LinePublished(line, version, funder, terms);
    }

    /// @inheritdoc ICreditBook
    function reserve(uint256 id, uint256 order, uint256 face, uint256 lanes) external onlyReceivables {
        (uint256 lineId, uint256 pinned) = (OrderWords.lineOf(order), OrderWords.versionOf(order));
        (uint32 line, uint16 version) = (uint32(lineId), uint16(pinned));
        uint256 usage = _usage[line];
        // Only the standing offer: a newer version takes the older one off the table.
        if (pinned == 0 || usage.versionOf() != pinned) revert UnknownLine(line, version);
        uint256 terms = _terms[_key(lineId, pinned)];
        if (block.timestamp > terms.expiryOf()) revert LineExpired(line, version);
        uint32 funder = uint32(terms.funderOf());
        // A loan to oneself would move no cash and still stand before the others' claims.
        if (funder == OrderWords.holderOf(order)) revert FunderIsSupplier(funder);
        uint256 currency = OrderWords.currencyOf(order);
        if (currency != usage.currencyOf()) revert CurrencyDiffers(uint16(currency), uint16(usage.currencyOf()));
        if (!terms.isEligible(lanes)) revert NotEligible(line, uint8(lanes), uint8(lanes >> 8));
        if (face > terms.orderCapOf()) revert OrderCapExceeded(face, terms.orderCapOf());
        _network.requireStanding(funder, FUNDER);

        uint256 amount = terms.mostOf(face);
        uint256 headroom = Waterfall.minusFloor(usage.limitOf(), usage.usedOf());
        if (amount > headroom) revert LimitExceeded(line, amount, headroom);
        uint256 used;
        unchecked {
            // Within the limit, as was tested.
            used = usage.usedOf() + amount;
        }
        _usage[line] = usage.withUsed(used);
        emit Reserved(id, line, version, amount);
        emit LineUsed(line, used);
    }

    /// @inheritdoc ICreditLines
    function draw(Draw calldata request, bytes calldata signature) external {
        if (block.timestamp > request.deadline) revert SignatureExpired(request.deadline);
        (uint256 id, uint256 amount) = (request.order, request.amount);
        (uint256 sums, uint256 order) = _wordsOf(id);
        address key = Signature.actor(_hashTypedDataV4(request.hash()), signature);
        uint256 terms = _termsOf(id, order);
        uint256 supplier = _network.borrower(key, amount, OrderWords.buyerOf(order), terms.funderOf());
        if (supplier != OrderWords.holderOf(order)) revert NotSignedBy(uint32(OrderWords.holderOf(order)));
        LoanWord.Loan memory loan;
        loan.load(_loans[id]);
        if (request.index != loan.draws) revert DrawIndexUsed(request.index, uint16(loan.draws));
        if (OrderWords.hasFlag(order, OrderWords.HOLD) || !_isDrawable(order, loan)) revert DrawsClosed(id);
        uint256 most = _advanceLeft(sums, order, terms, loan.principal);
        if (amount > most) revert AdvanceExceeded(id, amount, most);
        if (amount == 0) revert InvalidTerms();

        if (loan.draws == 0) {
            (loan.rateBps, loan.isAct365) = (terms.rateBpsOf(), terms.isAct365());
            loan.use = terms.mostOf(OrderWords.claimOf(sums));
            loan.since = Clock.time();
        } else {
            _accrue(loan, order);
        }
        uint256 fee = Waterfall.shareUp(amount, terms.feeBpsOf());
        unchecked {
            // R9 was tested: principal stays below a face, draws below their bound, the fee below the amount.
            loan.principal += amount;
            ++loan.draws;
            _loans[id] = loan.pack();
            emit Drawn(id, request.index, amount, fee, loan.principal, loan.accrued);
            _moveOne(OrderWords.currencyOf(order), terms.funderOf(), supplier, amount - fee);
        }
    }

    /// @inheritdoc ICreditLines
    function repay(Repayment calldata repayment, bytes calldata signature) external {
        if (block.timestamp > repayment.deadline) revert SignatureExpired(repayment.deadline);
        (, uint256 order) = _wordsOf(repayment.order);
        LoanWord.Loan memory loan = _loanNow(repayment.order, order);
        uint256 amount = Waterfall.min(repayment.amount, Interest.dueUp(loan.accrued) + loan.principal);
        if (amount == 0) revert NoLoan(repayment.order);
        address key = Signature.actor(_hashTypedDataV4(repayment.hash()), signature);
        // No standing is asked: what a suspended member owes still settles (I-28).
        uint32 payer = _network.signerFor(key, PAY, amount);
        if (payer != repayment.payer) revert NotSignedBy(repayment.payer);
        if (!_nonces.spend(payer, repayment.nonce)) revert NonceUsed(payer, repayment.nonce);

        // A stranger's payment is welcome, but it must not close the supplier's draws (P31).
        if (payer == OrderWords.holderOf(order)) loan.isClosed = 1;
        uint256 funder = _book(loan, repayment.order, OrderWords.lineOf(order), payer, REPAYMENT, amount);
        _moveOne(OrderWords.currencyOf(order), payer, funder, amount);
    }

    /// @inheritdoc ICreditLines
    function recourse(uint256 id) external {
        (uint256 sums, uint256 order) = _wordsOf(id);
        LoanWord.Loan memory loan = _loanNow(id, order);
        uint256 due = _dueFromSupplier(id, sums, order, loan);
        if (due == 0) revert NothingDueFromSupplier(id);
        (uint256 holder, uint256 currency) = (OrderWords.holderOf(order), OrderWords.currencyOf(order));
        uint256 amount = Waterfall.min(due, _ledger.balanceOf(uint16(currency), holder));
        if (amount == 0) revert SupplierShort(id, due);

        loan.isClosed = 1;
        uint256 funder = _book(loan, id, OrderWords.lineOf(order), holder, RECOURSE, amount);
        _moveOne(currency, holder, funder, amount);
    }

    /// @inheritdoc ICreditBook
    function settle(uint256 id, uint256 order, uint256 reserved, uint256 amount)
        external
        onlyReceivables
        returns (uint256 toFunder, uint256 funder)
    {
        return _settle(id, order, reserved, amount);
    }

    /// @inheritdoc ICreditBook
    function collect(uint256 id, uint256 amount, uint32 insurer, uint32 insured)
        external
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
        funder = uint32(_book(loan, id, OrderWords.lineOf(order), insurer, COVER, toFunder));
    }

    /// @inheritdoc ICreditBook
    function accrue(uint256 id, uint256 order) external onlyReceivables {
        LoanWord.Loan memory loan;
        loan.load(_loans[id]);
        if (loan.principal == 0) return;
        _accrue(loan, order);
        _loans[id] = loan.pack();
        emit Accrued(id, loan.accrued);
    }

    /// @inheritdoc ICreditLines
    function loanOf(uint256 id) external view returns (Loan memory) {
        (, uint256 order) = _wordsOf(id);
        uint256 line = OrderWords.lineOf(order);
        LoanWord.Loan memory loan;
        loan.load(_loans[id]);
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
        loan.load(_loans[id]);
        if (OrderWords.hasFlag(order, OrderWords.HOLD) || !_isDrawable(order, loan)) return 0;
        uint256 terms = _termsOf(id, order);
        bool isWelcome = _network.hasStanding(uint32(OrderWords.holderOf(order)), SUPPLIER)
            && _network.hasStanding(uint32(OrderWords.buyerOf(order)), BUYER)
            && _network.hasStanding(uint32(terms.funderOf()), FUNDER);
        if (!isWelcome) return 0;
        uint256 free = _ledger.balanceOf(uint16(OrderWords.currencyOf(order)), terms.funderOf());
        return Waterfall.min(_advanceLeft(sums, order, terms, loan.principal), free);
    }

    /// @inheritdoc ICreditLines
    function dueFromSupplier(uint256 id) external view returns (uint256) {
        (uint256 sums, uint256 order) = _wordsOf(id);
        return _dueFromSupplier(id, sums, order, _loanNow(id, order));
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
