// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ShareSettlement} from "./ShareSettlement.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {IReceivables} from "./interfaces/IReceivables.sol";
import {ISettlementDesk} from "./interfaces/ISettlementDesk.sol";
import {Bounds} from "./lib/Bounds.sol";
import {Interest} from "./lib/Interest.sol";
import {Legs} from "./lib/Legs.sol";
import {NonceMap} from "./lib/NonceMap.sol";
import {OrderWords} from "./lib/OrderWords.sol";
import {ShareWords} from "./lib/ShareWords.sol";
import {Signature} from "./lib/Signature.sol";
import {Undertaking} from "./lib/ShareTerms.sol";
import {FUNDER, Phase, PUBLISH} from "./lib/Terms.sol";
import {TypedHash} from "./lib/TypedHash.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title A guarantor's cash behind an order: given, called by a settlement, refunded by the buyer, taken back
/// @dev It is the buyer that is guaranteed, so its holder and its lender are paid as if the buyer had paid, and the
/// guarantor takes their place against the buyer, after them (R13).
abstract contract Undertakings is ShareSettlement, ISettlementDesk {
    using Legs for uint256;
    using NonceMap for NonceMap.Spent;
    using OrderWords for OrderWords.Order;
    using TypedHash for Undertaking;

    /// @inheritdoc ISettlementDesk
    function undertake(Undertaking calldata undertaking, bytes calldata signature) external onlyInBook {
        if (block.timestamp > undertaking.deadline) revert IReceivables.SignatureExpired(undertaking.deadline);
        OrderWords.Order memory order;
        _loadOpen(order, undertaking.order);
        (uint256 amount, uint32 expiry) = (undertaking.amount, undertaking.expiry);
        if (amount == 0) revert IReceivables.FaceOutOfRange(0);
        if (block.timestamp >= expiry) revert IReceivables.OrderExpired(expiry);
        address key = Signature.actor(_digest(undertaking.hash()), signature);
        (uint32 guarantor,,) = _network.party(key, PUBLISH, FUNDER, amount);
        if (guarantor != undertaking.guarantor) revert IReceivables.NotSignedBy(undertaking.guarantor);
        if (guarantor == OrderWords.buyerOf(order.terms)) revert GuarantorIsBuyer(guarantor);
        if (!_nonces.spend(guarantor, undertaking.nonce)) {
            revert ICreditLines.NonceUsed(guarantor, undertaking.nonce);
        }
        (uint256 owed, uint256 former) = _displace(order, amount, expiry);
        // It signed how much of its cash is not behind the order but goes to another (I-02).
        if (owed > undertaking.owed) revert UndertakingTaken(order.id, owed);

        _words[order.id].undertaking = ShareWords.packUndertaking(amount - owed, owed, expiry, guarantor);
        order.set(OrderWords.EXTENDED);
        _words[order.id].terms = order.packTerms();
        emit Undertaken(order.id, guarantor, amount, expiry);
        if (owed != 0) emit UndertakingCalled(order.id, owed, owed);
        uint256 legs = Legs.start(OrderWords.currencyOf(order.terms));
        if (former != guarantor) legs.add(guarantor, former, owed);
        legs.add(guarantor, ShareWords.accountOf(order.id), amount - owed);
        legs.send(_ledger);
    }

    /// @inheritdoc ISettlementDesk
    function returnUndertaking(uint256 id) external onlyInBook {
        OrderWords.Order memory order;
        _load(order, id);
        (uint256 left,, uint256 expiry,) = ShareWords.unpackUndertaking(_words[id].undertaking);
        if (left == 0) revert NothingUndertaken(id);
        bool isOver = block.timestamp >= expiry || order.phase == uint256(Phase.Closed);
        if (!isOver) revert UndertakingInForce(id, uint32(expiry));
        _giveBack(order);
    }

    /// @inheritdoc ISettlementDesk
    function refundGuarantor(uint256 id) external onlyInBook {
        OrderWords.Order memory order;
        _load(order, id);
        (uint256 left, uint256 claim, uint256 expiry, uint256 guarantor) =
            ShareWords.unpackUndertaking(_words[id].undertaking);
        if (claim == 0) revert NothingUndertaken(id);
        uint256 first = _payable(order) + Interest.dueUp(_lateNow(order));
        uint256 currency = OrderWords.currencyOf(order.terms);
        uint256 buyer = OrderWords.buyerOf(order.terms);
        (uint256 free,) = _ledger.freeOf(uint16(currency), buyer);
        uint256 amount = Waterfall.min(claim, free);
        if (first != 0 || amount == 0) revert IReceivables.BuyerShort(first + claim, amount);

        _words[id].undertaking = ShareWords.packUndertaking(left, claim - amount, expiry, guarantor);
        emit GuarantorRefunded(id, uint32(guarantor), amount);
        _moveOne(currency, buyer, guarantor, amount);
    }

    /// @inheritdoc ISettlementDesk
    function guaranteeOf(uint256 id) external view returns (Guarantee memory guarantee) {
        (uint256 left, uint256 claim, uint256 expiry, uint256 guarantor) =
            ShareWords.unpackUndertaking(_words[id].undertaking);
        return Guarantee(uint32(guarantor), uint56(left), uint56(claim), uint32(expiry));
    }

    /// @inheritdoc ISettlementDesk
    function undertakingAccount(uint256 id) external pure returns (uint256) {
        return ShareWords.accountOf(id);
    }

    /// @dev A stranger's small undertaking must not keep out a real one: the larger displaces the smaller (P02),
    /// unless it ends before both that one and the order's last day: nobody may buy a guarantor out of its word.
    /// @return owed what the buyer owes the former guarantor; the newcomer's first cash, which pays it out (R13)
    function _displace(OrderWords.Order memory order, uint256 amount, uint256 until)
        private
        returns (uint256 owed, uint256 former)
    {
        uint256 left;
        uint256 expiry;
        (left, owed, expiry, former) = ShareWords.unpackUndertaking(_words[order.id].undertaking);
        bool isInForce = left != 0 && block.timestamp < expiry;
        uint256 last = OrderWords.expiryOf(order.terms) + OrderWords.tenorOf(order.terms) * 1 days + Bounds.POSTING_GRACE;
        bool isLess = amount <= left + owed || until < Waterfall.min(expiry, last);
        if (amount <= owed || (isInForce && isLess)) revert UndertakingTaken(order.id, left + owed);
        if (left != 0) _giveBack(order);
        if (owed != 0) emit GuarantorRefunded(order.id, uint32(former), owed);
    }

    function _giveBack(OrderWords.Order memory order) private {
        (uint256 left, uint256 claim, uint256 expiry, uint256 guarantor) =
            ShareWords.unpackUndertaking(_words[order.id].undertaking);
        _words[order.id].undertaking = ShareWords.packUndertaking(0, claim, expiry, guarantor);
        emit UndertakingReturned(order.id, uint32(guarantor), left);
        _moveOne(OrderWords.currencyOf(order.terms), ShareWords.accountOf(order.id), guarantor, left);
    }
}
