// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {OrderSettlement} from "./OrderSettlement.sol";
import {ReceivableToken} from "./ReceivableToken.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
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
    using OrderWords for OrderWords.Order;
    using TypedHash for Acceptance;
    using TypedHash for PurchaseOrder;

    uint256 private constant POSTING_GRACE = 5 days;
    // Keeps every due date inside 32 bits for the life of the suite (P29).
    uint16 private constant LONGEST_TENOR = 3660;
    uint256 private constant LAST_TIME = type(uint32).max;

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
        _checkTerms(order);
        if (block.timestamp > acceptance.deadline) revert SignatureExpired(acceptance.deadline);
        bytes32 signed = order.hash();
        if (acceptance.order != signed) revert AcceptanceOfOtherOrder();
        (bytes20 buyerLei, uint8 buyerLane,) = _party(signed, buyerSignature, order.buyer, BUYER);
        (bytes20 supplierLei, uint8 supplierLane, address supplierKey) =
            _party(acceptance.hash(), supplierSignature, order.supplier, SUPPLIER);
        id = fingerprint(buyerLei, supplierLei, order.number, order.year);
        if (isKnown(id)) revert AlreadyAccepted(id);

        uint32 line = acceptance.line;
        uint16 version = line == 0 ? 0 : acceptance.version;
        _open(id, order, line, version);
        _tell(id, order, signed, line, version);
        _mint(order.supplier, supplierKey, id);
        if (line == 0) {
            // Reverts for a currency the ledger does not know (P04); a line's currency was asked when it opened.
            _ledger.tokenOf(order.currency);
        } else {
            _credit.reserve(id, line, version, order.currency, order.face, buyerLane, supplierLane);
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
        uint256 late = _lateNow(order);
        uint256 dutyWord = _take(order, attestation, treasury);
        if (attestation.refused) _reduceUndelivered(order);
        _lockBy(order);
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
        // That this buyer is short stands recorded already, and its late charge runs.
        if (paying == 0 && order.has(OrderWords.LATE)) revert BuyerShort(unpaid, 0);
        _pay(order, late, 0);
    }

    /// @inheritdoc IReceivables
    function lapse(uint256 id) external {
        OrderWords.Order memory order;
        _loadOpen(order, id);
        uint256 until = OrderWords.expiryOf(order.terms) + POSTING_GRACE;
        if (block.timestamp <= until) revert NotExpired(uint32(Waterfall.min(until, LAST_TIME)));
        if (order.has(OrderWords.LAPSED)) revert NothingDue(id);
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
        return uint32(Waterfall.min(OrderWords.expiryOf(order.terms) + POSTING_GRACE, LAST_TIME));
    }

    /// @inheritdoc IReceivables
    function termsHash(PurchaseOrder calldata order) external pure returns (bytes32) {
        return order.hash();
    }

    /// @inheritdoc IReceivables
    function isKnown(uint256 id) public view returns (bool) {
        if (_words[id].terms != 0) return true;
        return address(predecessor) != address(0) && predecessor.isKnown(id);
    }

    /// @inheritdoc IReceivables
    function fingerprint(bytes20 buyerLei, bytes20 supplierLei, string calldata number, uint16 year)
        public
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode(buyerLei, supplierLei, keccak256(bytes(number)), year)));
    }

    function _holderOf(uint256 id) internal view override returns (uint256) {
        return uint32(_words[id].terms >> 32);
    }

    /// @dev Whose signature it is, and whether that member is in good standing now.
    function _party(bytes32 signed, bytes calldata signature, uint32 member, uint16 role)
        private
        view
        returns (bytes20 lei, uint8 lane, address key)
    {
        key = Signature.actor(_hashTypedDataV4(signed), signature);
        uint32 owner;
        (owner, lei, lane) = _network.party(key, SIGN_ORDER, role, 0);
        if (owner != member) revert NotSignedBy(member);
    }

    function _checkState(OrderWords.Order memory order, Attestation calldata state) private pure {
        uint256 jurisdiction = OrderWords.jurisdictionOf(order.terms);
        if (state.jurisdiction != jurisdiction) revert WrongJurisdiction(state.jurisdiction, uint16(jurisdiction));
        if (state.seq <= order.seq || state.seq > LAST_COUNT) revert StaleSequence(state.seq, uint32(order.seq));
        if (state.phase < Phase.Accepted || state.phase > Phase.Cleared) revert PhaseNotAttestable(state.phase);
    }

    function _checkTerms(PurchaseOrder calldata order) private view {
        if (block.timestamp > order.deadline) revert SignatureExpired(order.deadline);
        if (block.timestamp >= order.expiry) revert OrderExpired(order.expiry);
        if (order.face == 0) revert FaceOutOfRange(0);
        if (order.buyer == order.supplier) revert PartiesNotDistinct();
        if (order.tenorDays > LONGEST_TENOR) revert TenorTooLong(order.tenorDays);
        if (!OrderNumber.isCanonical(order.number)) revert NumberNotCanonical(order.number);
    }

    /// @dev The first words of an order. The fields keep their widths by their types.
    function _open(uint256 id, PurchaseOrder calldata order, uint32 line, uint16 version) private {
        uint256 flags = order.fundBy == FundBy.Accepted ? OrderWords.FUNDED : 0;
        Words storage words = _words[id];
        uint256 cap = order.dutyCap;
        if (cap != 0) {
            flags |= OrderWords.DUTY;
            words.duty = OrderWords.packDuty(cap, 0, 0, 0);
        }
        words.sums = order.face;
        words.terms = OrderWords.opening(order, line, version, flags, uint256(Phase.Accepted));
    }

    function _tell(uint256 id, PurchaseOrder calldata order, bytes32 signed, uint32 line, uint16 version) private {
        emit Accepted(id, order.buyer, order.supplier, signed, order, line, version);
    }
}
