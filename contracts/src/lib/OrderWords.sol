// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PurchaseOrder} from "./Terms.sol";

/// @notice An order between its storage words and memory. One SLOAD and one SSTORE a word.
///
/// sums   face 56 | reduced 56 | paid 56 | released 56 | seq 16 | settlements 16
/// terms  buyer 32 | holder 32 | line 32 | due 32 | expiry 32 | jurisdiction 16 | currency 16 | tenor 16 | late 16
///        | version 16 | flags 8 | phase 4 | settleOn 2 | fundBy 2
/// duty   cap 56 | paid 56 | demanded 56 | treasury 32, only with a duty cap
/// late   accrued 88 | since 32 | frozen 32, only while the buyer is late
/// extension  disputed 56 | arbiter 32 | until 32 | arrived 32 | amendments 16 | disputes 16, only with EXTENDED
///
/// The other trade contracts read single fields from the words; Receivables works on the whole order.
library OrderWords {
    uint256 internal constant HOLD = 1;
    uint256 internal constant FUNDED = 2; // the buyer's cash was locked, or tried to be
    uint256 internal constant DUTY = 4;
    uint256 internal constant LATE = 8;
    uint256 internal constant DRAWS_CLOSED = 16;
    uint256 internal constant LAPSED = 32;
    uint256 internal constant EXTENDED = 64; // the extension's word exists, or an undertaking's
    uint256 internal constant SPLIT = 128;

    struct Order {
        uint256 id;
        uint256 terms; // the word as it was loaded
        uint256 face;
        uint256 reduced;
        uint256 paid;
        uint256 released;
        uint256 seq;
        uint256 settlements;
        uint256 due;
        uint256 flags;
        uint256 phase;
        uint256 extension; // zero without EXTENDED
        uint256 whole; // F0: the face, of a split order that before the split
    }

    /// @dev What is seldom there, unpacked where a verb changes it.
    struct Extension {
        uint256 disputed; // W
        uint256 arbiter; // named by an amendment, 0: any of the network
        uint256 until; // of the dispute: anyone may dismiss it afterwards
        uint256 arrivedAt; // 0: the carrier has said nothing
        uint256 amendments;
        uint256 disputes;
    }

    function load(Order memory order, uint256 id, uint256 sums, uint256 terms) internal pure {
        order.id = id;
        order.terms = terms;
        order.face = faceOf(sums);
        order.whole = order.face;
        order.reduced = uint56(sums >> 56);
        order.paid = paidOf(sums);
        order.released = releasedOf(sums);
        order.seq = uint16(sums >> 224);
        order.settlements = sums >> 240;
        order.due = dueOf(terms);
        order.flags = flagsOf(terms);
        order.phase = phaseOf(terms);
    }

    /// @dev The fields keep their widths: sums never exceed face, times and counts are bounded where they are set.
    function packSums(Order memory order) internal pure returns (uint256) {
        return order.face | order.reduced << 56 | order.paid << 112 | order.released << 168 | order.seq << 224
            | order.settlements << 240;
    }

    /// @dev What never changes after acceptance is taken from the word as loaded (I-06).
    function packTerms(Order memory order) internal pure returns (uint256) {
        uint256 changing = uint256(type(uint32).max) << 96 | uint256(0xFFF) << 240;
        return (order.terms & ~changing) | order.due << 96 | order.flags << 240 | order.phase << 248;
    }

    /// @return the terms' word with another line and its version
    function withLine(uint256 terms, uint256 line, uint256 version) internal pure returns (uint256) {
        uint256 kept = terms & ~(uint256(type(uint32).max) << 64 | uint256(type(uint16).max) << 224);
        return kept | line << 64 | version << 224;
    }

    /// @return the terms' word with those of an amendment, which all whose claim it touches have signed (I-06)
    function amended(uint256 terms, uint256 expiry, uint256 tenor, uint256 lateBps, uint256 settleOn)
        internal
        pure
        returns (uint256)
    {
        uint256 changing = uint256(type(uint32).max) << 128 | uint256(type(uint32).max) << 192 | uint256(0x3) << 252;
        return (terms & ~changing) | expiry << 128 | tenor << 192 | lateBps << 208 | settleOn << 252;
    }

    /// @return the terms' word of an order just accepted, without its parties, line and version
    function opening(PurchaseOrder calldata order, uint256 flags, uint256 phase, uint256 fundBy)
        internal
        pure
        returns (uint256)
    {
        uint256 word = uint256(order.expiry) << 128 | uint256(order.jurisdiction) << 160
            | uint256(order.currency) << 176 | uint256(order.tenorDays) << 192 | uint256(order.lateBps) << 208;
        return word | flags << 240 | phase << 248 | uint256(order.settleOn) << 252 | fundBy << 254;
    }

    function packDuty(uint256 cap, uint256 paid, uint256 demanded, uint256 treasury) internal pure returns (uint256) {
        return cap | paid << 56 | demanded << 112 | treasury << 168;
    }

    function withDemand(uint256 duty, uint256 demanded, uint256 treasury) internal pure returns (uint256) {
        return uint112(duty) | demanded << 112 | treasury << 168;
    }

    function unpackDuty(uint256 word)
        internal
        pure
        returns (uint256 cap, uint256 paid, uint256 demanded, uint256 treasury)
    {
        return (uint56(word), uint56(word >> 56), uint56(word >> 112), uint32(word >> 168));
    }

    /// @param frozen seconds that the buyer's account had been frozen by then: they bear no charge
    function packLate(uint256 accrued, uint256 since, uint256 frozen) internal pure returns (uint256) {
        return accrued | since << 88 | frozen << 120;
    }

    function frozenOf(uint256 late) internal pure returns (uint256) {
        return late >> 120;
    }

    function unpackLate(uint256 word) internal pure returns (uint256 accrued, uint256 since) {
        return (uint88(word), uint32(word >> 88));
    }

    function unpackExtension(uint256 word) internal pure returns (Extension memory extension) {
        extension.disputed = uint56(word);
        extension.arbiter = uint32(word >> 56);
        extension.until = uint32(word >> 88);
        extension.arrivedAt = uint32(word >> 120);
        extension.amendments = uint16(word >> 152);
        extension.disputes = uint16(word >> 168);
    }

    /// @dev Disputed is at most a face, times come from 32 bits, counts stop at 16.
    function packExtension(Extension memory extension) internal pure returns (uint256) {
        return extension.disputed | extension.arbiter << 56 | extension.until << 88 | extension.arrivedAt << 120
            | extension.amendments << 152 | extension.disputes << 168;
    }

    /// @return W, the part of the claim that the buyer disputes
    function disputed(Order memory order) internal pure returns (uint256) {
        return uint56(order.extension);
    }

    /// @return whether the carrier has signed the arrival
    function hasArrived(Order memory order) internal pure returns (bool) {
        return uint32(order.extension >> 120) != 0;
    }

    function has(Order memory order, uint256 flag) internal pure returns (bool) {
        return order.flags & flag != 0;
    }

    function set(Order memory order, uint256 flag) internal pure {
        order.flags |= flag;
    }

    function clear(Order memory order, uint256 flag) internal pure {
        order.flags &= ~flag;
    }

    /// @return E, what is still claimed under the order
    function claim(Order memory order) internal pure returns (uint256) {
        unchecked {
            // R1: reduced never exceeds face.
            return order.face - order.reduced;
        }
    }

    function faceOf(uint256 sums) internal pure returns (uint256) {
        return uint56(sums);
    }

    function claimOf(uint256 sums) internal pure returns (uint256) {
        unchecked {
            // R1: reduced never exceeds face.
            return uint56(sums) - uint56(sums >> 56);
        }
    }

    /// @return what is claimed and not paid yet
    function openOf(uint256 sums) internal pure returns (uint256) {
        return claimOf(sums) - paidOf(sums);
    }

    /// @return sums with `face` more paid, which is at most what is open, in one more settlement
    function withPayment(uint256 sums, uint256 face) internal pure returns (uint256) {
        unchecked {
            // R1: paid stays within the face; the count stops at its field's end.
            sums += face << 112;
            return sums >> 240 == type(uint16).max ? sums : sums + (1 << 240);
        }
    }

    function releasedOf(uint256 sums) internal pure returns (uint256) {
        return uint56(sums >> 168);
    }

    function paidOf(uint256 sums) internal pure returns (uint256) {
        return uint56(sums >> 112);
    }

    function buyerOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms);
    }

    function holderOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> 32);
    }

    function withHolder(uint256 terms, uint256 holder) internal pure returns (uint256) {
        return (terms & ~(uint256(type(uint32).max) << 32)) | holder << 32;
    }

    /// @return the terms' word of a share: what was signed of the order and another holder; no line, no state but that
    /// it is a share
    function asShare(uint256 terms, uint256 holder) internal pure returns (uint256) {
        uint256 kept = type(uint32).max | uint256(type(uint32).max) << 128 | uint256(type(uint64).max) << 160
            | uint256(0xF) << 252;
        return (terms & kept) | holder << 32 | SPLIT << 240;
    }

    function lineOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> 64);
    }

    function dueOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> 96);
    }

    function expiryOf(uint256 terms) internal pure returns (uint256) {
        return uint32(terms >> 128);
    }

    /// @return due date, or expiry where none is set: a loan's maturity without the grace
    function baseOf(uint256 terms) internal pure returns (uint256) {
        uint256 due = dueOf(terms);
        return due == 0 ? expiryOf(terms) : due;
    }

    function jurisdictionOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 160);
    }

    function currencyOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 176);
    }

    function tenorOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 192);
    }

    function lateBpsOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 208);
    }

    function versionOf(uint256 terms) internal pure returns (uint256) {
        return uint16(terms >> 224);
    }

    function hasFlag(uint256 terms, uint256 flag) internal pure returns (bool) {
        return (terms >> 240) & flag != 0;
    }

    function flagsOf(uint256 terms) internal pure returns (uint256) {
        return uint8(terms >> 240);
    }

    function phaseOf(uint256 terms) internal pure returns (uint256) {
        return (terms >> 248) & 0xF;
    }

    function settleOnOf(uint256 terms) internal pure returns (uint256) {
        return (terms >> 252) & 0x3;
    }

    function fundByOf(uint256 terms) internal pure returns (uint256) {
        return terms >> 254;
    }
}
