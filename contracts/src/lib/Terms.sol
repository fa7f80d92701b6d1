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
uint16 constant KEYS = 64; // give and revoke keys that reach no further than itself
uint16 constant ALL_SCOPES = 0xFFFF;

// Seconds after the end of a day until which readings of it are taken.
uint32 constant OBSERVATION_WINDOW = 2 days;

/// @dev Life of an order. Whole-state attestations may also take it back (a release withdrawn), never out of Closed.
enum Phase {
    None,
    Accepted,
    Shipped,
    Released,
    Cleared,
    Closed
}

/// @dev Which attested phase makes the released value payable. Arrival: cleared, also before the goods are there, and a
/// carrier's signed arrival.
enum SettleOn {
    Release,
    Clearance,
    Arrival
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

/// @dev How a policy's payout grows with the index.
enum PayoutKind {
    Linear,
    Threshold,
    Stepped
}

/// @dev What an observer says of a bucket: a value, nothing final yet, or that its source has none.
enum Answer {
    Value,
    TooEarly,
    NoData
}

enum Status {
    None,
    Active,
    Suspended,
    Expelled
}

/// @dev What a halt of new business is about.
enum HaltOn {
    Network,
    Member,
    Currency
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
    bool committed; // cash for every reserve is set aside; the same for all versions of a line
    uint16 commitmentBps; // of each reserve, paid by the supplier at acceptance, at most 1,023
    uint16 longestDays; // from acceptance to the latest due date of an order, at most 2,047; 0 for no bound
    uint32 expiry; // of the offer
    uint64 nonce; // unordered
    uint32 deadline;
}

/// @notice What the supplier, or a funder that is not committed, signs to give a reserve back.
struct ReserveRelease {
    uint256 order;
    uint32 member; // who signs
    uint32 deadline;
}

/// @notice What the supplier signs to let another line stand behind an order that it has not drawn on.
struct ReserveMove {
    uint256 order;
    uint32 fromLine; // what it replaces, 0 and 0 for none
    uint16 fromVersion;
    uint32 line;
    uint16 version;
    uint64 nonce; // unordered: a reserve that came back must not be moved away again
    uint32 deadline;
}

/// @notice What a funder signs to write the principal of a loan off.
struct WriteOff {
    uint256 order;
    uint32 funder;
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

/// @notice States of several orders of one jurisdiction under one signature each; every item is a state of its own.
struct AttestationBatch {
    Attestation[] items;
}

/// @notice What a minority of a committee signs to stop payment of an order until a quorum says otherwise.
struct HoldRequest {
    uint256 order;
    uint16 jurisdiction;
    uint32 seq; // of the state that the order has: a newer one ends the request
    bytes32 messages; // hash of the sorted ids of the messages that are its reason
    uint32 deadline; // on the hour, at most two hours ahead
}

/// @notice What both parties sign to change an order, and the holder and the lender whose claim it touches. All terms
/// that may change, whole.
struct Amendment {
    uint256 order;
    uint16 version; // amendments the order has had before this one
    uint56 face;
    bytes32 document; // root of the changed order's fields
    SettleOn settleOn;
    uint16 tenorDays;
    uint16 lateBps;
    uint56 dutyCap;
    uint32 expiry;
    uint32 arbiter; // member that decides disputes, 0: any arbiter of the network
    uint32 deadline;
}

/// @notice What both parties, the holder and a lender with a reserve sign to end an order on which nothing is paid.
struct Cancellation {
    uint256 order;
    uint16 version; // amendments the order has had
    uint32 deadline;
}

/// @notice What the buyer, the present holder and a lender with principal out sign to reduce a claim.
struct CreditNote {
    uint256 order;
    uint56 amount;
    bytes32 document; // root of the note's fields
    uint64 nonce; // the buyer's, unordered
    uint32 deadline;
}

/// @notice What the buyer signs to have a part of the claim withheld, funded out of its free cash, until it is decided.
struct Dispute {
    uint256 order;
    uint16 index; // disputes the order has had before this one
    uint56 amount;
    bytes32 reason; // hash of what the buyer says
    uint32 deadline;
}

/// @notice What ends a dispute: the parties' agreement, or the arbiter's decision. The rest of it is payable again.
struct DisputeEnd {
    uint256 order;
    uint16 index; // of the dispute
    uint56 upheld; // minor units by which the claim falls
    uint32 deadline;
}

/// @notice What a carrier signs once the goods of an order are there.
struct Arrival {
    uint256 order;
    uint32 arrivedAt;
    bytes32 document; // root of the transport document's fields
    uint32 deadline;
}

/// @notice One observer's answer for one bucket (peril, place, day).
struct Observation {
    bytes32 bucket;
    Answer answer;
    uint64 value; // index units of the peril; 0 unless the answer is a value
    uint32 observedAt;
    uint32 deadline;
}

/// @notice What k observers sign over a bucket whose readings lie too far apart, after a second look.
struct Resolution {
    bytes32 bucket;
    bool isVoid; // no index stands for that day
    uint64 value; // between the lowest and the highest reading; 0 where void
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
    PayoutKind kind;
    uint64 attach; // index at which the payout starts
    uint64 exhaust; // index at which it is whole
    uint64[] stepAt; // stepped: indices from attach to exhaust, rising
    uint56[] stepPays; // stepped: what is paid from each of them on, rising to the sum
    uint16 noDataBps; // share of the sum for a day that the observers sign as without data
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

/// @notice What the insurer signs to open its pool to investors. It stands while anybody holds a share.
struct PoolTerms {
    uint32 insurer;
    uint16 currency;
    uint56 bucketCap; // most that the sums sold on one (peril, place, day) come to
    uint16 epochDays; // every day divisible by it is an exit day
    uint64 nonce;
    uint32 deadline;
}

/// @notice What an investor signs to put free cash behind an insurer's cover.
struct PoolEntry {
    uint32 investor;
    uint32 insurer;
    uint16 currency;
    uint56 amount;
    uint88 minShares; // fewer are refused
    uint64 nonce;
    uint32 deadline;
}

/// @notice What an investor signs to take its part of the capital out.
struct PoolExit {
    uint32 investor;
    uint32 insurer;
    uint16 currency;
    uint88 shares;
    uint56 minAmount; // less is refused
    uint64 nonce;
    uint32 deadline;
}

/// @notice What a member signs to give itself a key or to change one; the new key signs the same, to prove that
/// somebody has it.
struct KeyGrant {
    uint32 member;
    address key;
    uint16 scopes;
    uint56 limit; // cash one signature may move, minor units
    uint64 nonce;
    uint32 deadline;
}

/// @notice What a member signs to give up a key for ever.
struct KeyRevocation {
    uint32 member;
    address key;
    uint64 nonce;
    uint32 deadline;
}

/// @notice What a member signs to move to another account address, and that account to take its place.
struct AccountReplacement {
    uint32 member;
    address account;
    uint64 nonce;
    uint32 deadline;
}

/// @notice What a member signs to refuse an account that governance proposed for it.
struct AccountRefusal {
    uint32 member;
    address account;
    uint64 nonce;
    uint32 deadline;
}
