"""States attested by quorums, whole ones and spoiled ones; committees that change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_utils.crypto import keccak
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.structs import Attestation, AttestationBatch, HoldRequest, Seat, SignedState
from tests.properties.books import Order
from tests.properties.books.evidence import Committee, State
from tests.properties.market import COMMITTEES, OTHERS
from tests.properties.rules.base import Base
from tests.properties.rules.dice import DICE, Dice

REASON = keccak(text="why")
SPOILED = (
    "too few",
    "foreign seat",
    "twice",
    "descending",
    "stale",
    "wrong country",
    "stranger",
    "suspended",
)


class EvidenceRules(Base):
    """Who says what has happened to the goods."""

    def quorum(self, dice: Dice, jurisdiction: int) -> tuple[str, ...]:
        """Active seats, as many as are needed or all."""
        committee = self.book.committees[jurisdiction]
        active = committee.active
        if len(active) < committee.threshold or dice.of((False, True), "all seats"):
            return active
        start = dice.of(range(len(active) - committee.threshold + 1), "first seat")
        return active[start : start + committee.threshold]

    def content(self, dice: Dice, order: Order) -> dict[str, Any]:
        """Any whole state."""
        face = order.whole
        parts = [face, face, 0, face // 3, face // 2, face - 1, face + 7, order.released]
        phases = [Phase.CLEARED] * 4 + [Phase.RELEASED] * 3 + [Phase.SHIPPED, Phase.ACCEPTED]
        return {
            "phase": dice.of(phases, "phase"),
            "hold": dice.of([False, False, False, True], "hold"),
            "refused": dice.of([False] * 7 + [True], "refused"),
            "released": dice.of(parts, "released"),
            "duty": dice.of([0, 1, 3000, 9000], "duty"),
        }

    @precondition(lambda self: self.book.orders)
    @rule(dice=DICE)
    def attest(self, dice: Dice) -> None:
        """A quorum says something; its numbers may jump."""
        order = self.pick(dice, lambda one: not one.is_closed)
        content = self.content(dice, order)
        seq = order.seq + dice.of([1, 1, 1, 5], "ahead")
        signers = self.quorum(dice, order.jurisdiction)
        self.relay(order, seq, order.jurisdiction, signers, content)

    def can_deliver(self, order: Order) -> bool:
        """Whether a plain clearance would be news."""
        quorum = self.book.committees[order.jurisdiction]
        return not order.is_closed and len(quorum.active) >= quorum.threshold

    @precondition(lambda self: self.any_order(self.can_deliver))
    @rule(dice=DICE)
    def deliver(self, dice: Dice) -> None:
        """The goods are there, all or a part: random states pay too seldom."""
        self.deliver_one(dice, self.pick(dice, self.can_deliver))

    def deliver_one(self, dice: Dice, order: Order) -> None:
        """A quorum says that the goods of this order are there."""
        whole = order.whole
        content = {
            "phase": dice.of([Phase.CLEARED, Phase.CLEARED, Phase.RELEASED], "phase"),
            "hold": False,
            "refused": False,
            "released": dice.of([whole, whole // 2, whole, whole // 3, max(1, whole - 1)], "released"),
            "duty": dice.of([0, 700, 5000], "duty"),
        }
        self.relay(order, order.seq + 1, order.jurisdiction, self.quorum(dice, order.jurisdiction), content)

    @precondition(lambda self: self.book.orders)
    @rule(dice=DICE, how=st.sampled_from(SPOILED))
    def attest_spoiled(self, dice: Dice, how: str) -> None:
        """Evidence that is none: the books say which, the chain must agree."""
        order = self.pick(dice, lambda one: not one.is_closed)
        content, seq, country = self.content(dice, order), order.seq + 1, order.jurisdiction
        other = next(code for code in self.book.committees if code != country)
        signers = self.quorum(dice, country)
        if how == "too few":
            signers = signers[: self.book.committees[country].threshold - 1]
        elif how == "foreign seat":
            signers = (*signers[:-1], self.book.committees[other].seats[-1])
        elif how == "twice":
            signers = (signers[0], *signers) if signers else ()
        elif how == "descending":
            signers = signers[::-1]
        elif how == "stale":
            seq = order.seq - dice.of(range(order.seq + 1), "behind")
        elif how == "suspended":
            committee = self.book.committees[country]
            how, signers = (
                "suspended" if len(committee.active) < len(committee.seats) else "all",
                committee.seats,
            )
        elif how == "wrong country":
            country, signers = other, self.quorum(dice, other)
        else:
            signers = (*signers[:-1], "buyer")
        self.relay(order, seq, country, signers, content, how)

    def relay(
        self,
        order: Order,
        seq: int,
        country: int,
        signers: tuple[str, ...],
        content: dict[str, Any],
        how: str = "",
    ) -> None:
        """Sign and send."""
        market = self.market
        state = State(country, seq, **content)
        signed = market.attestation(order.id, seq, jurisdiction=country, **content)
        call = ClearanceOracle.attest(signed, self.signatures(signers, signed))
        done = self.step(
            "attest",
            lambda: market.send("ClearanceOracle", call),
            lambda: self.book.attest(order, state, signers),
            order,
            state=state,
            signers=signers,
            how=how,
        )
        if done is not None:
            self.spent.append(("attest", "ClearanceOracle", call))

    def signatures(self, signers: tuple[str, ...], signed: Attestation) -> bytes:
        """One after another."""
        return b"".join(self.market.sign(name, "ClearanceOracle", signed) for name in signers)

    @precondition(lambda self: self.book.orders)
    @rule(dice=DICE)
    def attest_batch(self, dice: Dice) -> None:
        """Several states under one quorum; old ones among them."""
        first = self.pick(dice, lambda one: not one.is_closed)
        country, market = first.jurisdiction, self.market
        same = [one for one in self.book.orders.values() if one.jurisdiction == country]
        orders = [first, *(dice.of(same, "item") for _ in range(dice.of((0, 1, 2), "more")))]
        if dice.of([False] * 6 + [True], "foreign item"):
            orders.append(dice.of(list(self.book.orders.values()), "foreign"))
        items, signed = [], []
        for order in orders:
            content, seq = self.content(dice, order), order.seq + dice.of([1, 1, 2, 0], "ahead")
            items.append((order, State(order.jurisdiction, seq, **content)))
            signed.append(market.attestation(order.id, seq, jurisdiction=order.jurisdiction, **content))
        batch = AttestationBatch(tuple(signed))
        signers = self.quorum(dice, country)[dice.of([0] * 6 + [1], "without") :]
        digest = market.view("ClearanceOracle", ClearanceOracle.digest_of_batch(batch))
        given = b"".join(market.key(name).sign_digest(digest) for name in signers)
        call = ClearanceOracle.attest_batch(batch, given)
        touched = frozenset(order.id for order in orders)
        payers = {
            account
            for one in orders
            for account in (one.buyer, one.id, one.reserve_account, one.undertaking_account)
        }
        self.step(
            "attest_batch",
            lambda: market.send("ClearanceOracle", call),
            lambda: self.book.attest_batch(country, tuple(items), signers),
            touched=touched, payers=payers, signers=signers, country=country,
        )  # fmt: skip

    @precondition(lambda self: self.book.orders)
    @rule(dice=DICE)
    def ask_hold(self, dice: Dice) -> None:
        """A minority stops payment; sometimes it is too small, late or foreign."""
        order = self.pick(dice, lambda one: not (one.is_closed or one.hold))
        country = dice.of([order.jurisdiction] * 6 + list(self.book.committees), "country")
        committee = self.book.committees[country]
        signers = committee.active[
            : dice.of([committee.minority] * 4 + [committee.minority - 1, 5], "signers")
        ]
        seq = order.seq + dice.of([0] * 5 + [1], "ahead")
        hour = (self.book.now // 3600 + 1) * 3600
        request = HoldRequest(order.id, country, seq, REASON, hour)
        given = b"".join(self.market.sign(name, "ClearanceOracle", request) for name in signers)
        call = ClearanceOracle.hold(request, given)
        self.step(
            "ask_hold",
            lambda: self.market.send("ClearanceOracle", call),
            lambda: self.book.ask_hold(order, country, seq, signers),
            order,
            signers=signers,
        )

    @precondition(lambda self: self.book.orders)
    @rule(dice=DICE)
    def prove_equivocation(self, dice: Dice) -> None:
        """Two signatures of one seat for one (order, seq): over two contents, or one content with two deadlines."""
        order = dice.of(list(self.book.orders.values()), "order")
        every = self.book.committees.values()
        name = dice.of([seat for one in every for seat in dict.fromkeys((*one.seats, *one.former))], "seat")
        is_contradiction = dice.of((True, False), "contradiction")
        market, seq = self.market, order.seq + 1
        one = market.attestation(order.id, seq, jurisdiction=order.jurisdiction)
        changes: dict[str, Any] = {"released": 1} if is_contradiction else {"deadline": one.deadline + 3600}
        other = replace(one, **changes)
        told = [SignedState(state, (), market.sign(name, "ClearanceOracle", state)) for state in (one, other)]
        call = ClearanceOracle.prove_equivocation(*told)
        self.step(
            "prove_equivocation",
            lambda: market.send("ClearanceOracle", call),
            lambda: self.book.prove_equivocation(name, order, seq, is_contradiction=is_contradiction),
            seat=name, is_contradiction=is_contradiction,
        )  # fmt: skip

    @precondition(lambda self: self.book.orders)
    @rule(
        dice=DICE, how=st.sampled_from(["deadline past", "off the hour", "too far", "not yet", "other chain"])
    )
    def attest_untimely(self, dice: Dice, how: str) -> None:
        """A state out of its time, or for another chain (I-20)."""
        order = self.pick(dice, lambda one: not one.is_closed)
        now, hour = self.book.now, self.book.now // 3600 * 3600
        changes = {
            "deadline past": {"deadline": hour if hour < now else hour - 3600},
            "off the hour": {"deadline": hour + 3601},
            "too far": {"deadline": hour + 4 * 3600},
            "not yet": {"event_at": now + 301},
            "other chain": {},
        }[how]
        signed = self.market.attestation(
            order.id, order.seq + 1, jurisdiction=order.jurisdiction, **self.content(dice, order), **changes
        )
        signers = self.quorum(dice, order.jurisdiction)
        chain = 1 if how == "other chain" else self.market.evm.chain_id
        at = self.market.at["ClearanceOracle"]
        given = b"".join(self.market.key(name).sign(at, signed, chain_id=chain) for name in signers)
        call = ClearanceOracle.attest(signed, given)
        self.refused("untimely", lambda: self.market.send("ClearanceOracle", call), how=how)

    @precondition(lambda self: all(len(one.active) > 1 for one in self.book.committees.values()))
    @rule(dice=DICE)
    def suspend_seat(self, dice: Dice) -> None:
        """Governance suspends a seat, which bites at once; a former one too, and now and then one that counts no more."""
        every = self.book.committees.values()
        active = [name for one in every for name in one.active]
        former = [name for one in every for name in one.former if name not in one.active]
        name = dice.of([*active, *former, *former], "seat")
        call = ClearanceOracle.suspend_seat(self.market.key(name).address)
        self.step(
            "suspend_seat",
            lambda: self.market.govern("ClearanceOracle", call),
            lambda: self.book.suspend_seat(name),
            seat=name,
        )

    @rule(dice=DICE)
    def seat_anew(self, dice: Dice) -> None:
        """A new version of a committee, above all of one that can no longer speak: the same seats, or another among them."""
        every = list(self.book.committees.values())
        short = [one for one in every if len(one.active) < one.threshold]
        if not short and dice.of((True, True, False), "let be"):
            return
        country = dice.of(short or every, "committee").jurisdiction
        threshold, treasury, seats = COMMITTEES[country]
        newcomer = OTHERS[country][0]
        seats = dice.of((seats, (*seats[1:], newcomer), (newcomer, *seats[1:]), seats[::-1]), "seats")
        anew = Committee(country, threshold, treasury, seats)
        call = self.market.seat(country, threshold, treasury, seats)
        self.step("seat", lambda: self.market.govern("ClearanceOracle", call), lambda: self.book.seat(anew))

    @rule(dice=DICE)
    def name_reserves(self, dice: Dice) -> None:
        """Who moves up where seats are missing; sometimes one that sits."""
        committee = dice.of(list(self.book.committees.values()), "committee")
        others = OTHERS[committee.jurisdiction]
        names = dice.of((others, others[::-1], others[-1:], (*others, committee.seats[0])), "names")
        country = committee.jurisdiction
        seats = tuple(Seat(self.market.key(name).address, self.market.ids[name]) for name in names)
        call = ClearanceOracle.name_reserves(country, seats)
        self.step(
            "name_reserves",
            lambda: self.market.govern("ClearanceOracle", call),
            lambda: self.book.name_reserves(country, names),
            country=country,
        )

    def by_grace(self, order: Order) -> tuple[str, ...]:
        """Former seats of the order's committee."""
        return self.book.committees[order.jurisdiction].former

    @precondition(lambda self: self.any_order(lambda order: not order.is_closed and self.by_grace(order)))
    @rule(dice=DICE)
    def attest_by_grace(self, dice: Dice) -> None:
        """The version before speaks once more: in its grace, in its last second, after it, with too few or a new seat."""
        order = self.pick(dice, lambda one: not one.is_closed and bool(self.by_grace(one)))
        committee = self.book.committees[order.jurisdiction]
        self.wait_until(committee.grace_until + dice.of((-7200, -7200, -7200, 0, 1), "after"))
        need = committee.former_threshold
        former = committee.former
        choices = (
            former[:need],
            former,
            former[-need:],
            former[: need - 1],
            (*former[: need - 1], committee.seats[-1]),
        )
        self.relay(
            order, order.seq + 1, order.jurisdiction, dice.of(choices, "signers"), self.content(dice, order)
        )
