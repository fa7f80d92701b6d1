// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the holder signs to hand a receivable, or a share of one, to another member.
struct Assignment {
    uint256 order; // or a share's id
    uint32 holder;
    uint32 to; // the member that holds it from then on
    uint56 claim; // face less what was reduced and paid; another sum is another deal
    uint64 nonce; // unordered
    uint32 deadline;
}

/// @notice What the holder signs to give shares of its receivable to others, its own suppliers above all.
struct Split {
    uint256 order;
    uint32 holder;
    uint8 first; // number of the first new share: one more than there are
    uint32[] holders; // member ids, one a share
    uint56[] faces; // minor units, one a share; the order keeps the rest
    uint32 deadline;
}

/// @notice What a guarantor signs to lock cash that pays under an order when the buyer is short.
struct Undertaking {
    uint256 order;
    uint32 guarantor;
    uint56 amount;
    uint56 owed; // of it, the most that may pay out a former guarantor
    uint32 expiry; // from then on the cash goes back
    uint64 nonce;
    uint32 deadline;
}
