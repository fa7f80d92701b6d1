"""I-17 to I-21: who signed what was recorded."""

from __future__ import annotations

from settlement.chain.bindings.clearance_oracle import ReserveSeated
from settlement.chain.bindings.receivables import Recorded
from tests.properties.books.arithmetic import CLOSED
from tests.properties.registry import proves
from tests.properties.step import Step


@proves(
    "I-17",
    "a recorded state was signed by k distinct active seats of the order's own committee",
    on=("attest",),
)
def states_have_a_quorum(step: Step) -> None:
    assert step.order is not None
    committee = step.book.committees[step.after.orders[step.order.id].jurisdiction]
    signers = step.facts["signers"]
    assert len(set(signers)) == len(signers)
    if all(committee.is_active(name) for name in signers) and len(signers) >= committee.threshold:
        assert 2 * committee.threshold > committee.size
    else:
        assert len(signers) >= committee.former_threshold
        assert set(signers) <= set(committee.in_grace(step.after.at))


@proves(
    "I-17 I-20",
    "who sat in the version before counts for two hours more, only among its own, unless it was suspended since",
    on=("attest", "attest!"),
)
def former_seats_end_with_their_grace(step: Step) -> None:
    assert step.order is not None
    committee = step.book.committees[step.before.orders[step.order.id].jurisdiction]
    signers = set(step.facts["signers"])
    if signers - set(committee.active):
        is_by_grace = signers <= set(committee.former) and step.after.at <= committee.grace_until
        assert is_by_grace or not step.is_done


@proves("I-17", "reserves move up in their order whenever fewer than k seats count, and not before")
def reserves_move_up(step: Step) -> None:
    for committee in step.book.committees.values():
        active = [name for name in committee.seats if step.after.seats[name] & 0xFF == 1]
        assert len(active) >= committee.threshold or not committee.reserves
        for event in step.every(ReserveSeated):
            if event.jurisdiction == committee.jurisdiction:
                was = [name for name in committee.seats if step.before.seats.get(name, 0) & 0xFF == 1]
                assert committee.seats[event.index] not in was
                assert len(was) <= committee.threshold
                assert step.ids[committee.seats[event.index]] == event.member


@proves("I-17", "released value, phase and hold come from attestations; a settlement or lapse only closes")
def states_come_from_attestations(step: Step) -> None:
    touched = step.facts.get("touched", ())
    for id_, before in step.before.orders.items():
        after = step.after.orders[id_]
        is_attested = step.verb == "attest" and step.order is not None and step.order.id == id_
        if not is_attested and id_ not in touched:
            assert (after.released, after.seq) == (before.released, before.seq)
            assert after.flags & 1 == before.flags & 1 or step.verb == "ask_hold"
            assert after.phase in {before.phase, CLOSED}


@proves("I-17", "what is recorded is what was signed, the release capped at face", on=("attest",))
def states_are_recorded_as_signed(step: Step) -> None:
    assert step.order is not None
    state, after = step.facts["state"], step.after.orders[step.order.id]
    assert after.released == min(state.released, after.whole)
    assert after.seq == state.seq
    assert bool(after.flags & 1) == bool(state.hold)
    assert after.phase in {state.phase, CLOSED}
    assert len(step.every(Recorded)) == 1


@proves("I-18", "sequence numbers rise with every attestation and change by nothing else")
def sequences_rise(step: Step) -> None:
    touched = step.facts.get("touched", ())
    for id_, before in step.before.orders.items():
        after = step.after.orders[id_]
        is_this = step.order is not None and step.order.id == id_
        if step.is_done and step.verb == "attest" and is_this:
            assert after.seq > before.seq
        else:
            assert after.seq == before.seq or (after.seq > before.seq and id_ in touched)


@proves("I-18", "an older or repeated sequence number is refused", on=("attest", "attest!"))
def older_states_are_refused(step: Step) -> None:
    assert step.order is not None
    if step.facts["state"].seq <= step.before.orders[step.order.id].seq:
        assert step.refused_by is not None


