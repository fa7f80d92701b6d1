"""Which class of the drawn error tree each custom error of the contracts becomes, and in which words.

Errors are named, not imported, so that the table may also speak of what standard libraries revert with.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from settlement.chain.abi import ErrorString, Panic, UnknownError, decode_error
from settlement.errors import (
    ChainError,
    Conflict,
    EvidenceError,
    HanseError,
    InputRefused,
    InvariantBroken,
    NotFound,
    NotPermitted,
)
from settlement.ids import id_text

_TIMES: Final = frozenset(
    {"deadline", "until", "expiry", "latest", "maturity", "event_at", "observed_at", "arrived_at"}
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

MEANINGS: Final[dict[str, tuple[type[HanseError], str]]] = {
    # Who may act
    "AccessManagedInvalidAuthority": (
        InvariantBroken,
        "{authority} is no authority; the deployment is broken",
    ),
    "AccessManagedRequiredDelay": (
        Conflict,
        "the act of {caller} needs a delay of {delay} s; schedule it first",
    ),
    "AccessManagedUnauthorized": (
        NotPermitted,
        "{caller} may not govern this contract; use the governor's key",
    ),
    "AccessManagerAlreadyScheduled": (Conflict, "operation {operation_id} is scheduled already; wait for it"),
    "AccessManagerBadConfirmation": (InputRefused, "a role is renounced only by the account that has it"),
    "AccessManagerExpired": (
        Conflict,
        "operation {operation_id} was not executed in time; schedule it again",
    ),
    "AccessManagerInvalidInitialAdmin": (
        InputRefused,
        "{initial_admin} cannot be the first governor; give another",
    ),
    "AccessManagerLockedFunction": (NotPermitted, "function {selector} belongs to the authority itself"),
    "AccessManagerLockedRole": (NotPermitted, "role {role_id} cannot be changed"),
    "AccessManagerNotReady": (Conflict, "operation {operation_id} is not due yet; wait for its delay to end"),
    "AccessManagerNotScheduled": (Conflict, "operation {operation_id} was not scheduled; schedule it first"),
    "AccessManagerUnauthorizedAccount": (
        NotPermitted,
        "{msgsender} lacks role {role_id}; use the governor's key",
    ),
    "AccessManagerUnauthorizedCall": (NotPermitted, "{caller} may not call {selector} of {target}"),
    "AccessManagerUnauthorizedCancel": (NotPermitted, "{msgsender} may not cancel what {caller} scheduled"),
    "AccessManagerUnauthorizedConsume": (
        NotPermitted,
        "only {target} itself may consume its scheduled operations",
    ),
    "DelayTooShort": (InputRefused, "a delay of {given} s is too short; here every role waits {least} s"),
    "NotClearanceOracle": (
        NotPermitted,
        "{caller} is not the clearance oracle; hand the attestation in there",
    ),
    "NotOperator": (NotPermitted, "{caller} is not a trade contract; nobody else moves members' cash"),
    "NotTradeContract": (NotPermitted, "{caller} is not a trade contract of this suite"),
    "NotInBook": (
        NotPermitted,
        "a module is called at the address of Receivables, never at its own",
    ),
    "UnknownVerb": (InputRefused, "Receivables has no verb {selector}; is it another version?"),
    "NotHolder": (NotPermitted, "{from_} is not the account of the receivable's holder"),
    "NotTheMember": (
        NotPermitted,
        "the act is not signed by a key of member {member}; sign with one of its keys",
    ),
    "KeyNotValid": (
        NotPermitted,
        "key {key} is not an active key with scope {scope}; use one of the member's keys",
    ),
    "KeyLimitExceeded": (
        NotPermitted,
        "{amount} is above the limit of key {key}, {limit} minor units; use another key",
    ),
    "NoInsurableInterest": (
        NotPermitted,
        "member {insured} is neither holder nor buyer of the open order {order}",
    ),
    "RoleMissing": (NotPermitted, "member {member} lacks role {role}; the governor can give it"),
    "PartyOfOrder": (NotPermitted, "member {member} is a party of the order; an outsider must sign this"),
    "NotInGoodStanding": (
        NotPermitted,
        "member {member} is suspended, expelled or past its valid-until date",
    ),
    "NotEligible": (
        NotPermitted,
        "line {line} does not take a buyer of lane {buyer_lane} with a supplier of lane {supplier_lane}; choose another",
    ),
    "BeyondReach": (
        NotPermitted,
        "key {key} reaches less far than the key it decides about; use one with its scopes and limit",
    ),
    "MemberExpelled": (NotPermitted, "member {member} was expelled, for good"),
    "AccountGivenUp": (
        NotPermitted,
        "the account of member {member} was given up; another must take its place before cash is paid out",
    ),
    "NewBusinessHalted": (
        Conflict,
        "new business is halted until {until} ({on}, {subject}); what was agreed before goes on",
    ),
    "HaltedBefore": (
        Conflict,
        "the halt ({on}, {subject}) lapsed or lapses at {until}; the governor must confirm it to make it last",
    ),
    "NotHalted": (Conflict, "there is no halt to lift ({on}, {subject})"),
    "NetworkIsRetired": (Conflict, "this network is retired: new orders belong into its successor"),
    "PredecessorInBusiness": (
        Conflict,
        "the predecessor {predecessor} still takes orders, or business began already; retire it first",
    ),
    "AccountFrozen": (
        NotPermitted,
        "account {account} is frozen in currency {currency}: its free cash stands still until governance lifts it",
    ),
    "FreezeUnchanged": (Conflict, "the account of member {member} is so already in currency {currency}"),
    # What is not there
    "SubjectUnknown": (NotFound, "there is no subject {subject} of a halt of that kind ({on})"),
    "NotProposed": (NotFound, "account {account} is not proposed for member {member}"),
    "UnknownMember": (NotFound, "there is no member {member}"),
    "UnknownOrder": (NotFound, "there is no order {order} on chain; it must be accepted first"),
    "UnknownLine": (NotFound, "there is no version {version} of line {line}"),
    "UnknownPolicy": (NotFound, "there is no policy {policy}"),
    "NoLoan": (NotFound, "order {order} has no loan"),
    "NoCommittee": (
        NotFound,
        "jurisdiction {jurisdiction} has no customs committee; the governor must seat one",
    ),
    "CurrencyUnknown": (NotFound, "currency {currency} is not listed; the governor must list a token for it"),
    "NothingUndertaken": (NotFound, "no undertaking of order {order} has cash or a claim left"),
    # What can never be accepted as it is
    "StringsInsufficientHexLength": (
        InvariantBroken,
        "{value} does not fit into {length} bytes of text; the renderer is broken",
    ),
    "IsShare": (InputRefused, "{share} is a share of an order; name the order itself"),
    "SharesExceedClaim": (
        InputRefused,
        "shares of {faces} leave nothing of the order's claim of {claim}; give less away",
    ),
    "GuarantorIsBuyer": (InputRefused, "member {member} is the buyer and cannot guarantee for itself"),
    "ReceiverRefused": (
        InputRefused,
        "the account {to} is a contract and does not take ERC-721 tokens; assign to another",
    ),
    "AmountOutOfRange": (InputRefused, "amount {amount} must be above 0 and below 2^56 minor units"),
    "FaceOutOfRange": (InputRefused, "face {face} must be above 0 and below 2^56 minor units"),
    "NumberNotCanonical": (
        InputRefused,
        "order number {number!r} is not canonical: 1 to 32 of A-Z 0-9, no leading zero",
    ),
    "PartiesNotDistinct": (InputRefused, "buyer and supplier are the same member"),
    "FunderIsSupplier": (
        InputRefused,
        "the line is member {member}'s own, which is the supplier; choose another",
    ),
    "InvalidTerms": (InputRefused, "the terms contradict each other or leave their ranges"),
    "InvalidMember": (
        InputRefused,
        "a member needs an LEI, an account of its own, a role and a date in the future",
    ),
    "InvalidCommittee": (
        InputRefused,
        "a committee needs distinct keys of distinct members, 2k > n, the right role and no trading role",
    ),
    "ScaleNotWhole": (
        InputRefused,
        "a token of {decimals} decimals cannot carry a currency of {exponent}; it needs at least as many",
    ),
    "CurrencyDiffers": (
        InputRefused,
        "currencies differ; choose a line or policy in the order's own currency",
    ),
    "OrderCapExceeded": (
        InputRefused,
        "face {face} is above the line's cap of {cap} for one order; choose another line",
    ),
    "LifeTooLong": (
        InputRefused,
        "the order may fall due as late as {until}; line {line} takes {latest} at the latest; choose another",
    ),
    "CreditOutOfRange": (
        InputRefused,
        "a credit note of {amount} must be above 0 and at most {most}, what is open and not disputed",
    ),
    "DisputeOutOfRange": (InputRefused, "{amount} must be above 0 and at most {most} minor units"),
    "ArrivedOutOfTime": (InputRefused, "the goods arrived at {arrived_at}, after the chain's clock or never"),
    "ExpiryTooFar": (InputRefused, "the order expires at {expiry}; it may at {latest} at the latest"),
    "TenorTooLong": (InputRefused, "a tenor of {tenor_days} days is too long; agree on {most} at most"),
    "BucketMismatch": (
        InputRefused,
        "the reading is signed for bucket {signed}, but peril, place and day give {computed}",
    ),
    "WrongJurisdiction": (
        InputRefused,
        "attested for jurisdiction {attested}, but the order names {ordered}",
    ),
    "PhaseNotAttestable": (InputRefused, "phase {phase} cannot be attested"),
    "AnswerWithValue": (
        InputRefused,
        "an answer of too early or no data carries the value {value}; it takes 0",
    ),
    "BeyondTheReadings": (
        InputRefused,
        "people choose among what was read, from {lowest} to {highest}, or void the bucket with 0",
    ),
    "BatchOutOfRange": (InputRefused, "{given} policies were given; a batch takes 1 to {most}"),
    "SharesOutOfRange": (
        InputRefused,
        "{shares} shares: at least one, and at most the {bound} there are or can be",
    ),
    "DayNotCovered": (InputRefused, "day {day} is not one that the policy covers"),
    "DeadlineNotOnGrid": (InputRefused, "deadline {deadline} is not on the full hour; round it up"),
    "DeadlineTooFar": (
        InputRefused,
        "deadline {deadline} is more than two hours ahead; choose an earlier hour",
    ),
    "ObservedOutOfTime": (
        InputRefused,
        "the reading was taken at {observed_at}, before its day began or after the chain's clock",
    ),
    "EventInFuture": (InputRefused, "the event of {event_at} lies in the future of the chain's clock"),
    "EventBeforeOrder": (
        InputRefused,
        "the event of {event_at} lies before any order of this expiry; look at its date",
    ),
    "BatchOutOfBounds": (InputRefused, "a batch of {items} states; send 1 to {most}"),
    "BatchOfManyJurisdictions": (
        InputRefused,
        "all states of a batch are of one jurisdiction; make one for each",
    ),
    "InvalidSignatureLength": (InputRefused, "signatures of {length} bytes in all; each needs 65 (r, s, v)"),
    "SeatsNotAscending": (InputRefused, "signatures must stand in ascending order of seats, each seat once"),
    "SafeCastOverflowedUintDowncast": (InputRefused, "value {value} does not fit {bits} bits"),
    "StringTooLong": (InputRefused, "the text {str!r} is too long"),
    "InvalidShortString": (InvariantBroken, "a stored short text is damaged"),
    # What does not prove what it claims
    "AcceptanceOfOtherOrder": (
        EvidenceError,
        "the supplier's acceptance names other terms; sign these terms",
    ),
    "KeyNotProven": (EvidenceError, "{key} has not signed itself; the new key must sign the same"),
    "NotSignedBy": (EvidenceError, "the signature is not by a key of member {member} with the needed scope"),
    "NotObserver": (EvidenceError, "{key} is not a seated observer's key"),
    "SeatNotActive": (EvidenceError, "{key} has no active seat in this committee"),
    "NoContradiction": (
        EvidenceError,
        "these are not two contents that one seat signed for one order and number",
    ),
    "AlreadyProven": (
        Conflict,
        "that {key} signed two contents for number {seq} of order {order} was proven before; it counts once",
    ),
    "SignatureExpired": (
        EvidenceError,
        "the signature was good until {deadline}; sign again with a later deadline",
    ),
    "TooFewSignatures": (EvidenceError, "{given} signatures were given, {threshold} are needed"),
    "ERC2612ExpiredSignature": (EvidenceError, "the permit was good until {deadline}; sign again"),
    "ERC2612InvalidSigner": (
        EvidenceError,
        "the permit was signed by {signer}, not by the token's owner {owner}",
    ),
    "ECDSAInvalidSignature": (EvidenceError, "the signature recovers to no key"),
    "ECDSAInvalidSignatureLength": (EvidenceError, "a signature of {length} bytes; 65 are needed"),
    "ECDSAInvalidSignatureS": (EvidenceError, "the signature's s is high; use the canonical low form"),
    # What the present state forbids
    "AdvanceExceeded": (
        Conflict,
        "{wanted} exceeds what order {order} may draw now ({available} minor units)",
    ),
    "AlreadyAccepted": (Conflict, "order {order} was accepted before; one acceptance per order, ever"),
    "AlreadyPaid": (Conflict, "something was paid on order {order}; it can no longer be cancelled"),
    "ArrivalNotAwaited": (Conflict, "order {order} does not wait for an arrival"),
    "AlreadyEnrolled": (Conflict, "a member with LEI hash {lei} is enrolled already"),
    "AlreadyFixed": (Conflict, "bucket {bucket} is decided already: fixed, held, void or without data"),
    "AlreadyObserved": (Conflict, "{observer} has spoken for bucket {bucket} already"),
    "BelowAttach": (Conflict, "index {index} is below the attachment {attach}; nothing is owed"),
    "NotHeld": (Conflict, "bucket {bucket} is not held for people"),
    "NothingPayable": (Conflict, "none of these policies is paid by day {day}"),
    "PoolInUse": (Conflict, "pool {pool} has shares or open policies; its terms stand"),
    "PoolClosed": (Conflict, "pool {pool} takes no investors; its insurer has not opened it"),
    "NotExitDay": (Conflict, "investors come and go on exit days only; the next is day {next_exit_day}"),
    "ObservationPending": (
        Conflict,
        "{policies} policies of pool {pool} are under way; they are paid or expired first",
    ),
    "PriceMoved": (Conflict, "the pool offers {offered} now, at least {least} was asked; sign again"),
    "BucketFull": (
        Conflict,
        "the pool takes {free} more on day {day}, {wanted} was asked; choose other days or another insurer",
    ),
    "AcrossExitDay": (
        Conflict,
        "a policy from day {first_day} on would be open on an exit day of its pool, {exit_day}, or begins too late",
    ),
    "BuyerShort": (
        Conflict,
        "the buyer must lock {wanted} and has {available} minor units free; deposit first",
    ),
    "CapitalShort": (Conflict, "the pool has {free} of {wanted} minor units free; fund it first"),
    "CapitalStillBound": (Conflict, "the capital of policy {policy} is bound until {until}"),
    "CurrencyTaken": (Conflict, "currency {currency} is listed already"),
    "DayNotOver": (Conflict, "day {day} is not over; observe it afterwards"),
    "DecisionOverdue": (
        Conflict,
        "the arbiter's time ended at {until}; anyone may dismiss the dispute now",
    ),
    "DisputeIndexUsed": (Conflict, "dispute {index} is not the one; the next or present is {next}"),
    "DrawIndexUsed": (Conflict, "draw {index} was made already; the next is {next}"),
    "DrawsClosed": (
        Conflict,
        "order {order} takes no more draws: repaid, paid, overdue, on hold, expired or closed",
    ),
    "EventUnderWay": (
        Conflict,
        "a reading of day {day} reaches the attachment: the event is under way, its cover is not sold now",
    ),
    "IndexNotFixed": (Conflict, "the index of day {day} is not fixed yet"),
    "InsufficientCash": (
        Conflict,
        "account {account} has {available} of {wanted} minor units of currency {currency} free; deposit first",
    ),
    "KeyTaken": (Conflict, "key {key} belongs to a member already; use a fresh one"),
    "AlreadyDrawn": (Conflict, "order {order} was drawn on; its line can no longer be exchanged"),
    "NotReservedOn": (
        Conflict,
        "order {order} is not reserved on version {version} of line {line}; look again and sign anew",
    ),
    "NotReleasable": (
        Conflict,
        "the line committed itself to order {order}; only its supplier can let go before expiry",
    ),
    "NotMatured": (
        Conflict,
        "the loan of order {order} matures at {maturity}; nothing is written off before",
    ),
    "LimitExceeded": (
        Conflict,
        "line {line} has {available} of {wanted} minor units left; choose another line",
    ),
    "LoanOutstanding": (Conflict, "a loan is out on order {order}; repay it first"),
    "NotAmendable": (
        Conflict,
        "something of order {order} was released, paid, due or lapsed; its terms stand for good",
    ),
    "NotDisputed": (Conflict, "nothing of order {order} is disputed"),
    "UnderDispute": (Conflict, "a part of order {order} is disputed; end that first"),
    "VersionSuperseded": (
        Conflict,
        "signed for version {version} of order {order}, which has version {present} now; sign again",
    ),
    "LineExpired": (Conflict, "version {version} of line {line} has expired; choose another line"),
    "NonceUsed": (Conflict, "nonce {nonce} of member {member} was used; this act was done before"),
    "NotExpired": (Conflict, "this is possible only after {until}"),
    "NotTransferable": (Conflict, "the receivable of order {order} cannot be transferred here"),
    "AlreadyReleased": (Conflict, "something was released or paid under {order}; it stays with its holder"),
    "PrincipalOutstanding": (
        Conflict,
        "order {order} was drawn on, {principal} is out; repay before it is assigned, and do not split it any more",
    ),
    "OrderIsSplit": (
        Conflict,
        "order {order} was split; it is not amended, credited, disputed or cancelled any more",
    ),
    "OrderLapsed": (Conflict, "a part of order {order} was refused or lapsed; it is not split any more"),
    "ClaimDiffers": (Conflict, "the claim is {present}, signed was {signed}; agree again on what is there"),
    "ShareOutOfOrder": (Conflict, "the next share has number {next}, signed was {first}; sign again"),
    "UndertakingTaken": (
        Conflict,
        "order {order} has a guarantor with {least} left or owed to it; offer more than that, for as long",
    ),
    "UndertakingInForce": (Conflict, "the undertaking of order {order} stands until {expiry}"),
    "NothingDue": (Conflict, "nothing is payable on order {order} now"),
    "NothingDueFromSupplier": (Conflict, "nothing falls due from the supplier of order {order} now"),
    "ObservationWindowClosed": (Conflict, "readings for bucket {bucket} are no longer taken"),
    "OnHold": (Conflict, "customs hold order {order}; nothing is paid until they lift it"),
    "OrderClosed": (Conflict, "order {order} is closed, for good"),
    "OrderExpired": (Conflict, "the order expired at {expiry}"),
    "PolicySettled": (Conflict, "policy {policy} is paid or expired already"),
    "QuoteUsed": (Conflict, "policy {policy} was bought already"),
    "StaleSequence": (
        Conflict,
        "sequence {seq} is not newer than the stored {stored}; fold the newer messages",
    ),
    "SeatInGoodStanding": (Conflict, "the seat of {key} is in order; only the governor can suspend it"),
    "SupplierShort": (
        Conflict,
        "{due} falls due from the supplier of order {order}, whose free cash is empty",
    ),
    "EarlierDayOpen": (Conflict, "day {day} triggered or may still do so; earlier days are paid first"),
    "TriggeredUnpaid": (Conflict, "day {day} triggered the policy; pay it before its capital is freed"),
    "WaitingPeriod": (Conflict, "cover may start on day {earliest} at the earliest, {first_day} is too soon"),
    "TooEarly": (Conflict, "bucket {bucket} can be fixed after {until}, or once every observer has spoken"),
    "TooFewObservations": (Conflict, "bucket {bucket} has {given} readings, {threshold} are needed"),
    "InvalidAccountNonce": (Conflict, "the nonce of {account} moved on to {current_nonce}; sign again"),
    "ERC20InsufficientBalance": (Conflict, "{sender} has {balance} of {needed} token units"),
    "ERC20InsufficientAllowance": (
        Conflict,
        "{spender} may take {allowance} of {needed} token units; sign a permit",
    ),
    "ERC20InvalidApprover": (InputRefused, "{approver} cannot approve"),
    "ERC20InvalidReceiver": (InputRefused, "{receiver} cannot receive tokens"),
    "ERC20InvalidSender": (InputRefused, "{sender} cannot send tokens"),
    "ERC20InvalidSpender": (InputRefused, "{spender} cannot spend tokens"),
    # What foreign code did
    "AddressEmptyCode": (ChainError, "there is no contract at {target}"),
    "FailedCall": (ChainError, "a call inside the transaction failed without a reason"),
    "InsufficientBalance": (ChainError, "{balance} of {needed} wei are there"),
    "SafeERC20FailedOperation": (ChainError, "token {token} refused to move; look at its own rules"),
    "TokenShrunk": (
        ChainError,
        "the token shrank: the ledger holds {held} of the {owed} units it owes; nothing more is taken in",
    ),
    "TokenOverdrawn": (
        ChainError,
        "the token took more than the {paid} units paid out ({before} before, {left} after)",
    ),
    "TooLittleGas": (
        ChainError,
        "{left} gas was left where {needed} are needed, so that no settlement is starved; send with more",
    ),
    "TokenShortPaid": (
        ChainError,
        "the token delivered {received} of {expected} units; it cannot be used here",
    ),
    "ReentrancyGuardReentrantCall": (NotPermitted, "the contract was entered again from inside itself"),
}
"""Class and words by the error's Solidity name; fields in braces are the error's own."""


def refusal_of(revert: bytes, verb: str) -> HanseError:
    """The error of the tree that a revert means, its ``code`` the Solidity name in snake case.

    ``verb`` says in the message what was tried.
    """
    found = decode_error(revert)
    if isinstance(found, Panic):
        return InvariantBroken(
            f"{verb} failed inside: {found.reason} (panic 0x{found.code:02x})", code="panic"
        )
    if isinstance(found, ErrorString):
        return Conflict(f"{verb} was refused: {found.message}", code="refused_with_text")
    if isinstance(found, UnknownError):
        reason = f"revert bytes 0x{found.raw[:36].hex()}" if found.raw else "no reason, or out of gas"
        return ChainError(
            f"{verb} was refused with {reason}; wrong address, or another version?", code="unknown_revert"
        )
    name = type(found).__name__
    kind, words = MEANINGS[name]
    fields = {field: _plain(field, value) for field, value in vars(found).items()}
    return kind(f"{verb} was refused: {words.format(**fields)}", code=_CAMEL.sub("_", name).lower())


def _plain(field: str, value: object) -> object:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, int) and field in _TIMES:
        # A uint256 may hold what no calendar does.
        return datetime.fromtimestamp(value, UTC).isoformat() if value < 1 << 34 else value
    if isinstance(value, int) and value >= 1 << 64:
        return id_text(value)
    return value
