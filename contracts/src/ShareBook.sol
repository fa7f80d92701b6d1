// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderSettlement} from "./OrderSettlement.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title What is due, open and claimed in all leaves of an order
abstract contract ShareBook is OrderSettlement {
    using OrderWords for OrderWords.Order;

    function _duePart(OrderWords.Order memory order) internal view override returns (uint256 due) {
        due = _leafDue(order);
        uint256[] memory sums = _sharesOf(order);
        // at most eight shares
        for (uint256 i; i < sums.length; ++i) {
            due += _shareDue(order, sums[i]);
        }
    }

    function _openOf(OrderWords.Order memory order) internal view override returns (uint256 open) {
        open = order.claim() - order.paid;
        uint256[] memory sums = _sharesOf(order);
        // at most eight shares
        for (uint256 i; i < sums.length; ++i) {
            open += OrderWords.openOf(sums[i]);
        }
    }

    function _claimOf(OrderWords.Order memory order) internal view override returns (uint256 claim) {
        claim = order.claim();
        uint256[] memory sums = _sharesOf(order);
        // at most eight shares
        for (uint256 i; i < sums.length; ++i) {
            claim += OrderWords.claimOf(sums[i]);
        }
    }

    /// @return sums of the order's shares, none where it is whole
    function _sharesOf(OrderWords.Order memory order) internal view returns (uint256[] memory sums) {
        if (!order.has(OrderWords.SPLIT)) return sums;
        uint256 count = ShareWords.countOf(_words[order.id].split);
        sums = new uint256[](count);
        // at most eight shares
        for (uint256 i; i < count; ++i) {
            sums[i] = _words[order.id | (i + 1)].sums;
        }
    }

    function _shareDue(OrderWords.Order memory order, uint256 sums) internal view returns (uint256) {
        if (OrderWords.tenorOf(order.terms) != 0 && (order.due == 0 || block.timestamp < order.due)) return 0;
        return Waterfall.minusFloor(_shareDelivered(order, sums), OrderWords.paidOf(sums));
    }

    function _shareDelivered(OrderWords.Order memory order, uint256 sums) internal pure returns (uint256) {
        return Waterfall.deliveredDown(
            order.whole,
            OrderWords.faceOf(sums),
            OrderWords.claimOf(sums),
            order.released,
            order.has(OrderWords.LAPSED)
        );
    }
}
