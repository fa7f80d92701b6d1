// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {OrderSettlement} from "./OrderSettlement.sol";
import {ReceivableToken} from "./ReceivableToken.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Clock} from "./lib/Clock.sol";
import {Interest} from "./lib/Interest.sol";
import {OrderNumber} from "./lib/OrderNumber.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {
    Acceptance,
    Attestation,
    BUYER,
    FundBy,
    Phase,
    PurchaseOrder,
    SettleOn,
    SIGN_ORDER,
    SUPPLIER
} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Orders as receivables: the verbs and views
contract Receivables is OrderSettlement, ReceivableToken, EIP712 {
    using MessageHashUtils for bytes32;
    using OrderWords for OrderWords.Order;
    using TypedHash for Acceptance;
    using TypedHash for PurchaseOrder;

    uint256 private constant POSTING_GRACE = 5 days;
    // A loan matures by expiry or due date: neither may lie so far off that it never falls due.
    uint256 private constant LONGEST_LIFE = 730 days;
    uint16 private constant LONGEST_TENOR = 365;

    address private immutable _clearance;
    IReceivables public immutable predecessor;

    constructor(address network, address ledger, address creditLines, address clearanceOracle, address predecessor_)
        OrderSettlement(ledger, creditLines)
        ReceivableToken(network)
        EIP712("Hanse", "1")
    {
        _clearance = clearanceOracle;
        predecessor = IReceivables(predecessor_);
    }

    /// @inheritdoc IReceivables
    function accept(
        PurchaseOrder calldata order,
        Acceptance calldata acceptance,
        bytes calldata buyerSignature,
        bytes calldata supplierSignature
    ) external returns (uint256 id) {
        string calldata number = order.number;
        (uint256 buyer, uint256 supplier) = (order.buyer, order.supplier);
        if (buyer == supplier) revert PartiesNotDistinct();
        _checkTerms(order, number);
        if (block.timestamp > acceptance.deadline) revert SignatureExpired(acceptance.deadline);
        bytes32 numberHash = keccak256(bytes(number));
        bytes32 signed = order.hash(numberHash);
        if (acceptance.order != signed) revert AcceptanceOfOtherOrder();
        uint256 lanes;
        address account;
        {
            bytes32 domain = _domainSeparatorV4();
            address buyerKey = Signature.actor(domain.toTypedDataHash(signed), buyerSignature);
            address supplierKey = Signature.actor(domain.toTypedDataHash(acceptance.hash()), supplierSignature);
            bytes20 buyerLei;
            bytes20 supplierLei;
            (buyerLei, supplierLei, lanes, account) = _requireParties(buyer, supplier, buyerKey, supplierKey);
            id = _fingerprint(buyerLei, supplierLei, numberHash, order.year);
        }
        Words storage words = _words[id];
        if (words.terms != 0 || _isOfPredecessor(id)) revert AlreadyAccepted(id);

        uint256 line = acceptance.line;
        uint256 version = line == 0 ? 0 : acceptance.version;
        uint256 terms = _open(words, order, buyer | supplier << 32 | line << 64 | version << 224);
        _tell(id, order, number, signed, terms);
        _mint(supplier, account, id);
        if (line == 0) {
            // Reverts for a currency the ledger does not know (P04); a line's currency was asked when it opened.
            _ledger.tokenOf(order.currency);
        } else {
            _credit.reserve(id, terms, order.face, lanes);
        }
        if (order.fundBy == FundBy.Accepted) _lockAll(id, order.currency, order.buyer, order.face);
    }

    /// @inheritdoc IReceivables
    function record(Attestation calldata attestation, uint32 treasury) external {
        if (msg.sender != _clearance) revert NotClearanceOracle(msg.sender);
        OrderWords.Order memory order;
        _loadOpen(order, attestation.order);
        _checkState(order, attestation);

        // What was late stays late for the time before this state.
        uint256 late = order.has(OrderWords.LATE) ? _lateNow(order) : 0;
        bool isRefused = attestation.refused;
        uint256 dutyWord = _take(order, attestation, isRefused, treasury);
        // A whole state says "refused" again and again; a hold in between must not reduce what was delivered.
        if (isRefused && !order.has(OrderWords.LAPSED)) _reduceUndelivered(order);
        if (OrderWords.fundByOf(order.terms) >= uint256(FundBy.Shipped)) _lockBy(order);
        _pay(order, late, dutyWord);
    }

    /// @inheritdoc IReceivables
    function settle(uint256 id) external {
        OrderWords.Order memory order;
        _loadOpen(order, id);
        if (order.has(OrderWords.HOLD)) revert OnHold(id);
        uint256 late = _lateNow(order);
        Payment memory payment;
        _compute(payment, order, late);
        uint256 paying = payment.face + payment.late + payment.duty;
        uint256 unpaid = payment.faceUnpaid + payment.lateUnpaid + payment.dutyUnpaid;
        if (paying + unpaid == 0) revert NothingDue(id);
        // Face found unpaid for the first time starts the late charge; else nothing would change.
        bool isNews = payment.faceUnpaid != 0 && !order.has(OrderWords.LATE);
        if (paying == 0 && !isNews) revert BuyerShort(unpaid, 0);
        _pay(order, late, 0);
    }

    /// @inheritdoc IReceivables
    function lapse(uint256 id) external {
        OrderWords.Order memory order;
        _loadOpen(order, id);
        uint256 until = OrderWords.expiryOf(order.terms) + POSTING_GRACE;
        if (block.timestamp <= until) revert NotExpired(uint32(Waterfall.min(until, Clock.LAST)));
        if (order.has(OrderWords.LAPSED)) {
            // A release taken back since leaves another part undelivered, unless it only stands still under a hold.
            if (order.has(OrderWords.HOLD)) revert OnHold(id);
            if (_undelivered(order) == 0) revert NothingDue(id);
        }
        uint256 late = _lateNow(order);
        _reduceUndelivered(order);
        _pay(order, late, 0);
    }

    /// @inheritdoc IReceivables
    function positionOf(uint256 id) external view returns (Position memory position) {
        OrderWords.Order memory order;
        _load(order, id);
        uint256 terms = order.terms;
        position.buyer = uint32(OrderWords.buyerOf(terms));
        position.holder = uint32(OrderWords.holderOf(terms));
        position.line = uint32(OrderWords.lineOf(terms));
        position.version = uint16(OrderWords.versionOf(terms));
        position.currency = uint16(OrderWords.currencyOf(terms));
        position.jurisdiction = uint16(OrderWords.jurisdictionOf(terms));
        position.phase = Phase(order.phase);
        position.settleOn = SettleOn(OrderWords.settleOnOf(terms));
        position.fundBy = FundBy(OrderWords.fundByOf(terms));
        position.hold = order.has(OrderWords.HOLD);
        position.tenorDays = uint16(OrderWords.tenorOf(terms));
        position.lateBps = uint16(OrderWords.lateBpsOf(terms));
        position.due = uint32(order.due);
        position.expiry = uint32(OrderWords.expiryOf(terms));
        position.seq = uint32(order.seq);
        position.face = uint56(order.face);
        position.reduced = uint56(order.reduced);
        position.paid = uint56(order.paid);
        position.released = uint56(order.released);
        position.lapsed = order.has(OrderWords.LAPSED);
        position.drawsClosed = order.has(OrderWords.DRAWS_CLOSED);
        position.settlements = uint16(order.settlements);
        (uint256 cap, uint256 paid, uint256 demanded,) = OrderWords.unpackDuty(_words[id].duty);
        (position.dutyCap, position.dutyPaid, position.dutyDemanded) = (uint56(cap), uint56(paid), uint56(demanded));
        (uint256 accrued, uint256 since) = OrderWords.unpackLate(_words[id].late);
        (position.lateAccrued, position.lateSince) = (uint88(accrued), uint32(since));
    }

    /// @inheritdoc IReceivables
    function wordsOf(uint256 id) external view returns (uint256 sums, uint256 terms) {
        return (_words[id].sums, _words[id].terms);
    }

    /// @inheritdoc IReceivables
    function payableNow(uint256 id) external view returns (uint256 payable_, uint256 covered) {
        OrderWords.Order memory order;
        _load(order, id);
        payable_ = _payable(order);
        (uint256 held, uint256 free) = _cashFor(order);
        covered = Waterfall.min(payable_, held + free);
    }

    /// @inheritdoc IReceivables
    function lateOf(uint256 id) external view returns (uint256) {
        OrderWords.Order memory order;
        _load(order, id);
        return Interest.dueUp(_lateNow(order));
    }

    /// @inheritdoc IReceivables
    function lapseAt(uint256 id) external view returns (uint32) {
        OrderWords.Order memory order;
        _load(order, id);
        return uint32(Waterfall.min(OrderWords.expiryOf(order.terms) + POSTING_GRACE, Clock.LAST));
    }

    /// @inheritdoc IReceivables
    function termsHash(PurchaseOrder calldata order) external pure returns (bytes32) {
        return order.hash(keccak256(bytes(order.number)));
    }

    /// @inheritdoc IReceivables
    function isKnown(uint256 id) external view returns (bool) {
        return _words[id].terms != 0 || _isOfPredecessor(id);
    }

    /// @inheritdoc IReceivables
    function fingerprint(bytes20 buyerLei, bytes20 supplierLei, string calldata number, uint16 year)
        external
        pure
        returns (uint256)
    {
        return _fingerprint(buyerLei, supplierLei, keccak256(bytes(number)), year);
    }

    function _isOfPredecessor(uint256 id) private view returns (bool) {
        return address(predecessor) != address(0) && predecessor.isKnown(id);
    }

    function _holderOf(uint256 id) internal view override returns (uint256) {
        return uint32(_words[id].terms >> 32);
    }

    /// @dev Whose signatures they are, and whether both members are in good standing now.
    function _requireParties(uint256 buyer, uint256 supplier, address buyerKey, address supplierKey)
        private
        view
        returns (bytes20 buyerLei, bytes20 supplierLei, uint256 lanes, address account)
    {
        uint256 signer;
        uint256 other;
        (signer, buyerLei, other, supplierLei, lanes, account) = _network.counterparties(buyerKey, supplierKey);
        if (signer != buyer) revert NotSignedBy(uint32(buyer));
        if (other != supplier) revert NotSignedBy(uint32(supplier));
    }

    /// @dev keccak256(abi.encode(buyerLei, supplierLei, number, year))
    function _fingerprint(bytes20 buyerLei, bytes20 supplierLei, bytes32 numberHash, uint256 year)
        private
        pure
        returns (uint256 id)
    {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, buyerLei)
            mstore(add(at, 32), supplierLei)
            mstore(add(at, 64), numberHash)
            mstore(add(at, 96), year)
            id := keccak256(at, 128)
        }
    }

    /// @dev Whether the state is for this order and newer than the one it has, whose number it takes.
    function _checkState(OrderWords.Order memory order, Attestation calldata state) private pure {
        uint256 jurisdiction = OrderWords.jurisdictionOf(order.terms);
        if (state.jurisdiction != jurisdiction) revert WrongJurisdiction(state.jurisdiction, uint16(jurisdiction));
        uint256 seq = state.seq;
        if (seq <= order.seq || seq > LAST_COUNT) revert StaleSequence(uint32(seq), uint32(order.seq));
        if (state.phase < Phase.Accepted || state.phase > Phase.Cleared) revert PhaseNotAttestable(state.phase);
        order.seq = seq;
    }

    function _checkTerms(PurchaseOrder calldata order, string calldata number) private view {
        if (block.timestamp > order.deadline) revert SignatureExpired(order.deadline);
        uint256 expiry = order.expiry;
        unchecked {
            // Below zero where it is past, which is more than any life.
            if (expiry - block.timestamp - 1 >= LONGEST_LIFE) _refuseExpiry(uint32(expiry));
        }
        if (order.face == 0) revert FaceOutOfRange(0);
        if (order.tenorDays > LONGEST_TENOR) revert TenorTooLong(order.tenorDays, LONGEST_TENOR);
        if (!OrderNumber.isCanonical(number)) revert NumberNotCanonical(number);
    }

    function _refuseExpiry(uint32 expiry) private view {
        if (block.timestamp >= expiry) revert OrderExpired(expiry);
        revert ExpiryTooFar(expiry, uint32(block.timestamp + LONGEST_LIFE));
    }

    /// @dev The first words of an order. The fields keep their widths by their types.
    /// @param parties buyer, supplier, line and version in their places
    function _open(Words storage words, PurchaseOrder calldata order, uint256 parties)
        private
        returns (uint256 terms)
    {
        uint256 fundBy = uint256(order.fundBy);
        uint256 flags = fundBy == uint256(FundBy.Accepted) ? OrderWords.FUNDED : 0;
        uint256 cap = order.dutyCap;
        if (cap != 0) {
            flags |= OrderWords.DUTY;
            words.duty = OrderWords.packDuty(cap, 0, 0, 0);
        }
        terms = parties | OrderWords.opening(order, flags, uint256(Phase.Accepted), fundBy);
        words.sums = order.face;
        words.terms = terms;
    }

    /// @dev emit Accepted, with the order's words as they came: they are its encoding already, every field narrower
    /// than its word was read above, and the number is at most one word.
    function _tell(
        uint256 id,
        PurchaseOrder calldata order,
        string calldata number,
        bytes32 signed,
        uint256 terms
    ) private {
        bytes32 topic = Accepted.selector;
        (uint256 line, uint256 version) = (OrderWords.lineOf(terms), OrderWords.versionOf(terms));
        (uint256 buyer, uint256 supplier) = (OrderWords.buyerOf(terms), OrderWords.holderOf(terms));
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, signed)
            mstore(add(at, 32), 128)
            mstore(add(at, 64), line)
            mstore(add(at, 96), version)
            calldatacopy(add(at, 128), order, 480)
            mstore(add(at, 192), 480)
            mstore(add(at, 608), number.length)
            mstore(add(at, 640), 0)
            calldatacopy(add(at, 640), number.offset, number.length)
            log4(at, 672, topic, id, buyer, supplier)
        }
    }
}
