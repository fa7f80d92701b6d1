"""A made-up chain that tells of two orders, with every event the trade contracts have."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.chain.bindings import (
    access_manager,
    cash_ledger,
    clearance_oracle,
    credit_lines,
    disruption_cover,
    index_oracle,
    order_desk,
    receivables,
    settlement_desk,
    share_desk,
    structs,
    trusted_network,
)
from settlement.chain.bindings.enums import Answer, DayCount, FundBy, PayoutKind, Phase, SettleOn, Status
from settlement.ids import undertaking_account
from settlement.store.projecting.cover import pool_id

BUYER, SUPPLIER, BANK, CUSTOMS, INSURER = 1, 2, 3, 4, 5
USD: Final = 840
FIRST: Final = 2**255 + 17
SECOND: Final = 2**254 + 19
CHANGED: Final = 2**252 + 31
CANCELLED: Final = 2**252 + 37
SHARED: Final = 2**251 + (41 << 8)
SHARES: Final = tuple((SHARED | number, 10_000 if number == 5 else 5_000) for number in range(1, 6))
POLICY: Final = 2**253 + 23
EXPIRING: Final = 2**253 + 29
POOL: Final = pool_id(INSURER, USD)
BUCKET: Final = b"\x07" * 32
RESOLVED, VOIDED, SILENT = (bytes([n]) * 32 for n in (0xB1, 0xB2, 0xB3))
FIRST_BLOCK: Final = 12
STARTED_AT: Final = 1_760_000_000
BLOCK_TIME_S: Final = 3_600

Story = list[tuple[BlockHeader, list[PlacedEvent]]]


def address(number: int) -> str:
    """A made-up address."""
    return f"0x{number:040x}"


def block_hash(number: int, branch: str = "") -> str:
    """The hash of a made-up block on a branch of the chain."""
    return "0x" + hashlib.sha256(f"{branch}:{number}".encode()).hexdigest()


@dataclass
class Chain:
    """Blocks one after the other; ``branch`` tells forks apart from block ``forked_at`` on."""

    branch: str = ""
    forked_at: int = 0
    blocks: Story = field(default_factory=list)

    def mine(self, *events: object) -> None:
        """Add a block with these events, each in a transaction of its own."""
        number = FIRST_BLOCK + len(self.blocks)
        header = BlockHeader(
            number, self._hash(number), self._hash(number - 1), STARTED_AT + BLOCK_TIME_S * len(self.blocks)
        )
        placed = [
            PlacedEvent(getattr(event, "CONTRACT", "?"), event, index, block_hash(number * 1000 + index))
            for index, event in enumerate(events)
        ]
        self.blocks.append((header, placed))

    def _hash(self, number: int) -> str:
        return block_hash(number, self.branch if number >= self.forked_at else "")


def moved(*legs: tuple[int, int, int]) -> cash_ledger.Moved:
    """Cash moves between accounts."""
    return cash_ledger.Moved(USD, tuple(structs.Leg(*leg) for leg in legs))


def accepted(order: int, face_minor: int, *, line: int = 1, duty_cap_minor: int = 0) -> receivables.Accepted:
    """An order of the buyer at the supplier."""
    terms = structs.PurchaseOrder(
        BUYER,
        SUPPLIER,
        f"PO{order % 100}",
        2026,
        USD,
        face_minor,
        b"\x01" * 32,
        SettleOn.RELEASE,
        FundBy.ACCEPTED,
        30,
        900,
        duty_cap_minor,
        276,
        STARTED_AT + 90 * 86_400,
        STARTED_AT + 86_400,
    )
    return receivables.Accepted(order, BUYER, SUPPLIER, b"\x02" * 32, terms, line, 1 if line else 0)


def line_terms(limit_minor: int, rate_bps: int) -> structs.LineTerms:
    """The bank's terms."""
    return structs.LineTerms(
        0, BANK, USD, limit_minor, limit_minor, rate_bps, 200, 50, 5_000, 7_000, 8_000,
        DayCount.ACT360, 5, True, 255, 255, False, 0, 0, STARTED_AT + 10**7, 1, STARTED_AT + 10**7,
    )  # fmt: skip


def policy_terms(sum_minor: int, nonce: int) -> structs.Policy:
    """Cover of the first order."""
    return structs.Policy(
        INSURER, SUPPLIER, FIRST, USD, sum_minor, 500, 1, b"NLRTM".ljust(32, b"\0"),
        20_400, 20_410, PayoutKind.LINEAR, 2**63 + 1, 2**63 + 9, (), (), 0, 2, nonce, STARTED_AT + 10**6,
    )  # fmt: skip


