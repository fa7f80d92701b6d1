// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "./Disputes.sol";
import {OrderBook} from "./OrderBook.sol";
import {OrderChanges} from "./OrderChanges.sol";
import {IOrderDesk} from "./interfaces/IOrderDesk.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Bounds} from "./lib/Bounds.sol";
import {Clock} from "./lib/Clock.sol";
import {Fingerprint} from "./lib/Fingerprint.sol";
import {Interest} from "./lib/Interest.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Attestation, FundBy, Phase, PurchaseOrder, SettleOn} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title The rarer verbs of an order and its views: a module of Receivables
contract OrderDesk is OrderChanges, Disputes, IOrderDesk {
    using OrderWords for OrderWords.Order;
    using TypedHash for PurchaseOrder;

    address private immutable _clearance;

    constructor(address network, address ledger, address receivables, address clearanceOracle)
        OrderBook(network, ledger, receivables)
    {
        _clearance = clearanceOracle;
    }

    /// @inheritdoc IOrderDesk
    function recordAlone(Attestation calldata attestation, uint32 treasury) external onlyInBook {
        if (msg.sender != _clearance) revert IReceivables.NotClearanceOracle(msg.sender);
        OrderWords.Order memory order;
        _loadOpen(order, attestation.order);
        _checkState(order, attestation);
        uint256 late = _lateNow(order);
        // A refusal reduces with the next state, which says it again, or after expiry.
        uint256 dutyWord = _take(order, attestation, attestation.refused, treasury);
        _keep(order, late, dutyWord);
    }

    /// @inheritdoc IOrderDesk
    function hold(uint256 id, uint16 jurisdiction, uint32 seq) external onlyInBook {
        if (msg.sender != _clearance) revert IReceivables.NotClearanceOracle(msg.sender);
        OrderWords.Order memory order;
        _loadOpen(order, id);
        uint256 ordered = OrderWords.jurisdictionOf(order.terms);
        if (jurisdiction != ordered) revert IReceivables.WrongJurisdiction(jurisdiction, uint16(ordered));
        if (seq != order.seq) revert IReceivables.StaleSequence(seq, uint32(order.seq));
        if (order.has(OrderWords.HOLD)) revert IReceivables.OnHold(id);
        uint256 late = _lateNow(order);
        order.set(OrderWords.HOLD);
        emit IReceivables.Held(id, seq);
        _keep(order, late, 0);
    }

    /// @inheritdoc IOrderDesk
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

    /// @inheritdoc IOrderDesk
    function payableNow(uint256 id) external view returns (uint256 payable_, uint256 covered) {
        OrderWords.Order memory order;
        _load(order, id);
        payable_ = _payable(order);
        (uint256 held, uint256 free,) = _cashFor(order);
        covered = Waterfall.min(payable_, held + free);
    }

    /// @inheritdoc IOrderDesk
    function lateOf(uint256 id) external view returns (uint256) {
        OrderWords.Order memory order;
        _load(order, id);
        return Interest.dueUp(_lateNow(order));
    }

    /// @inheritdoc IOrderDesk
    function lapseAt(uint256 id) external view returns (uint32) {
        OrderWords.Order memory order;
        _load(order, id);
        return uint32(_lapseAt(order));
    }

    /// @inheritdoc IOrderDesk
    function termsHash(PurchaseOrder calldata order) external pure returns (bytes32) {
        return order.hash(keccak256(bytes(order.number)));
    }

    /// @inheritdoc IOrderDesk
    function fingerprint(bytes20 buyerLei, bytes20 supplierLei, string calldata number, uint16 year)
        external
        pure
        returns (uint256)
    {
        return Fingerprint.made(buyerLei, supplierLei, keccak256(bytes(number)), year);
    }

    /// @dev Write a state without paying: what was late stays late, as far as it was counted.
    function _keep(OrderWords.Order memory order, uint256 late, uint256 dutyWord) private {
        if (order.has(OrderWords.LATE)) {
            _keepLate(order, late, true);
            emit IReceivables.Unpaid(order.id, _payable(order), late);
        }
        _store(order);
        if (dutyWord != 0) _words[order.id].duty = dutyWord;
    }
}
