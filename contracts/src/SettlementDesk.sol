// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderBook} from "./OrderBook.sol";
import {Undertakings} from "./Undertakings.sol";
import {ISettlementDesk} from "./interfaces/ISettlementDesk.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Attestation, Phase} from "./lib/Terms.sol";

/// @title Settlement of orders that were split or have an undertaking behind them: a module of Receivables
contract SettlementDesk is Undertakings {
    using OrderWords for OrderWords.Order;

    address private immutable _clearance;

    constructor(address network, address ledger, address receivables, address clearanceOracle)
        OrderBook(network, ledger, receivables)
    {
        _clearance = clearanceOracle;
    }

    /// @dev IReceivables.record, where Receivables hands it on.
    function record(Attestation calldata attestation, uint32 treasury) external onlyInBook {
        if (msg.sender != _clearance) revert IReceivables.NotClearanceOracle(msg.sender);
        OrderWords.Order memory order;
        _load(order, attestation.order);
        _record(order, attestation, treasury);
    }

    /// @dev IReceivables.settle, where Receivables hands it on.
    function settle(uint256 id) external onlyInBook {
        OrderWords.Order memory order;
        _load(order, id);
        if (ShareWords.numberOf(id) != 0) return _payAside(order);
        // Put in first, so that it counts as cash where the settlement asks whether there is any.
        if (order.has(OrderWords.EXTENDED) && order.phase != uint256(Phase.Closed)) _callUndertaking(order);
        (uint256 settlements, bool wasLate) = (order.settlements, order.has(OrderWords.LATE));
        _settle(order);
        // Among leaves the last units may round to nothing: then nothing was moved, and nothing new is told.
        bool isNews = order.settlements != settlements || order.has(OrderWords.LATE) != wasLate;
        bool isIdle = !isNews && settlements != LAST_COUNT && order.phase != uint256(Phase.Closed);
        if (isIdle) revert IReceivables.BuyerShort(_payable(order), 0);
    }

    /// @inheritdoc ISettlementDesk
    function lapse(uint256 id) external onlyInBook {
        OrderWords.Order memory order;
        _loadOpen(order, id);
        uint256 until = _lapseAt(order);
        if (block.timestamp <= until) revert IReceivables.NotExpired(uint32(until));
        // Goods that were cleared on their way and never came are not delivered.
        bool isLost = _isArrivalOpen(order);
        uint256 cut = isLost ? order.claim() - order.paid : _undelivered(order);
        // A release taken back since leaves another part undelivered.
        bool isNews = !order.has(OrderWords.LAPSED) || cut + _undeliveredInShares(order, isLost) != 0;
        if (!isNews && !_isMoot(order)) revert IReceivables.NothingDue(id);
        uint256 late = _lateNow(order);
        _reduceLeaves(order, cut, isLost);
        _pay(order, _isMoot(order) ? 0 : late, 0);
    }

    /// @dev A late charge waits for the condition (R6). Where nothing is left open that could bring it about, the charge
    /// ends: it would keep the order open, and what lies in its hold, for ever (I-09).
    function _isMoot(OrderWords.Order memory order) private view returns (bool) {
        bool isWaiting = !order.has(OrderWords.HOLD) && !_isConditionMet(order);
        return order.has(OrderWords.LATE) && isWaiting && _openOf(order) == 0;
    }

    /// @dev What was set aside for a share goes to its holder; whoever calls.
    function _payAside(OrderWords.Order memory order) private {
        uint256 currency = OrderWords.currencyOf(order.terms);
        uint256 amount = _ledger.balanceOf(uint16(currency), order.id);
        if (amount == 0) revert IReceivables.NothingDue(order.id);
        uint256 holder = OrderWords.holderOf(order.terms);
        emit SharePaid(order.id, uint32(holder), amount);
        _moveOne(currency, order.id, holder, amount);
    }
}
