// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FundBy, Phase, SettleOn} from "./Terms.sol";

/// @notice An order between its storage words and memory. One SLOAD and one SSTORE a word.
///
/// sums   face 56 | reduced 56 | paid 56 | released 56 | seq 16 | settlements 16
/// terms  buyer 32 | holder 32 | line 32 | due 32 | expiry 32 | jurisdiction 16 | currency 16 | tenor 16 | late 16
///        | version 16 | flags 8 | phase 4 | settleOn 2 | fundBy 2
/// duty   cap 56 | paid 56 | demanded 56 | treasury 32, only with a duty cap
/// late   accrued 88 | since 32, only while the buyer is late
library OrderWords {
    uint8 internal constant HOLD = 1;
    uint8 internal constant FUNDED = 2; // the buyer's cash was locked, or tried to be
    uint8 internal constant DUTY = 4;
    uint8 internal constant LATE = 8;
    uint8 internal constant DRAWS_CLOSED = 16;
    uint8 internal constant LAPSED = 32;

    struct Order {
        uint256 id;
        uint256 face;
        uint256 reduced;
        uint256 paid;
        uint256 released;
        uint256 seq;
        uint256 settlements;
        uint256 buyer;
        uint256 holder;
        uint256 line;
        uint256 due;
        uint256 expiry;
        uint256 jurisdiction;
        uint256 currency;
        uint256 tenorDays;
        uint256 lateBps;
        uint256 version;
        uint256 flags;
        Phase phase;
        SettleOn settleOn;
        FundBy fundBy;
    }

    struct Duty {
        uint256 cap;
        uint256 paid;
        uint256 demanded;
        uint256 treasury;
    }

    struct Late {
        uint256 accrued;
        uint256 since;
    }

    function unpack(uint256 id, uint256 sums, uint256 terms) internal pure returns (Order memory order) {
        order.id = id;
        order.face = uint56(sums);
        order.reduced = uint56(sums >> 56);
        order.paid = uint56(sums >> 112);
        order.released = uint56(sums >> 168);
        order.seq = uint16(sums >> 224);
        order.settlements = sums >> 240;
        order.buyer = uint32(terms);
        order.holder = uint32(terms >> 32);
        order.line = uint32(terms >> 64);
        order.due = uint32(terms >> 96);
        order.expiry = uint32(terms >> 128);
        order.jurisdiction = uint16(terms >> 160);
        order.currency = uint16(terms >> 176);
        order.tenorDays = uint16(terms >> 192);
        order.lateBps = uint16(terms >> 208);
        order.version = uint16(terms >> 224);
        order.flags = uint8(terms >> 240);
        order.phase = Phase((terms >> 248) & 0xF);
        order.settleOn = SettleOn((terms >> 252) & 0x3);
        order.fundBy = FundBy(terms >> 254);
    }

    /// @dev The fields keep their widths: sums never exceed face, times and counts are bounded where they are set.
    function packSums(Order memory order) internal pure returns (uint256) {
        return order.face | order.reduced << 56 | order.paid << 112 | order.released << 168 | order.seq << 224
            | order.settlements << 240;
    }

    function packTerms(Order memory order) internal pure returns (uint256) {
        return order.buyer | order.holder << 32 | order.line << 64 | order.due << 96 | order.expiry << 128
            | order.jurisdiction << 160 | order.currency << 176 | order.tenorDays << 192 | order.lateBps << 208
            | order.version << 224 | order.flags << 240 | uint256(order.phase) << 248 | uint256(order.settleOn) << 252
            | uint256(order.fundBy) << 254;
    }

    function unpackDuty(uint256 word) internal pure returns (Duty memory) {
        return Duty(uint56(word), uint56(word >> 56), uint56(word >> 112), uint32(word >> 168));
    }

    function pack(Duty memory duty) internal pure returns (uint256) {
        return duty.cap | duty.paid << 56 | duty.demanded << 112 | duty.treasury << 168;
    }

    function unpackLate(uint256 word) internal pure returns (Late memory) {
        return Late(uint88(word), uint32(word >> 88));
    }

    function pack(Late memory late) internal pure returns (uint256) {
        return late.accrued | late.since << 88;
    }

    function has(Order memory order, uint8 flag) internal pure returns (bool) {
        return order.flags & flag != 0;
    }

    function set(Order memory order, uint8 flag) internal pure {
        order.flags |= flag;
    }

    function clear(Order memory order, uint8 flag) internal pure {
        order.flags &= ~uint256(flag);
    }

    /// @return E, what is still claimed under the order
    function claim(Order memory order) internal pure returns (uint256) {
        return order.face - order.reduced;
    }

    /// @return the claim that an undrawn reserve still counts, 0 once draws are closed
    function reserved(Order memory order) internal pure returns (uint256) {
        return has(order, DRAWS_CLOSED) ? 0 : claim(order);
    }

    /// @return due date, or expiry where none is set: a loan's maturity without the grace
    function base(Order memory order) internal pure returns (uint256) {
        return order.due == 0 ? order.expiry : order.due;
    }
}
