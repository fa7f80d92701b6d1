// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PurchaseOrder} from "./Terms.sol";

/// @notice An order between its storage words and memory. One SLOAD and one SSTORE a word.
///
/// sums   face 56 | reduced 56 | paid 56 | released 56 | seq 16 | settlements 16
/// terms  buyer 32 | holder 32 | line 32 | due 32 | expiry 32 | jurisdiction 16 | currency 16 | tenor 16 | late 16
///        | version 16 | flags 8 | phase 4 | settleOn 2 | fundBy 2
/// duty   cap 56 | paid 56 | demanded 56 | treasury 32, only with a duty cap
/// late   accrued 88 | since 32, only while the buyer is late
///
/// The other trade contracts read single fields from the words; Receivables works on the whole order.
library OrderWords {
    uint256 internal constant HOLD = 1;
    uint256 internal constant FUNDED = 2; // the buyer's cash was locked, or tried to be
    uint256 internal constant DUTY = 4;
    uint256 internal constant LATE = 8;
    uint256 internal constant DRAWS_CLOSED = 16;
    uint256 internal constant LAPSED = 32;

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
    }

    function load(Order memory order, uint256 id, uint256 sums, uint256 terms) internal pure {
        order.id = id;
        order.terms = terms;
        order.face = faceOf(sums);
        order.reduced = uint56(sums >> 56);
        order.paid = paidOf(sums);
        order.released = uint56(sums >> 168);
        order.seq = uint16(sums >> 224);
        order.settlements = sums >> 240;
        order.due = dueOf(terms);
        order.flags = uint8(terms >> 240);
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

    function packLate(uint256 accrued, uint256 since) internal pure returns (uint256) {
        return accrued | since << 88;
    }

    function unpackLate(uint256 word) internal pure returns (uint256 accrued, uint256 since) {
        return (uint88(word), uint32(word >> 88));
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
            return uint56(sums) - uint56(sums >> 56);
        }
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
