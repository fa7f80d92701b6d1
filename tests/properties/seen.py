"""What the chain holds, read from its storage words after every step; two microseconds a word, where a view takes hundreds.

Slots come from the artifacts' storage layouts by the variables' names, so a variable may change its contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from contracts import load_artifact
from settlement.chain.bindings.cash_ledger import CashLedger
from tests.contracts.harness import signer
from tests.contracts.observers import HAIPHONG, WIND
from tests.properties.books import Book
from tests.properties.market import CURRENCIES, MEMBERS, SEATABLE, Market

HOLD, FUNDED, DUTY, LATE, DRAWS_CLOSED, LAPSED = 1, 2, 4, 8, 16, 32
BOOK = "Receivables"


@dataclass(frozen=True)
class SeenOrder:
    """The words of one order, apart."""

    words: tuple[int, ...]
    face: int
    reduced: int
    paid: int
    released: int
    seq: int
    settlements: int
    buyer: int
    holder: int
    line: int
    due: int
    expiry: int
    jurisdiction: int
    currency: int
    tenor_days: int
    late_bps: int
    version: int
    flags: int
    phase: int
    settle_on: int
    fund_by: int
    duty_cap: int
    duty_paid: int
    duty_demanded: int
    treasury: int
    late_accrued: int
    late_since: int
    disputed: int
    arbiter: int
    until: int
    arrived_at: int
    amendments: int
    disputes: int
    before_split: int

    @property
    def whole(self) -> int:
        """F0."""
        return self.before_split or self.face

    @property
    def delivered(self) -> int:
        """D of R2."""
        return self.delivered_of(self)

    def delivered_of(self, leaf: SeenOrder) -> int:
        """D of R2, of a leaf of this order."""
        claim = leaf.face - leaf.reduced
        if self.flags & LAPSED:
            return min(claim, leaf.face * self.released // self.whole)
        return claim * self.released // self.whole

    @property
    def open(self) -> int:
        """What is neither paid nor reduced."""
        return self.face - self.paid - self.reduced

    @property
    def signed(self) -> tuple[int, ...]:
        """What acceptance fixed."""
        return (
            *(self.whole, self.buyer, self.line, self.version, self.expiry, self.jurisdiction, self.currency),
            *(self.tenor_days, self.late_bps, self.settle_on, self.fund_by, self.duty_cap),
        )


@dataclass(frozen=True)
class SeenLoan:
    """The word of one loan, apart."""

    word: int
    principal: int
    use: int
    accrued: int
    since: int
    rate_bps: int
    draws: int
    is_act365: bool
    is_closed: bool


@dataclass(frozen=True)
class SeenGuarantee:
    """The word of an undertaking, apart."""

    left: int
    claim: int
    expiry: int
    guarantor: int


@dataclass(frozen=True)
class SeenLine:
    """The words of one line: its usage apart, and the terms of each version as they lie."""

    limit: int
    used: int
    version: int
    funder: int
    currency: int
    lost: int
    committed: bool
    terms: tuple[int, ...]


@dataclass(frozen=True)
class SeenPool:
    """The word of one pool, apart."""

    locked: int
    cap: int
    shares: int
    open: int
    epoch_days: int
    generation: int


@dataclass
class Seen:
    """All that the properties look at, at one moment."""

    at: int
    cash: dict[tuple[int, str | int], int] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)
    tokens: dict[int, int] = field(default_factory=dict)
    outside: dict[tuple[int, str], int] = field(default_factory=dict)
    orders: dict[int, SeenOrder] = field(default_factory=dict)
    shares: dict[int, SeenOrder] = field(default_factory=dict)
    loans: dict[int, SeenLoan] = field(default_factory=dict)
    guarantees: dict[int, SeenGuarantee] = field(default_factory=dict)
    lines: dict[int, SeenLine] = field(default_factory=dict)
    pools: dict[int, SeenPool] = field(default_factory=dict)
    policies: dict[int, int] = field(default_factory=dict)
    indices: dict[int, tuple[int, int]] = field(default_factory=dict)  # state and median by day
    frozen: set[tuple[int, str]] = field(default_factory=set)
    seats: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    halts: dict[tuple[int, str | int], int] = field(default_factory=dict)

    @property
    def state(self) -> tuple[Any, ...]:
        """Everything but the time, to compare."""
        return (
            self.cash,
            self.totals,
            self.tokens,
            self.orders,
            self.shares,
            self.loans,
            self.guarantees,
            self.lines,
            self.seats,
            self.members,
            self.keys,
            self.accounts,
        )


@lru_cache(maxsize=100_000)
def place(key: int, slot: int) -> int:
    """The slot of a mapping's entry."""
    return int.from_bytes(keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")), "big")


@cache
def bucket_of(day: int) -> int:
    """The wind of a day at the one place that is covered here."""
    return int.from_bytes(keccak(encode(["uint16", "bytes32", "uint32"], [WIND, HAIPHONG, day])), "big")


@cache
def variable(label: str, *contracts: str) -> tuple[str, int]:
    """The first of these contracts that has this variable, and its slot."""
    for contract in contracts:
        for one in load_artifact(contract).storage_layout["storage"]:
            if one["label"] == label:
                return contract, int(one["slot"])
    raise LookupError(f"no variable {label} in {contracts}")


@cache
def words_of_an_order() -> tuple[str, ...]:
    """The names of the words that the book keeps of an order, in their order."""
    types = load_artifact(BOOK).storage_layout["types"]
    (words,) = (one for name, one in types.items() if name.endswith("OrderBook.Words)_storage"))
    return tuple(one["label"] for one in words["members"])


# Kept apart: both change after the order closed.
APART = ("loan", "undertaking")
WORDS = tuple(name for name in words_of_an_order() if name not in APART)


def _bits(word: int, *widths: int) -> Any:
    found = []
    for width in widths:
        found.append(word & ((1 << width) - 1))
        word >>= width
    return found


@lru_cache(maxsize=4096)
def unpack_order(words: tuple[int, ...]) -> SeenOrder:
    """Source: contracts/src/lib/OrderWords.sol."""
    named = dict(zip(WORDS, words, strict=False))
    face, reduced, paid, released, seq, settlements = _bits(named["sums"], 56, 56, 56, 56, 16, 16)
    parts = _bits(named["terms"], 32, 32, 32, 32, 32, 16, 16, 16, 16, 16, 8, 4, 2, 2)
    cap, duty_paid, demanded, treasury = _bits(named["duty"], 56, 56, 56, 32)
    accrued, since = _bits(named["late"], 88, 32)
    extension = _bits(named.get("extension", 0), 56, 32, 32, 32, 16, 16)
    figures = (face, reduced, paid, released, seq, settlements, *parts)
    duty = (cap, duty_paid, demanded, treasury)
    before_split = 0 if named["split"] >> 56 & 0xFF == 0 else named["split"] & (1 << 56) - 1
    return SeenOrder(*(words, *figures, *duty, accrued, since, *extension, before_split))


@lru_cache(maxsize=4096)
def unpack_loan(word: int) -> SeenLoan:
    """Source: contracts/src/lib/LoanWord.sol."""
    principal, use, accrued, since, rate, draws, act365, closed = _bits(word, 56, 56, 88, 32, 16, 6, 1, 1)
    return SeenLoan(word, principal, use, accrued, since, rate, draws, bool(act365), bool(closed))


class Eye:
    """Reads the chain of one market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._read = market.evm.storage
        self._words = words_of_an_order()
        self._accounts = variable("_balances", "CashLedger")[1]
        self._listings = variable("_listings", "CashLedger")[1]
        self._token_balances = variable("_balances", "TestCash")[1]
        self.scales = {
            code: int(market.view("CashLedger", CashLedger.token_of(code)).scale) for code in CURRENCIES
        }

    def scale(self, currency: int) -> int:
        """Token units of one minor unit."""
        return self.scales[currency]

    def look(self, book: Book) -> Seen:
        """Everything the books know of, as the chain has it now."""
        seen = Seen(self.market.evm.now)
        self._look_at_cash(book, seen)
        self._look_at_orders(book, seen)
        self._look_at_lines(book, seen)
        self._look_at_people(book, seen)
        self._look_at_cover(book, seen)
        return seen

    def _slot(self, label: str, *contracts: str) -> tuple[str, int]:
        contract, slot = variable(label, *contracts)
        return self.market.at[contract], slot

    def _look_at_cash(self, book: Book, seen: Seen) -> None:
        read, market = self._read, self.market
        ledger, ids = market.at["CashLedger"], market.ids
        ledger_word = int(ledger, 16)
        for code in CURRENCIES:
            accounts = place(code, self._accounts)
            for name in MEMBERS:
                word = read(ledger, place(ids[name], accounts))
                seen.cash[code, name] = word & (1 << 56) - 1
                if word >> 56:
                    seen.frozen.add((code, name))
            # Listing: token 160 | exponent 8 | spread 8 | total 56.
            seen.totals[code] = read(ledger, place(code, self._listings)) >> 176 & (1 << 56) - 1
            token = market.tokens[code]
            seen.tokens[code] = read(token, place(ledger_word, self._token_balances))
            for name in MEMBERS:
                address = int(market.key(name).address, 16)
                seen.outside[code, name] = read(token, place(address, self._token_balances))
        for hold, code in book.holds():
            seen.cash[code, hold] = read(ledger, place(hold, place(code, self._accounts)))

    def _look_at_orders(self, book: Book, seen: Seen) -> None:
        at, slot = self._slot("_words", BOOK)
        read, loan, backing = self._read, *(self._words.index(name) for name in APART)
        own = [number for number, name in enumerate(self._words) if name not in APART]
        for id_ in book.orders:
            start = place(id_, slot)
            seen.loans[id_] = unpack_loan(read(at, start + loan))
            seen.guarantees[id_] = SeenGuarantee(*_bits(read(at, start + backing), 56, 56, 32, 32))
            seen.orders[id_] = unpack_order(tuple(read(at, start + n) for n in own))
            for share in book.orders[id_].shares:
                start = place(share.id, slot)
                seen.shares[share.id] = unpack_order(tuple(read(at, start + n) for n in own))

    def _look_at_lines(self, book: Book, seen: Seen) -> None:
        usage_at, usage_slot = self._slot("_usage", BOOK)
        terms_at, terms_slot = self._slot("_terms", BOOK)
        for line in book.lines.values():
            usage = self._read(usage_at, place(line.id, usage_slot))
            terms = tuple(
                self._read(terms_at, place(line.id << 16 | each.number, terms_slot)) for each in line.versions
            )
            limit, used, version, funder, currency, lost, committed = _bits(usage, 56, 56, 16, 32, 16, 56, 8)
            seen.lines[line.id] = SeenLine(
                limit, used, version, funder, currency, lost, bool(committed), terms
            )

    def _look_at_people(self, book: Book, seen: Seen) -> None:
        at, slot = self._slot("_seats", "ClearanceOracle")
        for name in SEATABLE:
            key = int(self.market.key(name).address, 16)
            seen.seats[name] = self._read(at, place(key, slot))
        at, slot = self._slot("_members", "TrustedNetwork")
        for name in book.members:
            seen.members[name] = self._read(at, place(self.market.ids[name], slot))
        at, slot = self._slot("_keys", "TrustedNetwork")
        for number in book.keys:
            seen.keys[number] = self._read(at, place(int(signer(number).address, 16), slot))
        at, slot = self._slot("_accounts", "TrustedNetwork")
        for name in book.accounts:
            seen.accounts[name] = self._read(at, place(self.market.ids[name], slot))
        at, slot = self._slot("_halts", "TrustedNetwork")
        for on, subject in book.halts:
            number = self.market.ids[subject] if isinstance(subject, str) else subject
            seen.halts[on, subject] = self._read(at, place(on << 32 | number, slot))

    def _look_at_cover(self, book: Book, seen: Seen) -> None:
        at, slot = self._slot("_pools", "DisruptionCover")
        for code, pool in book.pools.items():
            word = self._read(at, place(pool.account, slot))
            locked, cap, shares, count, epoch_days, generation = _bits(word, 56, 56, 88, 24, 16, 16)
            seen.pools[code] = SeenPool(locked, cap, shares, count, epoch_days, generation)
        at, slot = self._slot("_policies", "DisruptionCover")
        for id_ in book.covers:
            seen.policies[id_] = self._read(at, place(id_, slot))
        at, slot = self._slot("_buckets", "IndexOracle")
        for day in (*book.indices, *book.held_days, *book.void_days):
            word = self._read(at, place(bucket_of(day), slot))
            # Median 64, peak 64, day 32, seen, early, version 16, threshold, count, silent, state 8, spread 16.
            seen.indices[day] = (word >> 232 & 0xFF, word & (1 << 64) - 1)