def recorded(order: int, seq: int, phase: Phase, released_minor: int, **flags: bool) -> tuple[object, object]:
    """What both contracts tell of one attestation."""
    hold, refused = flags.get("hold", False), flags.get("refused", False)
    digest = seq.to_bytes(32, "big")
    return (
        clearance_oracle.Attested(order, seq, digest, b"\x03" * 32, b"\x04" * 32, STARTED_AT, 0b10101),
        receivables.Recorded(order, seq, phase, hold, refused, released_minor, 700 if order == FIRST else 0),
    )


def _network(chain: Chain) -> None:
    chain.mine(
        access_manager.RoleGranted(7, address(99), 0, STARTED_AT, True),
        *(
            event
            for member in (BUYER, SUPPLIER, BANK, CUSTOMS, INSURER)
            for event in (
                trusted_network.MemberEnrolled(
                    member, bytes([member]) * 20, address(member), 276, 1 << member, 1, STARTED_AT + 10**8
                ),
                trusted_network.KeySet(address(member), member, 0xFFFF, 2**56 - 1),
            )
        ),
    )
    chain.mine(
        trusted_network.MemberRenewed(CUSTOMS, 8, 2, STARTED_AT + 10**8),
        trusted_network.MemberStatusSet(CUSTOMS, Status.SUSPENDED),
        trusted_network.MemberStatusSet(CUSTOMS, Status.ACTIVE),
        trusted_network.KeySet(address(77), BUYER, 1, 10),
        trusted_network.KeyRevoked(address(77), BUYER),
        trusted_network.KeyRevoked(address(CUSTOMS), CUSTOMS),
        trusted_network.AccountReplaced(CUSTOMS, address(CUSTOMS), address(78)),
        trusted_network.KeySet(address(78), CUSTOMS, 0xFFFF, 2**56 - 1),
    )
    seats = tuple(structs.Seat(address(40 + seat), CUSTOMS) for seat in range(3))
    chain.mine(
        cash_ledger.CurrencyListed(USD, address(840), 2, 10**16),
        clearance_oracle.CommitteeSeated(276, 1, 2, CUSTOMS, seats),
        clearance_oracle.CommitteeSeated(276, 2, 2, CUSTOMS, seats),
        clearance_oracle.ReservesNamed(276, 2, (structs.Seat(address(43), CUSTOMS),)),
        clearance_oracle.SeatSuspended(276, address(41)),
        clearance_oracle.ReserveSeated(276, 2, 3, address(43), CUSTOMS),
        index_oracle.ObserversSeated(1, 2, 1_000, (address(50), address(51), address(52))),
    )
    chain.mine(
        *(cash_ledger.Deposited(USD, member, 1_000_000) for member in (BUYER, BANK, INSURER, SUPPLIER)),
        cash_ledger.Withdrawn(USD, SUPPLIER, 400_000),
    )


def _first_order(chain: Chain) -> None:
    chain.mine(
        credit_lines.LinePublished(1, 1, BANK, line_terms(500_000, 600)),
        credit_lines.LinePublished(1, 2, BANK, line_terms(900_000, 650)),
    )
    chain.mine(
        accepted(FIRST, 100_000, duty_cap_minor=1_000),
        credit_lines.Reserved(FIRST, 1, 2, 80_000, 80_000),
        receivables.Funded(FIRST, 100_000),
        moved((BUYER, FIRST, 100_000)),
    )
    chain.mine(credit_lines.Drawn(FIRST, 0, 40_000, 200, 40_000, 0), moved((BANK, SUPPLIER, 39_800)))
    chain.mine(
        disruption_cover.PoolOpened(POOL, INSURER, USD, 50_000, 30),
        disruption_cover.PoolFunded(POOL, INSURER, USD, 600_000),
        disruption_cover.PoolJoined(POOL, INSURER, 1, 600_000, 600_000 * 10**6),
        moved((INSURER, POOL, 600_000)),
        disruption_cover.CoverBought(POLICY, FIRST, SUPPLIER, b"\x05" * 32, policy_terms(30_000, 2**64 - 1)),
        moved((SUPPLIER, POOL, 500)),
        disruption_cover.CoverBought(EXPIRING, FIRST, SUPPLIER, b"\x06" * 32, policy_terms(20_000, 1)),
        moved((SUPPLIER, POOL, 500)),
    )
    chain.mine(*recorded(FIRST, 1, Phase.SHIPPED, 0), clearance_oracle.Equivocated(FIRST, 1, address(41)))
    chain.mine(credit_lines.Drawn(FIRST, 1, 30_000, 150, 70_000, 2**80), moved((BANK, SUPPLIER, 29_850)))
    chain.mine(
        clearance_oracle.HoldAsked(FIRST, 1, b"\x07" * 32, b"\x04" * 32, 0b11), receivables.Held(FIRST, 1)
    )
    chain.mine(clearance_oracle.Unsettled(FIRST, 2), *recorded(FIRST, 2, Phase.SHIPPED, 0, hold=True))
    chain.mine(
        index_oracle.Observed(BUCKET, address(50), Answer.VALUE, 2**63 + 5, STARTED_AT),
        index_oracle.ObserversSeated(2, 1, 1_000, (address(51), address(50))),
        index_oracle.Observed(BUCKET, address(50), Answer.VALUE, 2**63 + 7, STARTED_AT),
        index_oracle.IndexFixed(BUCKET, 2**63 + 7, 1),
        credit_lines.Repaid(FIRST, 3, INSURER, 900, 20_000, 50_000, 17, 50_000),
        disruption_cover.CoverPaid(POLICY, BUCKET, 2**63 + 7, 22_500, 20_900, 1_600),
        moved((POOL, BANK, 20_900), (POOL, SUPPLIER, 1_600)),
    )
    _undecided(chain)
    chain.mine(
        disruption_cover.CoverExpired(EXPIRING, 20_000),
        disruption_cover.PoolLeft(POOL, INSURER, 1, 500, 5 * 10**8),
        moved((POOL, INSURER, 500)),
    )


