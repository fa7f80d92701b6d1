// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {Interest} from "./lib/Interest.sol";
import {LineWords} from "./lib/LineWords.sol";
import {LoanWord} from "./lib/LoanWord.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {DRAW, Draw, FUNDER, LineTerms, PAY, Phase, PUBLISH, Repayment, SUPPLIER} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Pre-approved working-capital lines and the loans drawn on them
contract CreditLines is ICreditLines, ICreditBook, EIP712 {
    using LineWords for uint256;
    using LineWords for LineWords.Pinned;
    using LineWords for LineWords.Usage;
    using LoanWord for uint256;
    using LoanWord for LoanWord.Loan;
    using OrderWords for OrderWords.Order;
    using TypedHash for Draw;
    using TypedHash for LineTerms;
    using TypedHash for Repayment;

    uint8 private constant SETTLEMENT = 0;
    uint8 private constant REPAYMENT = 1;
    uint8 private constant RECOURSE = 2;
    uint256 private constant LAST_TIME = type(uint32).max;

    ITrustedNetwork private immutable _network;
    ICashLedger private immutable _ledger;
    IReceivables private immutable _receivables;
    address private immutable _cover;

    /// @inheritdoc ICreditLines
    uint32 public lineCount;
    mapping(uint256 lineAndVersion => uint256) private _terms;
    mapping(uint32 line => uint256) private _usage;
    mapping(uint256 order => uint256) private _loans;
    mapping(uint32 member => mapping(uint256 word => uint256)) private _nonces;

    modifier onlyReceivables() {
        if (msg.sender != address(_receivables)) revert NotTradeContract(msg.sender);
        _;
    }

    constructor(address network, address ledger, address receivables, address cover) EIP712("Hanse", "1") {
        _network = ITrustedNetwork(network);
        _ledger = ICashLedger(ledger);
        _receivables = IReceivables(receivables);
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
        _useNonce(funder, terms.nonce);
        _checkTerms(terms);

        line = terms.line;
        LineWords.Usage memory usage = _usage[line].unpackUsage();
        if (line == 0) {
            line = ++lineCount;
            (usage.funder, usage.currency) = (funder, terms.currency);
        } else if (usage.funder != funder || usage.currency != terms.currency) {
            revert UnknownLine(line, uint16(usage.version));
        }
        if (usage.version == type(uint16).max) revert InvalidTerms();
        version = uint16(++usage.version);
        usage.limit = terms.limit;
        _usage[line] = usage.pack();
        _terms[_key(line, version)] = LineWords.packTerms(terms);
        emit LinePublished(line, version, funder, terms);
    }

    /// @inheritdoc ICreditBook
    function reserve(Request calldata request) external onlyReceivables {
        (uint32 line, uint16 version) = (request.line, request.version);
        LineWords.Usage memory usage = _usage[line].unpackUsage();
        // Only the standing offer: a newer version takes the older one off the table.
        if (version == 0 || usage.version != version) revert UnknownLine(line, version);
        LineWords.Pinned memory terms = _terms[_key(line, version)].unpackTerms();
        if (block.timestamp > terms.expiry) revert LineExpired(line, version);
        if (request.currency != usage.currency) revert CurrencyDiffers(request.currency, uint16(usage.currency));
        if (
            (terms.buyerLanes >> request.buyerLane) & 1 == 0 || (terms.supplierLanes >> request.supplierLane) & 1 == 0
        ) revert NotEligible(line, request.buyerLane, request.supplierLane);
        if (request.face > terms.orderCap) revert OrderCapExceeded(request.face, terms.orderCap);
        _network.requireStanding(uint32(usage.funder), FUNDER);

        uint256 amount = terms.mostOf(request.face);
        uint256 headroom = Waterfall.minusFloor(usage.limit, usage.used);
        if (amount > headroom) revert LimitExceeded(line, amount, headroom);
        usage.used += amount;
        _usage[line] = usage.pack();
        emit Reserved(request.order, line, version, amount);
        emit LineUsed(line, usage.used);
    }

    /// @inheritdoc ICreditLines
    function draw(Draw calldata request, bytes calldata signature) external {
        if (block.timestamp > request.deadline) revert SignatureExpired(request.deadline);
        OrderWords.Order memory order = _orderOf(request.order);
        address key = Signature.actor(_hashTypedDataV4(request.hash()), signature);
        (uint32 supplier,,) = _network.party(key, DRAW, SUPPLIER, request.amount);
        if (supplier != order.holder) revert NotSignedBy(uint32(order.holder));
        LineWords.Pinned memory terms = _pinned(order);
        _network.requireStanding(uint32(terms.funder), FUNDER);
        LoanWord.Loan memory loan = _loans[order.id].unpack();
        if (request.index != loan.draws) revert DrawIndexUsed(request.index, uint16(loan.draws));
        if (order.has(OrderWords.HOLD) || !_isDrawable(order, loan)) revert DrawsClosed(order.id);
        uint256 most = _advanceLeft(order, terms, loan.principal);
        if (request.amount > most) revert AdvanceExceeded(order.id, request.amount, most);
        if (request.amount == 0) revert InvalidTerms();

        if (loan.draws == 0) {
            (loan.rateBps, loan.isAct365) = (terms.rateBps, terms.isAct365);
            loan.use = terms.mostOf(order.claim());
        } else {
            _accrue(loan, order.line, order.version, order.base());
        }
        uint256 fee = Waterfall.shareUp(request.amount, terms.feeBps);
        loan.since = block.timestamp;
        loan.principal += request.amount;
        ++loan.draws;
        _loans[order.id] = loan.pack();
        emit Drawn(order.id, request.index, request.amount, fee, loan.principal, loan.accrued);
        _moveOne(order.currency, terms.funder, supplier, request.amount - fee);
    }

    /// @inheritdoc ICreditLines
    function repay(Repayment calldata repayment, bytes calldata signature) external {
        if (block.timestamp > repayment.deadline) revert SignatureExpired(repayment.deadline);
        OrderWords.Order memory order = _orderOf(repayment.order);
        LoanWord.Loan memory loan = _loanOf(order);
        (uint256 interest, uint256 principal) = (Interest.dueUp(loan.accrued), loan.principal);
        uint256 amount = Waterfall.min(repayment.amount, interest + principal);
        if (amount == 0) revert NoLoan(order.id);
        address key = Signature.actor(_hashTypedDataV4(repayment.hash()), signature);
        // No standing is asked: what a suspended member owes still settles (I-28).
        uint32 payer = _network.signerFor(key, PAY, amount);
        if (payer != repayment.payer) revert NotSignedBy(repayment.payer);
        _useNonce(payer, repayment.nonce);

        Pledge memory pledge = _pledge(order, payer);
        uint256 funder = _book(loan, pledge, REPAYMENT, amount, payer == order.holder);
        _moveOne(order.currency, payer, funder, amount);
    }

    /// @inheritdoc ICreditLines
    function recourse(uint256 id) external {
        OrderWords.Order memory order = _orderOf(id);
        LoanWord.Loan memory loan = _loanOf(order);
        uint256 due = _dueFromSupplier(order, loan);
        if (due == 0) revert NothingDueFromSupplier(id);
        uint256 amount = Waterfall.min(due, _ledger.balanceOf(uint16(order.currency), order.holder));
        if (amount == 0) revert SupplierShort(id, due);

        uint256 funder = _book(loan, _pledge(order, order.holder), RECOURSE, amount, true);
        _moveOne(order.currency, order.holder, funder, amount);
    }

    /// @inheritdoc ICreditBook
    function settle(Pledge calldata pledge, uint256 amount)
        external
        onlyReceivables
        returns (uint256 toFunder, uint32 funder)
    {
        return _settle(pledge, amount, SETTLEMENT);
    }

    /// @inheritdoc ICreditBook
    function collect(uint256 id, uint256 amount, uint8 source)
        external
        returns (uint256 toFunder, uint32 funder)
    {
        if (msg.sender != _cover) revert NotTradeContract(msg.sender);
        OrderWords.Order memory order = _orderOf(id);
        if (order.line == 0) return (0, 0);
        return _settle(_pledge(order, order.buyer), amount, source);
    }

    /// @inheritdoc ICreditBook
    function accrue(Pledge calldata pledge) external onlyReceivables {
        LoanWord.Loan memory loan = _loans[pledge.order].unpack();
        if (loan.principal == 0) return;
        _accrue(loan, pledge.line, pledge.version, pledge.base);
        _loans[pledge.order] = loan.pack();
        emit Accrued(pledge.order, loan.accrued);
    }

    /// @inheritdoc ICreditLines
    function loanOf(uint256 id) external view returns (Loan memory) {
        OrderWords.Order memory order = _orderOf(id);
        LoanWord.Loan memory loan = _loans[id].unpack();
        uint256 maturity = order.line == 0 ? 0 : order.base() + _pinned(order).graceDays * 1 days;
        return Loan({
            line: uint32(order.line),
            version: uint16(order.version),
            principal: uint56(loan.principal),
            accrued: uint88(loan.accrued),
            since: uint32(loan.since),
            draws: uint16(loan.draws),
            drawsClosed: !_isDrawable(order, loan),
            maturity: uint32(Waterfall.min(maturity, LAST_TIME))
        });
    }

    /// @inheritdoc ICreditLines
    function outstandingOf(uint256 id) external view returns (uint256 interest, uint256 principal) {
        LoanWord.Loan memory loan = _loanOf(_orderOf(id));
        return (Interest.dueUp(loan.accrued), loan.principal);
    }

    /// @inheritdoc ICreditLines
    function termsOf(uint32 line, uint16 version) external view returns (LineTerms memory terms) {
        uint256 word = _terms[_key(line, version)];
        if (word == 0) revert UnknownLine(line, version);
        return LineWords.toLineTerms(word, line, uint56(_usage[line].unpackUsage().limit));
    }

    /// @inheritdoc ICreditLines
    function usageOf(uint32 line) external view returns (uint256 limit, uint256 used, uint16 version) {
        LineWords.Usage memory usage = _usage[line].unpackUsage();
        return (usage.limit, usage.used, uint16(usage.version));
    }

    /// @inheritdoc ICreditLines
    function drawableOf(uint256 id) external view returns (uint256) {
        OrderWords.Order memory order = _orderOf(id);
        LoanWord.Loan memory loan = _loans[id].unpack();
        if (order.has(OrderWords.HOLD) || !_isDrawable(order, loan)) return 0;
        LineWords.Pinned memory terms = _pinned(order);
        uint256 free = _ledger.balanceOf(uint16(order.currency), terms.funder);
        return Waterfall.min(_advanceLeft(order, terms, loan.principal), free);
    }

    /// @inheritdoc ICreditLines
    function dueFromSupplier(uint256 id) external view returns (uint256) {
        OrderWords.Order memory order = _orderOf(id);
        return _dueFromSupplier(order, _loanOf(order));
    }

    /// @inheritdoc ICreditLines
    function isNonceUsed(uint32 member, uint64 nonce) external view returns (bool) {
        return (_nonces[member][nonce >> 8] >> (nonce & 0xFF)) & 1 == 1;
    }

    function _settle(Pledge memory pledge, uint256 amount, uint8 source)
        private
        returns (uint256 toFunder, uint32 funder)
    {
        LoanWord.Loan memory loan = _loans[pledge.order].unpack();
        if (loan.draws == 0) {
            if (pledge.reserved != 0 && !loan.isClosed) _release(pledge);
            if (source != SETTLEMENT) {
                // Receivables marks the order itself; a cover's payout is remembered here.
                loan.isClosed = true;
                _loans[pledge.order] = loan.pack();
            }
            return (0, 0);
        }
        if (loan.principal == 0 && loan.use == 0) return (0, 0);
        _accrue(loan, pledge.line, pledge.version, pledge.base);
        toFunder = Waterfall.min(amount, Interest.dueUp(loan.accrued) + loan.principal);
        funder = uint32(_book(loan, pledge, source, toFunder, true));
    }

    /// @dev Book a payment into an accrued loan, at most what is outstanding: interest, then principal (R8).
    function _book(LoanWord.Loan memory loan, Pledge memory pledge, uint8 source, uint256 amount, bool closesDraws)
        private
        returns (uint256 funder)
    {
        (uint256 interest, uint256 principal) =
            Waterfall.split(amount, Interest.dueUp(loan.accrued), loan.principal);
        loan.accrued = Interest.afterPayment(loan.accrued, interest);
        loan.principal -= principal;
        if (closesDraws) loan.isClosed = true;
        LineWords.Usage memory usage = _usage[uint32(pledge.line)].unpackUsage();
        uint256 use = loan.isClosed ? loan.principal : loan.use;
        if (use != loan.use) {
            usage.used = usage.used + use - loan.use;
            loan.use = use;
            _usage[pledge.line] = usage.pack();
            emit LineUsed(pledge.line, usage.used);
        }
        _loans[pledge.order] = loan.pack();
        // Counted up to now even where nothing is paid: whoever keeps books from events must hear of it.
        if (amount == 0) emit Accrued(pledge.order, loan.accrued);
        else emit Repaid(pledge.order, source, pledge.payer, interest, principal, loan.principal, loan.accrued);
        return usage.funder;
    }

    /// @dev An undrawn reserve goes back to the line.
    function _release(Pledge memory pledge) private {
        LineWords.Usage memory usage = _usage[pledge.line].unpackUsage();
        usage.used -= _terms[_key(pledge.line, pledge.version)].unpackTerms().mostOf(pledge.reserved);
        _usage[pledge.line] = usage.pack();
        emit LineUsed(pledge.line, usage.used);
    }

    /// @dev The line's terms are read only where maturity may have passed: before the base date it cannot.
    function _accrue(LoanWord.Loan memory loan, uint256 line, uint256 version, uint256 base) private view {
        uint256 maturity = type(uint256).max;
        uint256 lateBps;
        if (block.timestamp > base) {
            LineWords.Pinned memory terms = _terms[_key(line, version)].unpackTerms();
            (maturity, lateBps) = (base + terms.graceDays * 1 days, terms.lateBps);
        }
        loan.accrued = Interest.accrueAcrossUp(
            loan.accrued, loan.principal, loan.rateBps, lateBps, loan.since, block.timestamp, maturity, loan.basis()
        );
        loan.since = block.timestamp;
    }

    function _dueFromSupplier(OrderWords.Order memory order, LoanWord.Loan memory loan)
        private
        view
        returns (uint256)
    {
        if (loan.principal == 0) return 0;
        LineWords.Pinned memory terms = _pinned(order);
        uint256 interest = Interest.dueUp(loan.accrued);
        if (block.timestamp >= order.base() + terms.graceDays * 1 days) {
            // What the buyer leaves unpaid is the supplier's only with recourse; non-performance always is.
            (uint256 unpaid,) = _receivables.payableNow(order.id);
            if (terms.hasRecourse || unpaid == 0) return interest + loan.principal;
        }
        uint256 excess = Waterfall.minusFloor(loan.principal, terms.mostOf(order.claim() - order.paid));
        // Interest is served first, so the excess is cured only by both.
        return excess == 0 ? 0 : interest + excess;
    }

    function _isDrawable(OrderWords.Order memory order, LoanWord.Loan memory loan) private view returns (bool) {
        bool isOpen = order.line != 0 && order.phase != Phase.Closed && block.timestamp <= order.expiry;
        return isOpen && !order.has(OrderWords.DRAWS_CLOSED) && !loan.isClosed && loan.draws < LoanWord.MOST_DRAWS;
    }

    /// @dev R9 at this moment. A first payment closes draws, so nothing is paid here.
    function _advanceLeft(OrderWords.Order memory order, LineWords.Pinned memory terms, uint256 principal)
        private
        pure
        returns (uint256)
    {
        uint256 base = order.claim() - order.paid;
        return Waterfall.minusFloor(Waterfall.shareDown(base, terms.advance(order.phase)), principal);
    }

    /// @dev The loan of an order, accrued up to now.
    function _loanOf(OrderWords.Order memory order) private view returns (LoanWord.Loan memory loan) {
        loan = _loans[order.id].unpack();
        if (loan.draws != 0) _accrue(loan, order.line, order.version, order.base());
    }

    function _orderOf(uint256 id) private view returns (OrderWords.Order memory) {
        (uint256 sums, uint256 terms) = _receivables.wordsOf(id);
        if (terms == 0) revert IReceivables.UnknownOrder(id);
        return OrderWords.unpack(id, sums, terms);
    }

    function _pinned(OrderWords.Order memory order) private view returns (LineWords.Pinned memory) {
        if (order.line == 0) revert NoLoan(order.id);
        return _terms[_key(order.line, order.version)].unpackTerms();
    }

    function _pledge(OrderWords.Order memory order, uint256 payer) private pure returns (Pledge memory) {
        return Pledge({
            order: order.id,
            line: uint32(order.line),
            version: uint16(order.version),
            payer: uint32(payer),
            base: uint32(order.base()),
            reserved: uint56(order.reserved())
        });
    }

    function _key(uint256 line, uint256 version) private pure returns (uint256) {
        return line << 16 | version;
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

    function _useNonce(uint32 member, uint64 nonce) private {
        uint256 word = _nonces[member][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xFF);
        if (word & bit != 0) revert NonceUsed(member, nonce);
        _nonces[member][nonce >> 8] = word | bit;
    }

    function _moveOne(uint256 currency, uint256 from, uint256 to, uint256 amount) private {
        ICashLedger.Leg[] memory legs = new ICashLedger.Leg[](1);
        legs[0] = ICashLedger.Leg(from, to, amount);
        _ledger.move(uint16(currency), legs);
    }
}
