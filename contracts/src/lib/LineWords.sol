// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCount, LineTerms, Phase} from "./Terms.sol";
import {Waterfall} from "./Waterfall.sol";

/// @notice A credit line between its storage words and memory.
///
/// terms (line, version)  funder 32 | order cap 56 | rate 16 | late 16 | fee 16 | advances 3 x 14 | currency 10 | grace 8
///                        | buyer lanes 8 | supplier lanes 8 | expiry 32 | act/365 1 | recourse 1
/// usage (line)           limit 56 | used 56 | version 16 | funder 32 | currency 16
library LineWords {
    uint256 private constant ADVANCE = 0x3FFF;

    struct Pinned {
        uint256 funder;
        uint256 orderCap;
        uint256 rateBps;
        uint256 lateBps;
        uint256 feeBps;
        uint256 advanceAccepted;
        uint256 advanceShipped;
        uint256 advanceReleased;
        uint256 currency;
        uint256 graceDays;
        uint256 buyerLanes;
        uint256 supplierLanes;
        uint256 expiry;
        bool isAct365;
        bool hasRecourse;
    }

    struct Usage {
        uint256 limit;
        uint256 used;
        uint256 version;
        uint256 funder;
        uint256 currency;
    }

    function unpackTerms(uint256 word) internal pure returns (Pinned memory terms) {
        terms.funder = uint32(word);
        terms.orderCap = uint56(word >> 32);
        terms.rateBps = uint16(word >> 88);
        terms.lateBps = uint16(word >> 104);
        terms.feeBps = uint16(word >> 120);
        terms.advanceAccepted = (word >> 136) & ADVANCE;
        terms.advanceShipped = (word >> 150) & ADVANCE;
        terms.advanceReleased = (word >> 164) & ADVANCE;
        terms.currency = (word >> 178) & 0x3FF;
        terms.graceDays = uint8(word >> 188);
        terms.buyerLanes = uint8(word >> 196);
        terms.supplierLanes = uint8(word >> 204);
        terms.expiry = uint32(word >> 212);
        terms.isAct365 = (word >> 244) & 1 == 1;
        terms.hasRecourse = (word >> 245) & 1 == 1;
    }

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

    /// @return the terms as they were signed; the line's limit stands beside them, nonce and deadline are spent
    function toLineTerms(uint256 word, uint32 line, uint56 limit) internal pure returns (LineTerms memory) {
        Pinned memory terms = unpackTerms(word);
        return LineTerms({
            line: line,
            funder: uint32(terms.funder),
            currency: uint16(terms.currency),
            limit: limit,
            orderCap: uint56(terms.orderCap),
            rateBps: uint16(terms.rateBps),
            lateBps: uint16(terms.lateBps),
            feeBps: uint16(terms.feeBps),
            advanceAccepted: uint16(terms.advanceAccepted),
            advanceShipped: uint16(terms.advanceShipped),
            advanceReleased: uint16(terms.advanceReleased),
            dayCount: terms.isAct365 ? DayCount.Act365 : DayCount.Act360,
            graceDays: uint8(terms.graceDays),
            recourse: terms.hasRecourse,
            buyerLanes: uint8(terms.buyerLanes),
            supplierLanes: uint8(terms.supplierLanes),
            expiry: uint32(terms.expiry),
            nonce: 0,
            deadline: 0
        });
    }

    function unpackUsage(uint256 word) internal pure returns (Usage memory usage) {
        usage.limit = uint56(word);
        usage.used = uint56(word >> 56);
        usage.version = uint16(word >> 112);
        usage.funder = uint32(word >> 128);
        usage.currency = uint16(word >> 160);
    }

    function pack(Usage memory usage) internal pure returns (uint256) {
        return usage.limit | usage.used << 56 | usage.version << 112 | usage.funder << 128 | usage.currency << 160;
    }

    /// @return the advance rate of a phase, basis points of the claim
    function advance(Pinned memory terms, Phase phase) internal pure returns (uint256) {
        if (phase == Phase.Accepted) return terms.advanceAccepted;
        return phase == Phase.Shipped ? terms.advanceShipped : terms.advanceReleased;
    }

    /// @return the largest share of `value` that these terms ever lend (R10, R11)
    function mostOf(Pinned memory terms, uint256 value) internal pure returns (uint256) {
        uint256 most = terms.advanceAccepted;
        if (terms.advanceShipped > most) most = terms.advanceShipped;
        if (terms.advanceReleased > most) most = terms.advanceReleased;
        return Waterfall.shareDown(value, most);
    }
}