def _undecided(chain: Chain) -> None:
    """Buckets on which observers disagree, or say nothing."""
    for bucket, value in ((RESOLVED, 380), (VOIDED, 0)):
        chain.mine(
            index_oracle.Observed(bucket, address(50), Answer.TOO_EARLY, 0, STARTED_AT),
            index_oracle.Observed(bucket, address(50), Answer.VALUE, 369, STARTED_AT),
            index_oracle.Observed(bucket, address(51), Answer.VALUE, 422, STARTED_AT),
            index_oracle.IndexHeld(bucket, 395, 2),
            index_oracle.IndexResolved(bucket, value == 0, value),
        )
    chain.mine(
        index_oracle.Observed(SILENT, address(50), Answer.NO_DATA, 0, STARTED_AT),
        index_oracle.IndexWithoutData(SILENT, 1),
    )


def _settlement(chain: Chain) -> None:
    chain.mine(
        *recorded(FIRST, 3, Phase.RELEASED, 60_000),
        receivables.Settled(FIRST, 1, 55_000, 0, 50_300, 4_700, 0),
        receivables.Unpaid(FIRST, 5_000, 12_345),
        receivables.DutyUnpaid(FIRST, 700),
        credit_lines.Repaid(FIRST, 0, BUYER, 300, 50_000, 0, 0, 0),
        moved((FIRST, BANK, 50_300), (FIRST, SUPPLIER, 4_700)),
    )
    chain.mine(receivables.Recorded(FIRST, 4, Phase.RELEASED, False, False, 50_000, 700),
               receivables.Reversed(FIRST, 50_000, 55_000))  # fmt: skip
    chain.mine(
        *recorded(FIRST, 5, Phase.CLEARED, 100_000),
        receivables.DueSet(FIRST, STARTED_AT + 40 * 86_400),
        receivables.Settled(FIRST, 2, 45_000, 13, 0, 45_013, 700),
        receivables.Closed(FIRST),
        moved((FIRST, SUPPLIER, 45_000), (BUYER, SUPPLIER, 13), (BUYER, CUSTOMS, 700)),
    )


def _refused_order(chain: Chain) -> None:
    chain.mine(
        accepted(SECOND, 50_000),
        credit_lines.Reserved(SECOND, 1, 2, 40_000, 40_000),
        moved((BUYER, SECOND, 50_000)),
        credit_lines.Drawn(SECOND, 0, 10_000, 50, 10_000, 0),
        moved((BANK, SUPPLIER, 9_950)),
    )
    chain.mine(
        *recorded(SECOND, 1, Phase.ACCEPTED, 0, refused=True),
        credit_lines.LineUsed(1, 10_000),
        credit_lines.Accrued(SECOND, 400),
        receivables.Lapsed(SECOND, 50_000),
        receivables.Closed(SECOND),
        moved((SECOND, BUYER, 50_000)),
    )
    chain.mine(credit_lines.Repaid(SECOND, 1, BUYER, 1, 1_000, 9_000, 0, 9_000), moved((BUYER, BANK, 1_001)))
    chain.mine(
        credit_lines.ReserveReleased(SECOND, 0),
        credit_lines.WrittenOff(SECOND, 1, 9_000, 12, 0, 9_000),
        credit_lines.Repaid(SECOND, 2, SUPPLIER, 2, 9_000, 0, 0, 0),
        moved((SUPPLIER, BANK, 9_002)),
    )


