// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {OrderSettlement} from "./OrderSettlement.sol";
import {ReceivableToken} from "./ReceivableToken.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditBook} from "./interfaces/ICreditBook.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Interest} from "./lib/Interest.sol";
import {OrderNumber} from "./lib/OrderNumber.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {Acceptance, Attestation, BUYER, FundBy, Phase, PurchaseOrder, SIGN_ORDER, SUPPLIER} from "./lib/Terms.sol";
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

    constructor(address network, address ledger, address credit, address clearance, address predecessor_)
        OrderSettlement(ledger, credit)
        ReceivableToken(network)
        EIP712("Hanse", "1")
    {
        _clearance = clearance;
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
        (bytes20 buyerLei, uint8 buyerLane) = _party(signed, buyerSignature, order.buyer, BUYER);
        (bytes20 supplierLei, uint8 supplierLane) =
            _party(acceptance.hash(), supplierSignature, order.supplier, SUPPLIER);
        id = fingerprint(buyerLei, supplierLei, order.number, order.year);
        if (isKnown(id)) revert AlreadyAccepted(id);

        uint16 version = acceptance.line == 0 ? 0 : acceptance.version;
        _open(id, order, acceptance.line, version);
        emit Accepted(id, order.buyer, order.supplier, signed, order, acceptance.line, version);
        _mint(order.supplier, id);
        if (version == 0) {
            // Reverts for a currency the ledger does not know (P04); a line's currency was asked when it opened.
            _ledger.tokenOf(order.currency);
        }
        if (acceptance.line != 0) {
            ICreditBook.Request memory request = ICreditBook.Request(
                id, acceptance.line, version, order.currency, order.face, buyerLane, supplierLane
            );
            _credit.reserve(request);
        }
        if (order.fundBy == FundBy.Accepted) _lockAll(id, order.currency, order.buyer, order.face);
    }

    /// @inheritdoc IReceivables
    function record(Attestation calldata attestation, uint32 treasury) external {
        if (msg.sender != _clearance) revert NotClearanceOracle(msg.sender);
        OrderWords.Order memory order = _loadOpen(attestation.order);
        if (attestation.jurisdiction != order.jurisdiction) {
            revert WrongJurisdiction(attestation.jurisdiction, uint16(order.jurisdiction));
        }
        if (attestation.seq <= order.seq || attestation.seq > LAST_COUNT) {
            revert StaleSequence(attestation.seq, uint32(order.seq));
        }
        if (attestation.phase < Phase.Accepted || attestation.phase > Phase.Cleared) {
            revert PhaseNotAttestable(attestation.phase);
        }

        // What was late stays late for the time before this state.
        OrderWords.Late memory late = _accrueLate(order);
        _take(order, attestation, treasury);
        if (attestation.refused) _reduceUndelivered(order);
        _lockBy(order);
        _pay(order, late);
    }

    /// @inheritdoc IReceivables
    function settle(uint256 id) external {
        OrderWords.Order memory order = _loadOpen(id);
        if (order.has(OrderWords.HOLD)) revert OnHold(id);
        OrderWords.Late memory late = _accrueLate(order);
        Payment memory payment = _payment(order, late);
        uint256 wanted = payment.face + payment.late + payment.duty;
        if (wanted + payment.faceUnpaid + payment.lateUnpaid + payment.dutyUnpaid == 0) revert NothingDue(id);
        // That this buyer is short stands recorded already, and its late charge runs.
        if (wanted == 0 && order.has(OrderWords.LATE)) {
            revert BuyerShort(payment.faceUnpaid + payment.lateUnpaid + payment.dutyUnpaid, 0);
        }
        _pay(order, late);
    }

    /// @inheritdoc IReceivables
    function lapse(uint256 id) external {
        OrderWords.Order memory order = _loadOpen(id);
        uint256 until = order.expiry + POSTING_GRACE;
        if (block.timestamp <= until) revert NotExpired(uint32(Waterfall.min(until, LAST_TIME)));
        if (order.has(OrderWords.LAPSED)) revert NothingDue(id);
        OrderWords.Late memory late = _accrueLate(order);
        _reduceUndelivered(order);
        _pay(order, late);
    }

    /// @inheritdoc IReceivables
    function positionOf(uint256 id) external view returns (Position memory position) {
        OrderWords.Order memory order = _load(id);
        OrderWords.Duty memory duty = OrderWords.unpackDuty(_words[id].duty);
        OrderWords.Late memory late = OrderWords.unpackLate(_words[id].late);
        position.buyer = uint32(order.buyer);
        position.holder = uint32(order.holder);
        position.line = uint32(order.line);
        position.version = uint16(order.version);
        position.currency = uint16(order.currency);
        position.jurisdiction = uint16(order.jurisdiction);
        position.phase = order.phase;
        position.settleOn = order.settleOn;
        position.fundBy = order.fundBy;
        position.hold = order.has(OrderWords.HOLD);
        position.tenorDays = uint16(order.tenorDays);
        position.lateBps = uint16(order.lateBps);
        position.due = uint32(order.due);
        position.expiry = uint32(order.expiry);
        position.seq = uint32(order.seq);
        position.face = uint56(order.face);
        position.reduced = uint56(order.reduced);
        position.paid = uint56(order.paid);
        position.released = uint56(order.released);
        position.dutyCap = uint56(duty.cap);
        position.dutyPaid = uint56(duty.paid);
        position.dutyDemanded = uint56(duty.demanded);
        position.lateAccrued = uint88(late.accrued);
        position.lateSince = uint32(late.since);
        position.lapsed = order.has(OrderWords.LAPSED);
        position.drawsClosed = order.has(OrderWords.DRAWS_CLOSED);
        position.settlements = uint16(order.settlements);
    }

    /// @inheritdoc IReceivables
    function wordsOf(uint256 id) external view returns (uint256 sums, uint256 terms) {
        return (_words[id].sums, _words[id].terms);
    }

    /// @inheritdoc IReceivables
    function payableNow(uint256 id) external view returns (uint256 payable_, uint256 covered) {
        OrderWords.Order memory order = _load(id);
        payable_ = _payable(order);
        (uint256 held, uint256 free) = _cashFor(order);
        covered = Waterfall.min(payable_, held + free);
    }

    /// @inheritdoc IReceivables
    function lateOf(uint256 id) external view returns (uint256) {
        return Interest.dueUp(_accrueLate(_load(id)).accrued);
    }

    /// @inheritdoc IReceivables
    function lapseAt(uint256 id) external view returns (uint32) {
        return uint32(Waterfall.min(_load(id).expiry + POSTING_GRACE, LAST_TIME));
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
        returns (bytes20 lei, uint8 lane)
    {
        address key = Signature.actor(_hashTypedDataV4(signed), signature);
        uint32 owner;
        (owner, lei, lane) = _network.party(key, SIGN_ORDER, role, 0);
        if (owner != member) revert NotSignedBy(member);
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
    function _open(uint256 id, PurchaseOrder calldata terms, uint32 line, uint16 version) private {
        OrderWords.Order memory order;
        order.id = id;
        order.face = terms.face;
        order.buyer = terms.buyer;
        order.holder = terms.supplier;
        order.line = line;
        order.version = version;
        order.expiry = terms.expiry;
        order.jurisdiction = terms.jurisdiction;
        order.currency = terms.currency;
        order.tenorDays = terms.tenorDays;
        order.lateBps = terms.lateBps;
        order.phase = Phase.Accepted;
        order.settleOn = terms.settleOn;
        order.fundBy = terms.fundBy;
        if (terms.fundBy == FundBy.Accepted) order.set(OrderWords.FUNDED);
        if (terms.dutyCap != 0) {
            order.set(OrderWords.DUTY);
            _words[id].duty = OrderWords.pack(OrderWords.Duty(terms.dutyCap, 0, 0, 0));
        }
        _store(order);
    }
}
