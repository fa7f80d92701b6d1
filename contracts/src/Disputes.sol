// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ClaimChanges} from "./ClaimChanges.sol";
import {IDisputes} from "./interfaces/IDisputes.sol";
import {IOrderChanges} from "./interfaces/IOrderChanges.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {Bounds} from "./lib/Bounds.sol";
import {ChangeHash} from "./lib/ChangeHash.sol";
import {Clock} from "./lib/Clock.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {Signature} from "./lib/Signature.sol";
import {ARBITER, Arrival, BUYER, CARRIER, Dispute, DisputeEnd, SettleOn, SIGN_ORDER, SUPPLIER} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title Disputes with their ends, and arrivals
abstract contract Disputes is ClaimChanges, IDisputes {
    using ChangeHash for Arrival;
    using ChangeHash for Dispute;
    using ChangeHash for DisputeEnd;
    using OrderWords for OrderWords.Order;

    uint8 private constant BY_PARTIES = 0;
    uint8 private constant BY_ARBITER = 1;
    uint8 private constant BY_DEADLINE = 2;

    /// @inheritdoc IDisputes
    function dispute(Dispute calldata signed, bytes calldata signature) external onlyInBook {
        OrderWords.Order memory order;
        _loadWhole(order, signed.order);
        _requireUndisputed(order);
        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        uint16 next = uint16(extension.disputes);
        if (signed.index != next || next == type(uint16).max) revert DisputeIndexUsed(signed.index, next);
        (uint256 amount, uint256 open) = (signed.amount, order.claim() - order.paid);
        if (amount == 0 || amount > open) revert DisputeOutOfRange(amount, open);
        uint256 buyer = OrderWords.buyerOf(order.terms);
        bytes32 digest = _digestUntil(signed.hash(), signed.deadline);
        _requireConsent(buyer, BUYER, digest, signature, amount);

        uint256 late = _lateNow(order);
        uint256 currency = OrderWords.currencyOf(order.terms);
        uint256 held = _ledger.balanceOf(uint16(currency), order.id);
        extension.disputed = amount;
        extension.until = Waterfall.min(block.timestamp + Bounds.DECISION_PERIOD, Clock.LAST);
        ++extension.disputes;
        _keepExtension(order, extension);
        emit Disputed(order.id, next, amount, signed.reason, uint32(extension.until));
        // The hold never has more than what is open: what is locked already serves for the disputed part too.
        _lockAll(order.id, uint16(currency), uint32(buyer), Waterfall.min(amount, Waterfall.minusFloor(open, held)));
        _pay(order, late, 0);
    }

    /// @inheritdoc IDisputes
    function resolve(DisputeEnd calldata resolution, IOrderChanges.Consents calldata consents) external onlyInBook {
        OrderWords.Order memory order;
        bytes32 digest = _openDispute(order, resolution);
        _requireConsent(OrderWords.buyerOf(order.terms), BUYER, digest, consents.buyer, 0);
        uint256 supplier = _supplierOf(order);
        _requireConsent(supplier, SUPPLIER, digest, consents.supplier, 0);
        uint256 holder = OrderWords.holderOf(order.terms);
        if (holder != supplier) _requireConsent(holder, 0, digest, consents.holder, 0);
        (uint256 principal,) = _lentOf(order);
        // Otherwise an agreed dispute would be a credit note without the lender.
        if (resolution.upheld != 0 && principal != 0) _requireFunder(order, digest, consents.funder);
        _end(order, resolution.upheld, BY_PARTIES, 0);
    }

    /// @inheritdoc IDisputes
    function arbitrate(DisputeEnd calldata resolution, bytes calldata signature) external onlyInBook {
        OrderWords.Order memory order;
        bytes32 digest = _openDispute(order, resolution);
        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        // Later on whoever comes first would choose the outcome.
        if (block.timestamp > extension.until) revert DecisionOverdue(uint32(extension.until));
        uint256 arbiter = _outsider(order, ARBITER, digest, signature);
        bool isChosen = extension.arbiter == 0 || extension.arbiter == arbiter;
        if (!isChosen) revert IReceivables.NotSignedBy(uint32(extension.arbiter));
        _end(order, resolution.upheld, BY_ARBITER, arbiter);
    }

    /// @inheritdoc IDisputes
    function dismiss(uint256 id) external onlyInBook {
        OrderWords.Order memory order;
        _loadWhole(order, id);
        if (order.disputed() == 0) revert NotDisputed(id);
        uint256 until = OrderWords.unpackExtension(order.extension).until;
        if (block.timestamp <= until) revert IReceivables.NotExpired(uint32(until));
        _end(order, 0, BY_DEADLINE, 0);
    }

    /// @inheritdoc IDisputes
    function arrive(Arrival calldata arrival, bytes calldata signature) external onlyInBook {
        OrderWords.Order memory order;
        _loadOpen(order, arrival.order);
        bool isAwaited = OrderWords.settleOnOf(order.terms) == uint256(SettleOn.Arrival) && !order.hasArrived();
        if (!isAwaited) revert ArrivalNotAwaited(order.id);
        uint32 arrivedAt = arrival.arrivedAt;
        if (arrivedAt == 0 || arrivedAt > block.timestamp) revert ArrivedOutOfTime(arrivedAt);
        bytes32 digest = _digestUntil(arrival.hash(), arrival.deadline);
        uint256 carrier = _outsider(order, CARRIER, digest, signature);

        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        extension.arrivedAt = arrivedAt;
        _keepExtension(order, extension);
        emit Arrived(order.id, uint32(carrier), arrivedAt, arrival.document);
        // What customs refused of it before is cut already; the rest is complete now.
        if (order.has(OrderWords.LAPSED) || order.released == order.whole) _setDue(order);
        // Shares are paid by `settle`, which comes next, and a guarantor of a short buyer is called there.
        if (order.has(OrderWords.SPLIT) || (_words[order.id].undertaking != 0 && _isShort(order))) return _store(order);
        // Nothing was payable before, so nothing is late.
        _pay(order, 0, 0);
    }

    function _isShort(OrderWords.Order memory order) private view returns (bool) {
        (uint256 held, uint256 free,) = _cashFor(order);
        return _payable(order) > held + free;
    }

    /// @inheritdoc IDisputes
    function changesOf(uint256 id) external view returns (Changes memory) {
        OrderWords.Order memory order;
        _load(order, id);
        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        return Changes({
            disputed: uint56(extension.disputed),
            until: uint32(extension.until),
            disputes: uint16(extension.disputes),
            amendments: uint16(extension.amendments),
            arbiter: uint32(extension.arbiter),
            arrivedAt: uint32(extension.arrivedAt)
        });
    }

    /// @dev Load the order whose present dispute this resolution is for.
    function _openDispute(OrderWords.Order memory order, DisputeEnd calldata resolution)
        private
        view
        returns (bytes32 digest)
    {
        _loadWhole(order, resolution.order);
        uint256 disputed = order.disputed();
        if (disputed == 0) revert NotDisputed(order.id);
        uint256 last = OrderWords.unpackExtension(order.extension).disputes - 1;
        if (resolution.index != last) revert DisputeIndexUsed(resolution.index, uint16(last));
        if (resolution.upheld > disputed) revert DisputeOutOfRange(resolution.upheld, disputed);
        return _digestUntil(resolution.hash(), resolution.deadline);
    }

    /// @dev What was upheld is no longer claimed and its cash goes back; the rest is payable as before.
    function _end(OrderWords.Order memory order, uint256 upheld, uint8 source, uint256 arbiter) private {
        uint256 late = _lateNow(order);
        OrderWords.Extension memory extension = OrderWords.unpackExtension(order.extension);
        extension.disputed = 0;
        _keepExtension(order, extension);
        if (upheld != 0) _reduce(order, upheld);
        emit Resolved(order.id, uint16(extension.disputes - 1), upheld, source, uint32(arbiter));
        _refund(order, upheld);
        _pay(order, late, 0);
    }

    /// @return member whose key signed, in good standing with this role and no party of the order
    function _outsider(OrderWords.Order memory order, uint16 role, bytes32 digest, bytes calldata signature)
        private
        view
        returns (uint256 member)
    {
        member = _network.signer(Signature.actor(digest, signature), SIGN_ORDER);
        _network.requireStanding(uint32(member), role);
        _requireOutsider(order, member);
    }
}