def _changed_orders(chain: Chain) -> None:
    chain.mine(
        accepted(CHANGED, 30_000, duty_cap_minor=10),
        credit_lines.Reserved(CHANGED, 1, 2, 24_000, 24_000),
        moved((BUYER, CHANGED, 30_000)),
        accepted(CANCELLED, 20_000, line=0),
        moved((BUYER, CANCELLED, 20_000)),
    )
    terms = structs.Amendment(
        CHANGED, 0, 28_000, b"\x08" * 32, SettleOn.ARRIVAL, 0, 5, 0, STARTED_AT + 80 * 86_400, 9, STARTED_AT
    )
    chain.mine(
        credit_lines.ReserveChanged(CHANGED, 1, 22_400, 22_400),
        order_desk.Amended(CHANGED, 1, terms),
        moved((CHANGED, BUYER, 2_000)),
        order_desk.Cancelled(CANCELLED, 20_000),
        receivables.Closed(CANCELLED),
        moved((CANCELLED, BUYER, 20_000)),
    )
    chain.mine(order_desk.Disputed(CHANGED, 0, 4_000, b"\x09" * 32, STARTED_AT + 50 * 86_400))
    chain.mine(
        credit_lines.ReserveChanged(CHANGED, 1, 20_000, 20_000),
        order_desk.Resolved(CHANGED, 0, 3_000, 1, 9),
        moved((CHANGED, BUYER, 3_000)),
        order_desk.Arrived(CHANGED, 8, STARTED_AT + 10, b"\x0a" * 32),
        credit_lines.ReserveChanged(CHANGED, 1, 0, 0),
        order_desk.Credited(CHANGED, 5_000, b"\x0b" * 32),
        moved((CHANGED, BUYER, 5_000)),
    )


def _shared_order(chain: Chain) -> None:
    """Cut into six leaves, half delivered; the guarantor pays what the buyer lacks; the fifth share is fetched."""
    account, expiry = undertaking_account(SHARED), STARTED_AT + 95 * 86_400
    chain.mine(
        accepted(SHARED, 60_000, line=0),
        settlement_desk.Undertaken(SHARED, BANK, 15_000, expiry),
        moved((BANK, account, 15_000)),
        *(share_desk.ShareIssued(SHARED, share, BANK, face) for share, face in SHARES),
        share_desk.Assigned(SHARED | 1, BANK, INSURER, 5_000),
        share_desk.Assigned(SHARED, SUPPLIER, INSURER, 30_000),
    )
    chain.mine(
        *recorded(SHARED, 1, Phase.RELEASED, 30_000),
        settlement_desk.UndertakingCalled(SHARED, 6_000, 6_000),
        moved((account, SHARED, 6_000)),
        receivables.Settled(SHARED, 1, 15_000, 0, 0, 15_000, 0),
        *(
            settlement_desk.ShareSettled(share, 1, face // 2, 0, share == SHARED | 5)
            for share, face in SHARES
        ),
        moved(
            (SHARED, INSURER, 6_000), (BUYER, INSURER, 11_500), (BUYER, BANK, 7_500),
            (BUYER, SHARED | 5, 5_000),
        ),
    )  # fmt: skip
    chain.mine(
        settlement_desk.GuarantorRefunded(SHARED, BANK, 4_000),
        moved((BUYER, BANK, 4_000)),
        settlement_desk.SharePaid(SHARED | 5, BANK, 5_000),
        moved((SHARED | 5, BANK, 5_000)),
    )
    chain.mine(
        *(settlement_desk.ShareReduced(share, face // 2) for share, face in SHARES),
        receivables.Lapsed(SHARED, 15_000),
        receivables.Closed(SHARED),
        settlement_desk.UndertakingReturned(SHARED, BANK, 9_000),
        moved((account, BANK, 9_000)),
    )


def whole_story(*, branch: str = "", forked_at: int = 0) -> Story:
    """All of it, block by block."""
    chain = Chain(branch, forked_at)
    for part in (_network, _first_order, _settlement, _refused_order, _changed_orders, _shared_order):
        part(chain)
        chain.mine()
    return chain.blocks
