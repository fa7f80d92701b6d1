// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Roles of a member.
uint16 constant BUYER = 1;
uint16 constant SUPPLIER = 2;
uint16 constant FUNDER = 4;
uint16 constant CUSTOMS = 8;
uint16 constant INSURER = 16;
uint16 constant OBSERVER = 32;
uint16 constant CARRIER = 64;
uint16 constant ARBITER = 128;
uint16 constant AUDITOR = 256;

// Scopes of a key.
uint16 constant SIGN_ORDER = 1;
uint16 constant DRAW = 2;
uint16 constant PAY = 4;
uint16 constant WITHDRAW = 8;
uint16 constant PUBLISH = 16;
uint16 constant COVER = 32;
uint16 constant ALL_SCOPES = 0xFFFF;

/// @dev Life of an order. Whole-state attestations may also take it back (a release withdrawn), never out of Closed.
enum Phase {
    None,
    Accepted,
    Shipped,
    Released,
    Cleared,
    Closed
}

/// @dev Which attested phase makes the released value payable.
enum SettleOn {
    Release,
    Clearance
}

/// @dev When the buyer's cash is locked for the order; Never is open account.
enum FundBy {
    Never,
    Accepted,
    Shipped,
    Released
}

/// @dev Days in the year of the interest rule: actual/360 or actual/365.
enum DayCount {
    Act360,
    Act365
}

enum Status {
    None,
    Active,
    Suspended,
    Expelled
}

/// @notice What the buyer signs. The fingerprint of the order is computed from it, never passed in.
struct PurchaseOrder {
    uint32 buyer; // member id
    uint32 supplier; // member id
    string number; // canonical: 1..32 of A-Z 0-9, no leading zero
    uint16 year; // of issue
    uint16 currency; // ISO 4217 numeric
    uint56 face; // minor units
    bytes32 document; // root of the salted Merkle tree of the order's fields
    SettleOn settleOn;
    FundBy fundBy;
    uint16 tenorDays; // 0: payable at once
    uint16 lateBps; // a year, on what the buyer leaves unpaid
    uint56 dutyCap; // minor units of duty the buyer lets customs take, 0: none
    uint16 jurisdiction; // ISO 3166 numeric of the customs committee
    uint32 expiry; // unix seconds; undelivered value lapses after it
    uint32 deadline; // of this signature
}

/// @notice What the supplier signs: the order, and the line it chose (0, 0 for none).
struct Acceptance {
    bytes32 order; // EIP-712 struct hash of the PurchaseOrder
    uint32 line;
    uint16 version;
    uint32 deadline;
}

/// @notice What a funder signs to open a line (line 0) or to publish a new version of one.
struct LineTerms {
    uint32 line;
    uint32 funder; // member id
    uint16 currency;
    uint56 limit; // of the whole line, over all versions
    uint56 orderCap; // largest face of one order
    uint16 rateBps; // a year
    uint16 lateBps; // added to the rate after maturity
    uint16 feeBps; // of each draw, kept by the funder
    uint16 advanceAccepted; // basis points of face that may be lent in this phase
    uint16 advanceShipped;
    uint16 advanceReleased;
    DayCount dayCount;
    uint8 graceDays; // maturity = (due or expiry) + grace
    bool recourse; // the supplier bears the buyer's non-payment
    uint8 buyerLanes; // bitmap of eligible lanes
    uint8 supplierLanes;
    uint32 expiry; // of the offer
    uint64 nonce; // unordered
    uint32 deadline;
}

/// @notice What the supplier signs to draw. `index` counts the order's draws from 0.
struct Draw {
    uint256 order;
    uint16 index;
    uint56 amount; // minor units, the fee is taken out of it
    uint32 deadline;
}

/// @notice What a payer signs to repay a loan out of its free cash; at most what is outstanding is taken.
struct Repayment {
    uint256 order;
    uint32 payer;
    uint56 amount;
    uint64 nonce;
    uint32 deadline;
}

/// @notice What a member signs to take cash out of the ledger to its own account address.
struct Withdrawal {
    uint32 member;
    uint16 currency;
    uint56 amount;
    uint64 nonce;
    uint32 deadline;
}

/// @notice The whole customs state of an order as a committee member folds it. The deadline is not part of the content.
struct Attestation {
    uint256 order;
    uint16 jurisdiction;
    uint32 seq; // number of distinct authority messages folded
    Phase phase;
    bool hold;
    bool refused; // refused or seized: the undelivered part lapses
    uint56 released; // cumulative value, minor units
    uint56 duty; // cumulative demanded, minor units of the order's currency
    bytes32 declarations; // hash of the sorted declaration numbers
    bytes32 messages; // hash of the sorted message ids
    uint32 eventAt;
    uint32 deadline; // on the hour, at most two hours ahead
}

/// @notice One observer's reading of an index for one bucket (peril, place, day).
struct Observation {
    bytes32 bucket;
    uint64 value; // index units of the peril
    uint32 observedAt;
    uint32 deadline;
}

/// @notice What the insurer signs (the quote) and the insured accepts by its own signature over the same digest.
struct Policy {
    uint32 insurer;
    uint32 insured;
    uint256 order; // the receivable whose lender is loss payee
    uint16 currency;
    uint56 sum; // most that is paid
    uint56 premium;
    uint16 peril;
    bytes32 place; // UN/LOCODE, left-aligned ASCII
    uint32 firstDay; // unix days covered, both ends included
    uint32 lastDay;
    uint64 attach; // index at which the payout starts
    uint64 exhaust; // index at which it is whole
    uint32 waitingDays; // after purchase, before cover starts
    uint64 nonce;
    uint32 deadline;
}

/// @notice What the insurer signs to move free cash into its pool's capital.
struct PoolFunding {
    uint32 insurer;
    uint16 currency;
    uint56 amount;
    uint64 nonce;
    uint32 deadline;
}
