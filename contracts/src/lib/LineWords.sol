// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCount, LineTerms, Phase} from "./Terms.sol";
import {Waterfall} from "./Waterfall.sol";

/// @notice A credit line as stored; fields are read from the words as they are needed.
///
/// terms (line, version)  funder 32 | order cap 56 | rate 16 | late 16 | fee 14 | advances 3 x 14 | grace 8
///                        | buyer lanes 8 | supplier lanes 8 | expiry 32 | act/365 1 | recourse 1 | committed 1
///                        | commitment fee 10 | longest days 11
/// usage (line)           limit 56 | used 56 | version 16 | funder 32 | currency 16 | lost 56 | committed 1
library LineWords {
    uint256 internal constant MOST_COMMITMENT_BPS = 0x3FF;
    uint256 internal constant MOST_LONGEST_DAYS = 0x7FF;
    // A share of at most 10,000 basis points.
    uint256 private constant SHARE = 0x3FFF;

    /// @dev Shares, commitment fee and longest days were checked before: they fit their fields.
    function packTerms(LineTerms calldata terms) internal pure returns (uint256 word) {
        word = uint256(terms.funder) | uint256(terms.orderCap) << 32 | uint256(terms.rateBps) << 88
            | uint256(terms.lateBps) << 104 | uint256(terms.feeBps) << 120;
        word |= uint256(terms.advanceAccepted) << 134 | uint256(terms.advanceShipped) << 148
            | uint256(terms.advanceReleased) << 162;
        word |= uint256(terms.graceDays) << 176 | uint256(terms.buyerLanes) << 184
            | uint256(terms.supplierLanes) << 192 | uint256(terms.expiry) << 200;
        word |= uint256(terms.dayCount) << 232 | (terms.recourse ? uint256(1) << 233 : 0)
            | (terms.committed ? uint256(1) << 234 : 0);
        word |= uint256(terms.commitmentBps) << 235 | uint256(terms.longestDays) << 245;
    }

    /// @return terms as they were signed; limit and currency stand in the line's usage, nonce and deadline are spent
    function toLineTerms(uint256 word, uint32 line, uint256 usage) internal pure returns (LineTerms memory terms) {
        terms.line = line;
        terms.funder = uint32(word);
        terms.currency = uint16(currencyOf(usage));
        terms.limit = uint56(limitOf(usage));
        terms.orderCap = uint56(orderCapOf(word));
        terms.rateBps = uint16(rateBpsOf(word));
        terms.lateBps = uint16(lateBpsOf(word));
        terms.feeBps = uint16(feeBpsOf(word));
        terms.advanceAccepted = uint16((word >> 134) & SHARE);
        terms.advanceShipped = uint16((word >> 148) & SHARE);
        terms.advanceReleased = uint16((word >> 162) & SHARE);
        terms.dayCount = DayCount(isAct365(word));
        terms.graceDays = uint8(word >> 176);
        terms.recourse = hasRecourse(word);
        terms.buyerLanes = uint8(word >> 184);
        terms.supplierLanes = uint8(word >> 192);
        terms.committed = hasCommitment(word);
        terms.commitmentBps = uint16(commitmentBpsOf(word));
        terms.longestDays = uint16(longestDaysOf(word));
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
        return (terms >> 120) & SHARE;
    }

    function graceOf(uint256 terms) internal pure returns (uint256) {
        unchecked {
            // At most 255 days.
            return uint256(uint8(terms >> 176)) * 1 days;
        }
    }

    function expiryOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> 200);
    }

    function isAct365(uint256 terms) internal pure returns (uint256) {
        return (terms >> 232) & 1;
    }

    function hasRecourse(uint256 terms) internal pure returns (bool) {
        return (terms >> 233) & 1 == 1;
    }

    /// @return whether cash is set aside for each reserve
    function hasCommitment(uint256 terms) internal pure returns (bool) {
        return (terms >> 234) & 1 == 1;
    }

    function commitmentBpsOf(uint256 terms) internal pure returns (uint256) {
        return (terms >> 235) & MOST_COMMITMENT_BPS;
    }

    /// @return days from acceptance to the latest due date of an order, 0 for no bound
    function longestDaysOf(uint256 terms) internal pure returns (uint256) {
        return terms >> 245;
    }

    /// @return whether members of these lanes (buyer's, supplier's 8 bits further up) are in the funder's offer
    function isEligible(uint256 terms, uint256 lanes) internal pure returns (bool) {
        uint256 buyers = uint256(uint8(terms >> 184)) >> uint8(lanes);
        uint256 suppliers = uint256(uint8(terms >> 192)) >> uint8(lanes >> 8);
        return buyers & suppliers & 1 == 1;
    }

    /// @return the advance rate of a phase, basis points of the claim
    function advanceOf(uint256 terms, uint256 phase) internal pure returns (uint256) {
        if (phase == uint256(Phase.Accepted)) return (terms >> 134) & SHARE;
        return (phase == uint256(Phase.Shipped) ? terms >> 148 : terms >> 162) & SHARE;
    }

    /// @return the largest share of `value` that these terms ever lend (R10, R11)
    function mostOf(uint256 terms, uint256 value) internal pure returns (uint256) {
        uint256 most = (terms >> 134) & SHARE;
        uint256 shipped = (terms >> 148) & SHARE;
        uint256 released = (terms >> 162) & SHARE;
        if (shipped > most) most = shipped;
        if (released > most) most = released;
        return Waterfall.shareDown(value, most);
    }

    /// @return the usage's word with a newer version's limit
    function withVersion(uint256 usage, LineTerms calldata terms) internal pure returns (uint256) {
        uint256 kept = usage & ~uint256(type(uint56).max | uint256(type(uint16).max) << 112);
        return kept | terms.limit | (versionOf(usage) + 1) << 112;
    }

    /// @return the word of a line that has no version yet
    function newUsage(LineTerms calldata terms) internal pure returns (uint256) {
        return uint256(terms.funder) << 128 | uint256(terms.currency) << 160
            | (terms.committed ? uint256(1) << 232 : 0);
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

    /// @return principal that was written off and not recovered
    function lostOf(uint256 usage) internal pure returns (uint256) {
        return uint56(usage >> 176);
    }

    /// @return the usage's word with another sum of losses
    function withLost(uint256 usage, uint256 lost) internal pure returns (uint256) {
        return (usage & ~(uint256(type(uint56).max) << 176)) | lost << 176;
    }

    function isCommitted(uint256 usage) internal pure returns (bool) {
        return usage >> 232 == 1;
    }
}
