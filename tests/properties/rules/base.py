"""What all rules stand on: one act is tried on the chain and in the books, then every property is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from settlement.chain.abi import Call
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import PurchaseOrder
from tests.contracts.harness import Outcome, Reverted, signer
from tests.contracts.harness.signers import typed_digest
from tests.contracts.world import RELAYER
from tests.properties.books import Order, Refused
from tests.properties.books.arithmetic import DAY
from tests.properties.market import MEMBERS, STRANGER, fresh
from tests.properties.registry import check_all
from tests.properties.rules.dice import Dice
from tests.properties.seen import Eye
from tests.properties.step import Step, Told

FLAWS = ("other signer", "other contract", "other chain", "other content", "cut short", "high s", "none")
SECP256K1 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
STEPS = {"taken": 0}
LAST_DAY = 3000


@dataclass(frozen=True)
class Act:
    """A call that needs signatures: who signs what for which contract, and the call made of them."""

    verb: str
    contract: str
    signed: tuple[tuple[str, object], ...]
    call: Callable[..., Call[Any]]
    order: Order | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    needs: tuple[int, int] | None = None  # scope and cash, where another key of the signer may sign as well


class Base(RuleBasedStateMachine):
    """The chain, the books, and the way a step is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.market, self.book = fresh()
        self.eye = Eye(self.market)
        self.seen = self.eye.look(self.book)
        self.begun = self.book.now
        self.spent: list[tuple[str, str, Call[Any]]] = []
        self.signed_orders: dict[int, PurchaseOrder] = {}
        # Past those that were spent when the market was opened.
        self.numbers = 10_000

    def step(
        self,
        verb: str,
        act: Callable[[], Outcome[Any]],
        model: Callable[[], None],
        order: Order | None = None,
        **facts: Any,
    ) -> Outcome[Any] | None:
        """Do it in the books and on the chain, then look at everything."""
        reasons: frozenset[str] = frozenset()
        done, refused_by = None, None
        owed = self.book.outstanding(order) if order is not None else (0, 0)
        try:
            model()
        except Refused as refused:
            reasons = refused.names
        try:
            done = act()
        except Reverted as reverted:
            refused_by = type(reverted.error).__name__
        order = self.book.orders.get(order.id, order) if order is not None else None
        before, self.seen = self.seen, self.eye.look(self.book)
        taken = Step(
            verb=verb,
            before=before,
            after=self.seen,
            book=self.book,
            ids=self.market.ids,
            scales=self.eye.scales,
            order=order,
            reasons=reasons,
            refused_by=refused_by,
            events=done.events if done else (),
            told=self.told(order) if order is not None and order.id in self.book.orders else None,
            owed_before=owed,
            facts=facts,
        )
        STEPS["taken"] += 1
        self.look(taken)
        return done

    def __repr__(self) -> str:
        return type(self).__name__

    def look(self, taken: Step) -> None:
        """Every property; tests that keep steps override it."""
        check_all(taken)

    def told(self, order: Order) -> Told:
        """What the views say of an order."""
        market, id_ = self.market, order.id
        interest, principal = market.outstanding(id_) if order.line else (0, 0)
        due = market.view("CreditLines", CreditLines.due_from_supplier(id_)) if order.line else 0
        drawable = market.view("CreditLines", CreditLines.drawable_of(id_)) if order.line else 0
        payable = market.view("Receivables", Receivables.payable_now(id_)).payable
        late = market.view("Receivables", Receivables.late_of(id_))
        return Told(payable, late, interest, principal, drawable, due)

    def do(self, dice: Dice, act: Act, model: Callable[[], None]) -> Outcome[Any] | None:
        """Try it now and then with a flawed signature first, which must change nothing; then as it is meant."""
        signatures = [self.market.sign(who, act.contract, struct) for who, struct in act.signed]
        if act.signed and dice.of(range(8), "flaw?") == 7:
            self.flawed(dice, act, signatures)
        clerks = self.book.clerks_of(act.signed[0][0]) if act.needs else []
        if bool(clerks) and dice.of((False, True), "by a clerk"):
            return self.by_clerk(act, model, dice.of(clerks, "clerk"))
        is_own = len(act.signed) == 1 and dice.of(range(4), "own hand?") == 3
        sender = self.market.key(act.signed[0][0]) if is_own else RELAYER
        call = act.call(*([b""] if is_own else signatures))
        done = self.step(
            act.verb, lambda: self.market.send(act.contract, call, sender), model, act.order, **act.facts
        )
        if done is not None and not is_own:
            self.spent.append((act.verb, act.contract, call))
        return done

    def by_clerk(self, act: Act, model: Callable[[], None], number: int) -> Outcome[Any] | None:
        """Signed by another key of the same member: within scope and limit it does what the account's does."""
        assert act.needs is not None
        (name, struct), (scope, amount) = act.signed[0], act.needs
        call = act.call(signer(number).sign(self.market.at[act.contract], struct))
        facts = {"key": number, "scope": scope, "cash": amount, "owner": name}
        if not self.book.keys[number].may(name, scope, amount):
            self.refused("unkeyed", lambda: self.market.send(act.contract, call), **facts)
            return None
        done = self.step(
            act.verb,
            lambda: self.market.send(act.contract, call),
            model,
            act.order,
            **(act.facts | facts),
        )
        if done is not None:
            self.spent.append((act.verb, act.contract, call))
        return done

    def flawed(self, dice: Dice, act: Act, signatures: list[bytes]) -> None:
        """One of the signatures is not what it should be."""
        flaw = dice.of(FLAWS, "flaw")
        place = dice.of(range(len(signatures)), "place")
        who, struct = act.signed[place]
        wrong = list(signatures)
        wrong[place] = self.spoil(dice, flaw, who, struct, act.contract, signatures[place])
        call = act.call(*wrong)
        self.refused("flawed", lambda: self.market.send(act.contract, call), flaw=flaw)

    def spoil(
        self, dice: Dice, flaw: str, who: str, struct: object, contract: str, signature: bytes
    ) -> bytes:
        """The signature with its flaw."""
        market = self.market
        key = market.key(who)
        if flaw == "other signer":
            others = [name for name in (*MEMBERS, STRANGER, "customs1") if name != who]
            return market.sign(dice.of(others, "signer"), contract, struct)
        if flaw == "other contract":
            others = [name for name, at in market.at.items() if at != market.at[contract]]
            other = dice.of(others, "contract")
            return key.sign(market.at[other], struct)
        if flaw == "other chain":
            return key.sign(market.at[contract], struct, chain_id=1)
        if flaw == "other content":
            digest = typed_digest(market.at[contract], struct)
            return key.sign_digest(digest[:-1] + bytes([digest[-1] ^ 1]))
        if flaw == "none":
            return b""
        if flaw == "cut short":
            return signature[: dice.of([1, 32, 64], "length")]
        low = int.from_bytes(signature[32:64], "big")
        return signature[:32] + (SECP256K1 - low).to_bytes(32, "big") + bytes([55 - signature[64]])

    def refused(self, verb: str, act: Callable[[], Outcome[Any]], **facts: Any) -> None:
        """A hostile act: the books know nothing of it, so nothing may change; its refusal's name is free."""

        def never() -> None:
            raise Refused("anything")

        self.step(verb, act, never, **facts)

    def pick(self, dice: Dice, is_likely: Callable[[Order], bool], every: list[Order] | None = None) -> Order:
        """Mostly an order where the act can succeed, now and then any: refusals must agree too."""
        every = every if every is not None else list(self.book.orders.values())
        likely = [order for order in every if is_likely(order)]
        is_any = not likely or dice.of(range(6), "any") == 5
        return dice.of(every if is_any else likely, "order")

    def any_order(self, is_so: Callable[[Order], bool]) -> bool:
        """Whether there is one."""
        return any(is_so(order) for order in self.book.orders.values())

    def wait_until(self, at: int) -> None:
        """Time passes, within the years for which members and lines stand."""
        if self.book.now < at < self.begun + LAST_DAY * DAY:
            self.market.evm.set_time(at)
            self.book.now = at

    def maybe_wait(self, dice: Dice, at: int) -> None:
        """Most acts of the second half of a trade are refused for being early: every other time, not so."""
        if dice.of((True, False), "in time"):
            self.wait_until(at)

    def nonce(self) -> int:
        """A number nobody used, and the same in the same history."""
        self.numbers += 1
        return self.numbers
