// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LineOffers} from "./LineOffers.sol";
import {OrderBook} from "./OrderBook.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {
    BUYER,
    DRAW,
    FUNDER,
    LineTerms,
    PAY,
    Phase,
    PUBLISH,
    Repayment,
    ReserveMove,
    ReserveRelease,
    SUPPLIER,
    WriteOff
} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Pre-approved working-capital lines and the loans drawn on them: the module for all but reserve and draw
contract CreditLines is LineOffers, ICreditLines, ICreditBook {
    using Legs for uint256;
    using LineWords for uint256;
    using LoanWord for LoanWord.Loan;
    using NonceMap for NonceMap.Spent;
    using OrderWords for OrderWords.Order;
    using TypedHash for LineTerms;
    using TypedHash for Repayment;
    using TypedHash for ReserveMove;
    using TypedHash for ReserveRelease;
    using TypedHash for WriteOff;

    uint8 private constant REPAYMENT = 1;
    uint8 private constant RECOURSE = 2;

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
            (line, usage) = (++_lines, LineWords.newUsage(terms));
        } else if (usage.funderOfUsage() != funder || usage.currencyOf() != terms.currency) {
            revert UnknownLine(line, uint16(usage.versionOf()));
        }
        if (usage.versionOf() == type(uint16).max || usage.isCommitted() != terms.committed) revert InvalidTerms();
        // What orders count on was within the limit, and stays so.
        if (terms.limit < usage.usedOf()) revert LimitExceeded(line, usage.usedOf(), terms.limit);
        version = uint16(usage.versionOf() + 1);
        _usage[line] = usage.withVersion(terms);
        _terms[_key(line, version)] = LineWords.packTerms(terms);
        emit LinePublished(line, version, funder, terms);
    }

    /// @inheritdoc ICreditLines
    function repay(Repayment calldata repayment, bytes calldata signature) external onlyInBook {
        if (block.timestamp > repayment.deadline) revert SignatureExpired(repayment.deadline);
        (uint256 sums, uint256 order) = _wordsOf(repayment.order);
        LoanWord.Loan memory loan = _loanNow(repayment.order, order);
        uint256 amount = Waterfall.min(repayment.amount, Interest.dueUp(loan.accrued) + loan.principal);
        if (amount == 0) revert NoLoan(repayment.order);
        address key = Signature.actor(_digest(repayment.hash()), signature);
        // No standing is asked: what a suspended member owes still settles (I-28).
        uint32 payer = _network.signerFor(key, PAY, amount);
        if (payer != repayment.payer) revert NotSignedBy(repayment.payer);
        if (!_nonces.spend(payer, repayment.nonce)) revert NonceUsed(payer, repayment.nonce);

        uint256 lent = loan.principal;
        // A stranger's payment is welcome, but it must not close the supplier's draws (P31).
        if (payer == OrderWords.holderOf(order)) loan.isClosed = 1;
        uint256 line = OrderWords.lineOf(order);
        uint256 funder = _bookPayment(loan, repayment.order, line, payer, REPAYMENT, amount);
        uint256 legs = Legs.start(OrderWords.currencyOf(order));
        // What may be drawn again on a committed line must lie there again (I-11).
        bool isKept = loan.isClosed == 0 && _usage[line].isCommitted();
        uint256 kept = isKept ? lent - loan.principal : 0;
        legs.add(payer, funder, amount - kept);
        legs.add(payer, _reserveAccount(repayment.order), kept);
        legs.send(_ledger);
        // R10: where a claim was cut below what is lent, the line counts the principal, and that is less now.
        uint256 claim = OrderWords.claimOf(sums);
        if (loan.use == lent) _resizeReserve(repayment.order, order, claim, claim);
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
        uint256 to;
        (toFunder, to) = _collect(id, amount, insurer, insured);
        return (toFunder, uint32(to));
    }

    /// @inheritdoc ICreditBook
    function collectMany(Claim[] calldata claims, uint32 insurer)
        external
        onlyInBook
        returns (uint256[] memory parts)
    {
        if (msg.sender != _cover) revert NotTradeContract(msg.sender);
        parts = new uint256[](claims.length);
        // At most 50, by the batch of DisruptionCover.
        for (uint256 i; i < parts.length; ++i) {
            Claim calldata claim = claims[i];
            (uint256 toFunder, uint256 funder) = _collect(claim.order, claim.amount, insurer, claim.insured);
            parts[i] = toFunder | funder << 64;
        }
    }

    /// @inheritdoc ICreditLines
    function release(ReserveRelease calldata request, bytes calldata signature) external onlyInBook {
        uint256 id = request.order;
        (uint256 sums, uint256 order) = _wordsOf(id);
        uint256 terms = _termsOf(id, order);
        LoanWord.Loan memory loan = _loanNow(id, order);
        bool isOver = OrderWords.hasFlag(order, OrderWords.DRAWS_CLOSED) || loan.isClosed == 1;
        if (isOver || OrderWords.phaseOf(order) == uint256(Phase.Closed)) revert DrawsClosed(id);
        uint32 member;
        if (block.timestamp <= OrderWords.expiryOf(order)) {
            member = request.member;
            if (block.timestamp > request.deadline) revert SignatureExpired(request.deadline);
            bool isFunder = member == terms.funderOf();
            if (!isFunder && member != OrderWords.holderOf(order)) revert NotSignedBy(member);
            if (isFunder && terms.hasCommitment()) revert NotReleasable(id);
            address key = Signature.actor(_digest(request.hash()), signature);
            // No standing is asked: who may lend or draw nothing any more must be able to let go.
            if (_network.signer(key, isFunder ? PUBLISH : DRAW) != member) revert NotSignedBy(member);
        }
        emit ReserveReleased(id, member);
        if (loan.draws == 0) {
            _closeUndrawn(loan, id, order, OrderWords.claimOf(sums));
        } else {
            loan.isClosed = 1;
            _bookPayment(loan, id, OrderWords.lineOf(order), 0, 0, 0);
        }
    }

    /// @inheritdoc ICreditLines
    function moveReserve(ReserveMove calldata request, bytes calldata signature) external onlyInBook {
        if (block.timestamp > request.deadline) revert SignatureExpired(request.deadline);
        uint256 id = request.order;
        (uint256 sums, uint256 order) = _wordsOf(id);
        _checkUndrawn(request, order);
        uint256 terms = _terms[_key(request.line, request.version)];
        if (terms == 0) revert UnknownLine(request.line, request.version);
        address key = Signature.actor(_digest(request.hash()), signature);
        (uint256 buyer, uint256 supplier) = (OrderWords.buyerOf(order), OrderWords.holderOf(order));
        uint256 signer = _network.borrower(key, 0, buyer, terms.funderOf(), OrderWords.currencyOf(order));
        if (signer != supplier) revert NotSignedBy(uint32(supplier));
        if (!_nonces.spend(uint32(supplier), request.nonce)) revert NonceUsed(uint32(supplier), request.nonce);

        uint256 claim = OrderWords.claimOf(sums);
        if (request.fromLine != 0) _release(id, order, claim);
        order = OrderWords.withLine(order, request.line, request.version);
        _words[id].terms = order;
        uint256 lanes = _network.memberOf(uint32(buyer)).lane;
        _reserve(id, terms, order, claim, lanes | uint256(_network.memberOf(uint32(supplier)).lane) << 8);
    }

    /// @inheritdoc ICreditLines
    function writeOff(WriteOff calldata request, bytes calldata signature) external onlyInBook {
        if (block.timestamp > request.deadline) revert SignatureExpired(request.deadline);
        uint256 id = request.order;
        (, uint256 order) = _wordsOf(id);
        uint256 maturity = OrderWords.baseOf(order) + _termsOf(id, order).graceOf();
        if (block.timestamp < maturity) revert NotMatured(id, maturity);
        uint256 line = OrderWords.lineOf(order);
        uint256 usage = _usage[line];
        uint256 funder = usage.funderOfUsage();
        address key = Signature.actor(_digest(request.hash()), signature);
        if (_network.signer(key, PUBLISH) != funder || request.funder != funder) revert NotSignedBy(uint32(funder));
        LoanWord.Loan memory loan = _loanNow(id, order);
        if (loan.principal == 0 || loan.isWrittenOff()) revert NoLoan(id);

        // A sum over all time; at the end of its field it stands still.
        uint256 lost = Waterfall.min(usage.lostOf() + loan.principal, type(uint56).max);
        usage = usage.withUsed(usage.usedOf() - loan.use).withLost(lost);
        (loan.use, loan.isClosed) = (0, 1);
        _usage[line] = usage;
        _words[id].loan = loan.pack();
        emit WrittenOff(id, uint32(line), loan.principal, loan.accrued, usage.usedOf(), usage.lostOf());
        if (usage.isCommitted()) _giveBack(id, usage);
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
            drawsClosed: !_isDrawable(id, order, loan),
            maturity: uint32(Waterfall.min(maturity, Clock.LAST)),
            writtenOff: loan.isWrittenOff()
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
        return word.toLineTerms(line, _usage[line]);
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
        if (OrderWords.hasFlag(order, OrderWords.HOLD) || !_isDrawable(id, order, loan)) return 0;
        uint256 terms = _termsOf(id, order);
        uint16 currency = uint16(OrderWords.currencyOf(order));
        bool isWelcome = _network.isTrading(uint32(OrderWords.holderOf(order)), SUPPLIER, currency)
            && _network.isTrading(uint32(OrderWords.buyerOf(order)), BUYER, currency)
            && _network.isTrading(uint32(terms.funderOf()), FUNDER, currency);
        if (!isWelcome) return 0;
        uint256 payer = terms.hasCommitment() ? _reserveAccount(id) : terms.funderOf();
        (uint256 free,) = _ledger.freeOf(currency, payer);
        return Waterfall.min(_advanceLeft(sums, order, terms, loan.principal), free);
    }

    /// @inheritdoc ICreditLines
    function dueFromSupplier(uint256 id) external view returns (uint256) {
        (uint256 sums, uint256 order) = _wordsOf(id);
        return _dueFromSupplier(id, sums, order, _loanNow(id, order));
    }

    /// @inheritdoc ICreditLines
    function lossOf(uint32 line) external view returns (uint256) {
        return _usage[line].lostOf();
    }

    /// @inheritdoc ICreditLines
    function reserveAccountOf(uint256 id) external pure returns (uint256) {
        return _reserveAccount(id);
    }

    /// @inheritdoc ICreditLines
    function offer(uint32 line, Wish calldata wish) external view returns (Offer memory) {
        return _offer(line, wish);
    }

    /// @inheritdoc ICreditLines
    function offers(uint32 first, uint32 count, Wish calldata wish) external view returns (Offer[] memory found) {
        uint256 end = Waterfall.min(uint256(first) + count, uint256(_lines) + 1);
        found = new Offer[](Waterfall.minusFloor(end, first));
        // A view, bounded by what the caller asks for.
        for (uint256 i; i < found.length; ++i) {
            found[i] = _offer(uint32(first + i), wish);
        }
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
                || terms.commitmentBps > (terms.committed ? LineWords.MOST_COMMITMENT_BPS : 0)
                || terms.longestDays > LineWords.MOST_LONGEST_DAYS
        ) revert InvalidTerms();
        // Reverts for a currency the ledger does not know (P04).
        _ledger.tokenOf(terms.currency);
    }

    /// @dev Whether the reserve lies where the supplier thinks, undrawn, and may still be drawn on elsewhere.
    function _checkUndrawn(ReserveMove calldata request, uint256 order) private view {
        uint256 id = request.order;
        if (OrderWords.lineOf(order) != request.fromLine || OrderWords.versionOf(order) != request.fromVersion) {
            revert NotReservedOn(id, request.fromLine, request.fromVersion);
        }
        LoanWord.Loan memory loan;
        loan.load(_words[id].loan);
        if (loan.draws != 0) revert AlreadyDrawn(id);
        // A standing offer is for orders in order: none that is held, disputed or late comes to it this way.
        OrderWords.Order memory whole;
        _load(whole, id);
        bool isHeld = whole.has(OrderWords.HOLD) || whole.disputed() != 0;
        if (isHeld || !_isOpenForDraws(id, order, loan)) revert DrawsClosed(id);
    }
}
