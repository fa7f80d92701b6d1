"""The world of the machine: several of each role, two committees, two currencies, lines of two funders."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

from eth_utils.crypto import keccak

from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import DayCount
from settlement.chain.bindings.structs import LineTerms, PoolFunding, PoolTerms, Seat
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.covers import COVER
from tests.contracts.harness import Signer, Snapshot, engines, signer
from tests.contracts.observers import Station
from tests.contracts.world import BUYER, CAST, COUNTRY, CUSTOMS, DAY, JPY, SUPPLIER, USD, World, build_world
from tests.properties.books import Book, Line, Pool, Version
from tests.properties.books.cover import VIRTUAL, pool_account
from tests.properties.books.evidence import Committee
from tests.properties.books.network import Member

OTHER_COUNTRY: Final = 752
COMMITTEES: Final = {
    COUNTRY: (3, "treasury", tuple(f"customs{n}" for n in range(1, 6))),
    OTHER_COUNTRY: (2, "treasury2", tuple(f"customs{n}" for n in range(6, 9))),
}
# Who may sit beside them, in a later version or as a reserve; nobody in both countries.
OTHERS: Final = {COUNTRY: ("customs9", "customs10"), OTHER_COUNTRY: ("customs11",)}
# A trader buys and sells, so it may deal with itself; the stranger is no member.
NEWCOMERS: Final = {
    "trader": (31, BUYER | SUPPLIER),
    "treasury2": (32, CUSTOMS),
    **{f"customs{n}": (27 + n, CUSTOMS) for n in range(6, 12)},
}
STRANGER: Final = "stranger"
KEYS: Final = {**{name: index for name, (index, _) in (CAST | NEWCOMERS).items()}, STRANGER: 41}
SEATABLE: Final = tuple(name for name in KEYS if name.startswith("customs"))
BUYERS: Final = ("buyer", "buyer2", "trader")
SUPPLIERS: Final = ("supplier", "supplier2", "trader")
BANKS: Final = ("bank", "bank2")
MEMBERS: Final = (
    "buyer",
    "buyer2",
    "trader",
    "supplier",
    "supplier2",
    *BANKS,
    "treasury",
    "treasury2",
    "insurer",
)
POOL_MINOR, CAP_MINOR, EPOCH_DAYS = 40_000, 25_000, 14
CURRENCIES: Final = (USD, JPY)
START_MINOR: Final = {
    "buyer": 70_000,
    "buyer2": 10_000,
    "trader": 25_000,
    "bank": 300_000,
    "bank2": 60_000,
    "insurer": 90_000,
}
OFFERS: Final[tuple[dict[str, Any], ...]] = (
    {"actor": "bank", "currency": USD, "limit": 200_000, "fee_bps": 25},
    {"actor": "bank", "currency": JPY, "limit": 500_000, "recourse": True, "day_count": DayCount.ACT365},
    {"actor": "bank2", "currency": USD, "limit": 60_000, "advance_accepted": 9500, "grace_days": 0},
    {"actor": "bank2", "currency": JPY, "limit": 90_000, "advance_accepted": 0, "rate_bps": 9999},
    {
        "actor": "bank",
        "currency": USD,
        "limit": 120_000,
        "committed": True,
        "commitment_bps": 30,
        "fee_bps": 10,
    },
)


@dataclass
class Market(World):
    """The small network of the contract tests, with more members and a second committee."""

    def key(self, actor: str) -> Signer:
        """The actor's account key."""
        return self.accounts.get(actor) or signer(KEYS[actor])

    def seat(self, jurisdiction: int, threshold: int, treasury: str, seats: tuple[str, ...]) -> Any:
        """The call that seats a committee."""
        keys = tuple(Seat(key=self.key(name).address, member=self.ids[name]) for name in seats)
        return ClearanceOracle.seat(jurisdiction, threshold, self.ids[treasury], keys)


