// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How long things may last, the same for every order.
library Bounds {
    // A loan matures by expiry or due date: neither may lie so far off that it never falls due.
    uint256 internal constant LONGEST_LIFE = 730 days;
    uint16 internal constant LONGEST_TENOR = 365;
    // What customs did before the expiry may be posted later.
    uint256 internal constant POSTING_GRACE = 5 days;
    // What customs hold is not undelivered yet; but a hold that nobody lifts must not bind a reserve for ever.
    uint256 internal constant HOLD_GRACE = 90 days;
    uint256 internal constant DECISION_PERIOD = 30 days;
}
