// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCount, LineTerms, Phase} from "./Terms.sol";
import {Waterfall} from "./Waterfall.sol";

/// @notice A credit line as stored; fields are read from the words as they are needed.
///
/// terms (line, version)  funder 32 | order cap 56 | rate 16 | late 16 | fee 16 | advances 3 x 14 | currency 10 | grace
/// 8
///                        | buyer lanes 8 | supplier lanes 8 | expiry 32 | act/365 1 | recourse 1
/// usage (line)           limit 56 | used 56 | version 16 | funder 32 | currency 16
library LineWords {
    uint256 private constant ADVANCE = 0x3FFF;

    /// @dev Advances are at most 10,000 and a listed currency at most 999: both were checked before.
    function packTerms(LineTerms calldata terms) internal pure returns (uint256 word) {
        word = uint256(terms.funder) | uint256(terms.orderCap) << 32 | uint256(terms.rateBps) << 88
            | uint256(terms.lateBps) << 104 | uint256(terms.feeBps) << 120;
        word |= uint256(terms.advanceAccepted) << 136 | uint256(terms.advanceShipped) << 150
            | uint256(terms.advanceReleased) << 164 | uint256(terms.currency) << 178;
        word |= uint256(terms.graceDays) << 188 | uint256(terms.buyerLanes) << 196
            | uint256(terms.supplierLanes) << 204 | uint256(terms.expiry) << 212;
        word |= uint256(terms.dayCount) << 244 | (terms.recourse ? uint256(1) << 245 : 0);
    }

    /// @return terms as they were signed; the line's limit stands beside them, nonce and deadline are spent
    function toLineTerms(uint256 word, uint32 line, uint56 limit) internal pure returns (LineTerms memory terms) {
        terms.line = line;
        terms.funder = uint32(word);
        terms.currency = uint16((word >> 178) & 0x3FF);
        terms.limit = limit;
        terms.orderCap = uint56(orderCapOf(word));
        terms.rateBps = uint16(rateBpsOf(word));
        terms.lateBps = uint16(lateBpsOf(word));
        terms.feeBps = uint16(feeBpsOf(word));
        terms.advanceAccepted = uint16((word >> 136) & ADVANCE);
        terms.advanceShipped = uint16((word >> 150) & ADVANCE);
        terms.advanceReleased = uint16((word >> 164) & ADVANCE);
        terms.dayCount = DayCount(isAct365(word));
        terms.graceDays = uint8(word >> 188);
        terms.recourse = hasRecourse(word);
        terms.buyerLanes = uint8(word >> 196);
        terms.supplierLanes = uint8(word >> 204);
        terms.expiry = uint32(expiryOf(word));
    }

    function funderOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms);
    }

    function orderCapOf(uint256 terms) internal pure returns (uint256) {
        return uint56(terms >> 32);
    }

    function rateBpsOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 88);
    }

    function lateBpsOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 104);
    }

    function feeBpsOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 120);
    }

    function graceOf(uint256 terms) internal pure returns (uint256) {
        unchecked {
            return uint256(uint8(terms >> 188)) * 1 days;
        }
    }

    function expiryOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> 212);
    }

    function isAct365(uint256 terms) internal pure returns (uint256) {
        return (terms >> 244) & 1;
    }

    function hasRecourse(uint256 terms) internal pure returns (bool) {
        return (terms >> 245) & 1 == 1;
    }

    /// @return whether members of these lanes (buyer's, supplier's 8 bits further up) are in the funder's offer
    function isEligible(uint256 terms, uint256 lanes) internal pure returns (bool) {
        uint256 buyers = uint256(uint8(terms >> 196)) >> uint8(lanes);
        uint256 suppliers = uint256(uint8(terms >> 204)) >> uint8(lanes >> 8);
        return buyers & suppliers & 1 == 1;
    }

    /// @return the advance rate of a phase, basis points of the claim
    function advanceOf(uint256 terms, uint256 phase) internal pure returns (uint256) {
        if (phase == uint256(Phase.Accepted)) return (terms >> 136) & ADVANCE;
        return (phase == uint256(Phase.Shipped) ? terms >> 150 : terms >> 164) & ADVANCE;
    }

    /// @return the largest share of `value` that these terms ever lend (R10, R11)
    function mostOf(uint256 terms, uint256 value) internal pure returns (uint256) {
        uint256 most = (terms >> 136) & ADVANCE;
        uint256 shipped = (terms >> 150) & ADVANCE;
        uint256 released = (terms >> 164) & ADVANCE;
        if (shipped > most) most = shipped;
        if (released > most) most = released;
        return Waterfall.shareDown(value, most);
    }

    function packUsage(uint256 limit, uint256 used, uint256 version, uint256 funder, uint256 currency)
        internal
        pure
        returns (uint256)
    {
        return limit | used << 56 | version << 112 | funder << 128 | currency << 160;
    }

    function limitOf(uint256 usage) internal pure returns (uint256) {
        return uint56(usage);
    }

    function usedOf(uint256 usage) internal pure returns (uint256) {
        return uint56(usage >> 56);
    }

    /// @return the usage's word with another sum of uses, which stays within the limit or falls
    function withUsed(uint256 usage, uint256 used) internal pure returns (uint256) {
        return (usage & ~(uint256(type(uint56).max) << 56)) | used << 56;
    }

    function versionOf(uint256 usage) internal pure returns (uint256) {
        return uint16(usage >> 112);
    }

    function funderOfUsage(uint256 usage) internal pure returns (uint256) {
        return uint32(usage >> 128);
    }

    function currencyOf(uint256 usage) internal pure returns (uint256) {
        return uint16(usage >> 160);
    }
}
