// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LoanBook} from "./LoanBook.sol";
import {ICashLedger} from "./interfaces/ICashLedger.sol";
import {ICreditLines} from "./interfaces/ICreditLines.sol";
import {ITrustedNetwork} from "./interfaces/ITrustedNetwork.sol";
import {LineWords} from "./lib/LineWords.sol";
import {BUYER, FUNDER, Phase, SUPPLIER} from "./lib/Terms.sol";
import {Waterfall} from "./lib/Waterfall.sol";

/// @title What a line offers for an order that is not accepted yet
abstract contract LineOffers is LoanBook {
    using LineWords for uint256;

    /// @dev The same tests as acceptance makes, in its order.
    function _offer(uint32 line, ICreditLines.Wish calldata wish)
        internal
        view
        returns (ICreditLines.Offer memory found)
    {
        uint256 usage = _usage[line];
        uint256 terms = _terms[_key(line, usage.versionOf())];
        found.line = line;
        found.version = uint16(usage.versionOf());
        found.committed = terms.hasCommitment();
        uint256 amount = terms.mostOf(wish.face);
        found.reserve = uint56(amount);
        found.commitmentFee = uint56(Waterfall.shareUp(amount, terms.commitmentBpsOf()));
        (uint256 free,) = _ledger.freeOf(wish.currency, terms.funderOf());
        uint256 lends = Waterfall.shareDown(wish.face, terms.advanceOf(uint256(Phase.Accepted)));
        found.lends = uint56(Waterfall.min(lends, free));
        found.refusal = _refusal(terms, usage, wish, amount);
        if (found.refusal == 0 && found.committed) {
            found.refusal = _cashRefusal(wish, terms, amount, found.commitmentFee);
        }
    }

    /// @dev A committed line needs the funder's cash for the reserve now, and the supplier's for the fee.
    function _cashRefusal(ICreditLines.Wish calldata wish, uint256 terms, uint256 need, uint256 fee)
        private
        view
        returns (bytes4)
    {
        (uint256 funds, bool isFrozen) = _ledger.freeOf(wish.currency, terms.funderOf());
        (uint256 cash, bool isSupplierFrozen) = _ledger.freeOf(wish.currency, wish.supplier);
        if (isFrozen || (isSupplierFrozen && fee != 0)) return ICashLedger.AccountFrozen.selector;
        return funds < need || cash < fee ? ICashLedger.InsufficientCash.selector : bytes4(0);
    }

    function _refusal(uint256 terms, uint256 usage, ICreditLines.Wish calldata wish, uint256 amount)
        private
        view
        returns (bytes4)
    {
        uint32 funder = uint32(terms.funderOf());
        bool isStanding = _network.hasStanding(wish.buyer, BUYER) && _network.hasStanding(wish.supplier, SUPPLIER)
            && (funder == 0 || _network.hasStanding(funder, FUNDER));
        if (!isStanding) return ITrustedNetwork.NotInGoodStanding.selector;
        bool isOpen = _network.isTrading(wish.buyer, BUYER, wish.currency)
            && _network.isTrading(wish.supplier, SUPPLIER, 0) && (funder == 0 || _network.isTrading(funder, FUNDER, 0));
        if (!isOpen) return ITrustedNetwork.NewBusinessHalted.selector;
        if (terms == 0) return ICreditLines.UnknownLine.selector;
        if (block.timestamp > terms.expiryOf()) return ICreditLines.LineExpired.selector;
        if (terms.funderOf() == wish.supplier) return ICreditLines.FunderIsSupplier.selector;
        if (wish.currency != usage.currencyOf()) return ICreditLines.CurrencyDiffers.selector;
        uint256 lanes = _network.memberOf(wish.buyer).lane;
        lanes |= uint256(_network.memberOf(wish.supplier).lane) << 8;
        if (!terms.isEligible(lanes)) return ICreditLines.NotEligible.selector;
        if (wish.face > terms.orderCapOf()) return ICreditLines.OrderCapExceeded.selector;
        uint256 longest = terms.longestDaysOf() * 1 days;
        uint256 last = uint256(wish.expiry) + uint256(wish.tenorDays) * 1 days;
        if (longest != 0 && last > block.timestamp + longest) return ICreditLines.LifeTooLong.selector;
        uint256 headroom = Waterfall.minusFloor(usage.limitOf(), usage.usedOf());
        return amount > headroom ? ICreditLines.LimitExceeded.selector : bytes4(0);
    }
}