@proves(
    "I-20",
    "a state signed past its deadline, off the hour, too far ahead, of the future, or for another chain is refused",
    on=("untimely", "untimely!"),
)
def untimely_states_are_refused(step: Step) -> None:
    assert step.refused_by is not None


@proves("I-20", "a suspended seat no longer counts, from that block on", on=("attest", "attest!"))
def suspended_seats_do_not_count(step: Step) -> None:
    committees = step.book.committees.values()
    suspended = {name for one in committees for name in one.seats if not one.is_active(name)}
    if suspended & set(step.facts["signers"]):
        assert step.refused_by is not None


@proves("I-17", "a seat of another jurisdiction never counts", on=("attest", "attest!"))
def foreign_seats_do_not_count(step: Step) -> None:
    assert step.order is not None
    home = step.book.committees[step.before.orders[step.order.id].jurisdiction]
    if not set(step.facts["signers"]) <= {*home.seats, *home.former}:
        assert step.refused_by is not None


@proves("I-20", "seats have the status, committee and treasury that governance gave them")
def seats_are_the_books(step: Step) -> None:
    for committee in step.book.committees.values():
        for name in committee.seats:
            word = step.after.seats[name]
            assert word & 0xFF == committee.status.get(name, 1)
            assert word >> 24 & 0xFFFF == committee.jurisdiction
            assert word >> 48 & 0xFFFFFFFF == step.ids[committee.treasury]
            assert word >> 40 & 0xFF == committee.threshold
            assert word >> 80 & 0xFF == committee.seats.index(name)


@proves(
    "I-19 I-17",
    "a third of the seats, rounded up, sets a hold; it changes no number, phase or account",
    on=("ask_hold",),
)
def minorities_stop_payment(step: Step) -> None:
    assert step.order is not None
    before, after = step.before.orders[step.order.id], step.after.orders[step.order.id]
    committee, signers = step.book.committees[after.jurisdiction], step.facts["signers"]
    assert len(set(signers) & set(committee.active)) == len(signers) >= -(-committee.size // 3)
    assert after.flags ^ before.flags == 1
    assert (after.seq, after.phase, after.released) == (before.seq, before.phase, before.released)
    assert step.after.cash == step.before.cash


@proves(
    "I-21", "two contents of one seat for one (order, seq) suspend it at once", on=("prove_equivocation",)
)
def equivocation_suspends(step: Step) -> None:
    seat = step.facts["seat"]
    assert step.facts["is_contradiction"]
    before, after = step.before.seats[seat], step.after.seats[seat]
    # A seat of the former version is over already: it loses its grace.
    assert (after & 0xFF == 2) if before & 0xFF == 1 else (before >> 120 != 0 == after >> 120)
    moved_up = {event.member for event in step.every(ReserveSeated)}
    others = (name for name in step.before.seats if name != seat and step.ids[name] not in moved_up)
    assert all(step.after.seats[name] == step.before.seats[name] for name in others)


@proves(
    "I-21",
    "one content proves nothing, whatever its deadlines",
    on=("prove_equivocation", "prove_equivocation!"),
)
def one_content_proves_nothing(step: Step) -> None:
    assert step.facts["is_contradiction"] or not step.is_done


@proves(
    "I-17 I-18",
    "a batch is signed by a quorum of one jurisdiction and touches its own orders alone",
    on=("attest_batch",),
)
def batches_have_a_quorum(step: Step) -> None:
    committee, signers = step.book.committees[step.facts["country"]], step.facts["signers"]
    assert len(set(signers) & set(committee.active)) == len(signers) >= committee.threshold
    for id_, before in step.before.orders.items():
        assert step.after.orders[id_] == before or id_ in step.facts["touched"]
        assert (
            step.after.orders[id_].jurisdiction == step.facts["country"] or step.after.orders[id_] == before
        )