def version_of(number: int, terms: LineTerms) -> Version:
    """The books' view of signed line terms."""
    return Version(
        number=number,
        order_cap=terms.order_cap,
        rate_bps=terms.rate_bps,
        late_bps=terms.late_bps,
        fee_bps=terms.fee_bps,
        advances={1: terms.advance_accepted, 2: terms.advance_shipped, 3: terms.advance_released},
        basis=360 if terms.day_count == DayCount.ACT360 else 365,
        grace_s=terms.grace_days * DAY,
        recourse=terms.recourse,
        expiry=terms.expiry,
        commitment_bps=terms.commitment_bps,
        longest_s=terms.longest_days * DAY,
    )


def line_of(market: Market, number: int, terms: LineTerms) -> Line:
    """A line whose first version these terms are."""
    funder = market.actor_of(terms.funder)
    return Line(number, funder, terms.currency, terms.limit, [version_of(1, terms)], terms.committed)


@cache
def opened() -> tuple[Market, tuple[LineTerms, ...], Snapshot]:
    """The network with little cash and four lines; every example starts from it."""
    built = build_world(engines()[-1])
    market = Market(**{one.name: getattr(built, one.name) for one in fields(built)})
    for actor, (_, roles) in NEWCOMERS.items():
        lei, until = keccak(text=f"LEI OF {actor}")[:20], market.evm.now + 3650 * DAY
        call = TrustedNetwork.enroll(lei, market.key(actor).address, COUNTRY, roles, 1, until)
        market.ids[actor] = market.govern("TrustedNetwork", call).value
    seats = market.seat(OTHER_COUNTRY, *COMMITTEES[OTHER_COUNTRY])
    market.govern("ClearanceOracle", seats)
    for currency in CURRENCIES:
        for actor in MEMBERS:
            target = START_MINOR.get(actor, 0)
            if market.cash(actor, currency) > target:
                market.withdraw(actor, market.cash(actor, currency) - target, currency)
            elif target:
                market.deposit(actor, target, currency)
    terms = []
    for offer in OFFERS:
        changes = {"order_cap": 90_000, "expiry": market.evm.now + 3600 * DAY, **offer}
        terms.append(market.line_terms(**changes))
        signed = market.sign(str(offer["actor"]), "CreditLines", terms[-1])
        from settlement.chain.bindings.credit_lines import CreditLines

        market.send("CreditLines", CreditLines.publish(terms[-1], signed))
    Station(market.evm, market.at["IndexOracle"]).seat()
    opening = PoolTerms(market.ids["insurer"], USD, CAP_MINOR, EPOCH_DAYS, 1, market.evm.now + DAY)
    signed = market.sign("insurer", COVER, opening)
    market.send(COVER, DisruptionCover.open_pool(opening, signed))
    for currency in CURRENCIES:
        given = PoolFunding(market.ids["insurer"], currency, POOL_MINOR, 2 + currency, market.evm.now + DAY)
        market.send(COVER, DisruptionCover.fund(given, market.sign("insurer", COVER, given)))
    return market, tuple(terms), market.evm.snapshot()


def fresh() -> tuple[Market, Book]:
    """The network as it was built, and books that say the same."""
    market, terms, base = opened()
    market.evm.restore(base)
    book = Book(market.evm.now)
    book.cash = {(code, name): amount for code in CURRENCIES for name, amount in START_MINOR.items()}
    book.lines = {number: line_of(market, number, each) for number, each in enumerate(terms, start=1)}
    roles = {name: roles for name, (_, roles) in (CAST | NEWCOMERS).items()}
    market.accounts.clear()
    for name in MEMBERS:
        book.enlist(name, KEYS[name])
    book.members = {name: Member(name, roles[name]) for name in roles}
    for code in CURRENCIES:
        pool = Pool("insurer", code, pool_account(market.ids["insurer"], code))
        pool.total = pool.shares["insurer"] = POOL_MINOR * VIRTUAL
        book.pools[code] = pool
        book.move(code, "insurer", pool.account, POOL_MINOR)
    pool = book.pools[USD]
    pool.cap, pool.epoch_days, pool.generation = CAP_MINOR, EPOCH_DAYS, 1
    pool.joined_in["insurer"] = book.epoch_of(pool, book.today)
    for country, (threshold, treasury, seats) in COMMITTEES.items():
        book.seat(Committee(country, threshold, treasury, seats))
    return market, book
