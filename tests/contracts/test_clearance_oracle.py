"""ClearanceOracle: committees, signatures that count, states that are newer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.clearance_oracle import (
    Attested,
    ClearanceOracle,
    CommitteeSeated,
    SeatSuspended,
)
from settlement.chain.bindings.enums import Phase, Status
from settlement.chain.bindings.receivables import Receivables, Recorded
from settlement.chain.bindings.structs import Attestation, Seat
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import CHAIN_ID, NOBODY, Reverted, Signer, reverts, signer, typed_digest
from tests.contracts.world import COUNTRY, CUSTOMS, DAY, USD, World

SPARE = signer(30)
ELSEWHERE = 528
GRACE = 2 * 3600
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def seats_of(world: World, *numbers: int) -> tuple[Seat, ...]:
    return tuple(Seat(world.key(f"customs{n}").address, world.ids[f"customs{n}"]) for n in numbers)


def seat(
    world: World, threshold: int, seats: tuple[Seat, ...], country: int = COUNTRY, treasury: int = 0
) -> object:
    return world.govern("ClearanceOracle", ClearanceOracle.seat(country, threshold, treasury, seats))


def signatures(world: World, state: Attestation, *numbers: int) -> bytes:
    return b"".join(world.sign(f"customs{n}", "ClearanceOracle", state) for n in numbers)


def send(world: World, state: Attestation, signed: bytes) -> object:
    return world.send("ClearanceOracle", ClearanceOracle.attest(state, signed))


# Committees


def test_seat__committee__is_shown_and_counts(world: World) -> None:
    found = world.view("ClearanceOracle", ClearanceOracle.committee_of(COUNTRY))
    assert (found.version, found.threshold, found.treasury) == (1, 3, world.ids["treasury"])
    assert found.seats == seats_of(world, 1, 2, 3, 4, 5)
    done = world.govern("ClearanceOracle", ClearanceOracle.seat(COUNTRY, 2, 0, seats_of(world, 5, 1)))
    told = done.one(CommitteeSeated)
    assert (told.jurisdiction, told.version, told.threshold, told.treasury) == (COUNTRY, 2, 2, 0)
    assert world.view("ClearanceOracle", ClearanceOracle.is_seat_active(world.key("customs1").address))
    assert not world.view("ClearanceOracle", ClearanceOracle.is_seat_active(world.key("customs2").address))
    order = world.accepted()
    with reverts(errors.SeatsNotAscending()):
        world.attest(order, 1, seats=(1, 5))
    world.attest(order, 1, seats=(5, 1))


@pytest.mark.parametrize(
    ("threshold", "count"), [(0, 0), (0, 1), (1, 2), (2, 4), (2, 5), (4, 3), (1, 0), (0, 3)]
)
def test_p07__empty_or_unsound_committee__is_refused(world: World, threshold: int, count: int) -> None:
    """P07: an empty committee passes nothing; two quorums always share a member (2k > n)."""
    with reverts(errors.InvalidCommittee()):
        seat(world, threshold, seats_of(world, *range(1, count + 1)), ELSEWHERE)


def enrolled(world: World, key: Signer) -> int:
    """A new customs member with this account."""
    lei = keccak(text=f"LEI OF {key.address}")[:20]
    enroll = TrustedNetwork.enroll(lei, key.address, COUNTRY, CUSTOMS, 1, world.evm.now + 365 * DAY)
    return int(world.govern("TrustedNetwork", enroll).value)


def test_p40__committee__is_bounded(world: World) -> None:
    """P40: sixteen seats are seated and sign; seventeen are refused."""
    keys = [signer(40 + n) for n in range(17)]
    seats = tuple(Seat(key.address, enrolled(world, key)) for key in keys)
    with reverts(errors.InvalidCommittee()):
        seat(world, 9, seats, ELSEWHERE)
    seat(world, 9, seats[:16], ELSEWHERE)
    order = world.accepted(jurisdiction=ELSEWHERE)
    state = world.attestation(order, 1, jurisdiction=ELSEWHERE)
    signed = [key.sign(world.at["ClearanceOracle"], state) for key in keys]
    with reverts(errors.TooFewSignatures(8, 9)):
        send(world, state, b"".join(signed[:8]))
    with reverts(errors.SeatNotActive(keys[16].address)):
        send(world, state, b"".join(signed))
    send(world, state, b"".join(signed[:16]))


def test_seat__doubtful_seats__are_refused(world: World) -> None:
    one, two, three = seats_of(world, 1, 2, 3)
    with reverts(errors.InvalidCommittee()):
        seat(world, 2, (one, one, two))
    with reverts(errors.InvalidCommittee()):
        seat(world, 2, (one, two, Seat(NOBODY, three.member)))
    with reverts(errors.InvalidCommittee()):
        seat(world, 1, (one,), ELSEWHERE)
    with reverts(errors.RoleMissing(world.ids["buyer"], 8)):
        seat(world, 1, (Seat(SPARE.address, world.ids["buyer"]),), ELSEWHERE)
    with reverts(errors.RoleMissing(world.ids["bank"], 8)):
        seat(world, 1, (Seat(SPARE.address, one.member),), ELSEWHERE, world.ids["bank"])
    with reverts(errors.AccessManagedUnauthorized(SPARE.address)):
        world.send("ClearanceOracle", ClearanceOracle.seat(COUNTRY, 2, 0, (one, two, three)), SPARE)


def test_seat__key_given_up_by_one_committee__may_sit_in_another(world: World) -> None:
    seat(world, 1, seats_of(world, 2))
    seat(world, 1, seats_of(world, 1), ELSEWHERE)
    order = world.accepted(jurisdiction=ELSEWHERE)
    state = world.attestation(order, 1, jurisdiction=ELSEWHERE)
    send(world, state, signatures(world, state, 1))
    assert world.position(order).phase == Phase.CLOSED


def test_i20__suspended_seat__stops_counting_at_once(world: World) -> None:
    """I-20 a signature counts only while its seat is active, whenever it was made."""
    key = world.key("customs2").address
    order = world.accepted()
    state = world.attestation(order, 1)
    signed = signatures(world, state, 1, 2, 3)
    done = world.govern("ClearanceOracle", ClearanceOracle.suspend_seat(key))
    assert done.one(SeatSuspended) == SeatSuspended(COUNTRY, key)
    with reverts(errors.SeatNotActive(key)):
        send(world, state, signed)
    with reverts(errors.SeatNotActive(key)):
        world.govern("ClearanceOracle", ClearanceOracle.suspend_seat(key))
    with reverts(errors.AccessManagedUnauthorized(SPARE.address)):
        call = ClearanceOracle.suspend_seat(world.key("customs1").address)
        world.send("ClearanceOracle", call, SPARE)
    send(world, state, signatures(world, state, 1, 3, 4))
    # The next version may seat it again.
    seat(world, 2, seats_of(world, 1, 2, 3))
    assert world.view("ClearanceOracle", ClearanceOracle.is_seat_active(key))


# Signatures


def test_i17__fewer_than_k__pay_nothing(world: World) -> None:
    """I-17 nothing is paid beyond what k distinct valid signatures released."""
    order = world.accepted()
    for seats in ((1, 2), (5,)):
        with reverts(errors.TooFewSignatures(len(seats), 3)):
            world.attest(order, 1, seats=seats)
    with reverts(errors.InvalidSignatureLength(0)):
        world.attest(order, 1, seats=())
    assert world.cash("supplier") == 0
    done = world.attest(order, 1, seats=(2, 4, 5))
    assert done.one(Attested).seat_bitmap == 0b11010
    assert world.cash("supplier") == 100_000_00


def test_attest__more_than_k__is_fine(world: World) -> None:
    done = world.attest(world.accepted(), 1, seats=(1, 2, 3, 4, 5))
    assert done.one(Attested).seat_bitmap == 0b11111


@pytest.mark.parametrize("seats", [(1, 1, 1), (1, 1, 2), (1, 2, 2), (3, 2, 1), (1, 3, 2)])
def test_o03__same_seat_twice_or_out_of_order__is_refused(world: World, seats: tuple[int, ...]) -> None:
    """O03, P38: a seat counts once."""
    with reverts(errors.SeatsNotAscending()):
        world.attest(world.accepted(), 1, seats=seats)


def test_p38__other_form_of_a_counted_signature__is_not_a_second_one(world: World) -> None:
    """P38: the same seat never counts by another encoding of its signature (O01)."""
    order = world.accepted()
    state = world.attestation(order, 1)
    one, two = signatures(world, state, 1), signatures(world, state, 2)
    s = CURVE_ORDER - int.from_bytes(one[32:64], "big")
    high = one[:32] + s.to_bytes(32, "big") + bytes([55 - one[64]])
    with reverts(errors.SeatNotActive(NOBODY)):
        send(world, state, one + high + two)
    with reverts(errors.InvalidSignatureLength(64 * 3)):
        send(world, state, one[:64] * 3)
    with reverts(errors.InvalidSignatureLength(65 * 3 + 1)):
        send(world, state, signatures(world, state, 1, 2, 3) + b"\x00")


def test_o04__signer_of_another_committee_or_version__is_refused(world: World) -> None:
    """O04: a seat speaks for its own committee in its present version only."""
    order, foreign = world.accepted(), signer(31)
    seat(world, 1, (Seat(foreign.address, world.ids["treasury"]),), ELSEWHERE)
    state = world.attestation(order, 1)
    by_foreign = foreign.sign(world.at["ClearanceOracle"], state)
    with reverts(errors.SeatNotActive(foreign.address)):
        send(world, state, by_foreign)
    with reverts(errors.SeatNotActive(foreign.address)):
        send(world, state, signatures(world, state, 1, 2) + by_foreign)
    old = signatures(world, state, 1, 2, 3)
    seat(world, 2, seats_of(world, 2, 3, 4))
    world.evm.advance(GRACE + 1)
    later = world.attestation(order, 1)
    with reverts(errors.SeatNotActive(world.key("customs1").address)):
        send(world, later, signatures(world, later, 1, 2, 3))
    with reverts(errors.SignatureExpired(state.deadline)):
        send(world, state, old)
    send(world, later, signatures(world, later, 2, 3))


def test_attest__no_committee__is_refused(world: World) -> None:
    order = world.accepted(jurisdiction=ELSEWHERE)
    state = world.attestation(order, 1, jurisdiction=ELSEWHERE)
    with reverts(errors.NoCommittee(ELSEWHERE)):
        send(world, state, signatures(world, state, 1, 2, 3))


def test_o05__signature_for_another_chain_or_deployment__is_nobodys(world: World) -> None:
    """O05: replay on a fork, on another deployment or on a sister contract finds no seat (I-20)."""
    state = world.attestation(world.accepted(), 1)
    rest = signatures(world, state, 2, 3)
    here, keys = world.at["ClearanceOracle"], [world.key(f"customs{number}") for number in (1, 2, 3)]
    on_fork = [key.sign(here, state, chain_id=CHAIN_ID + 1) for key in keys]
    on_sister = [key.sign(world.at["Receivables"], state) for key in keys]
    # A whole quorum that signed for elsewhere, and one foreign signature among good ones.
    for foreign in (b"".join(on_fork), b"".join(on_sister), on_fork[0] + rest, on_sister[0] + rest):
        with pytest.raises(Reverted) as refused:
            send(world, state, foreign)
        assert isinstance(refused.value.error, errors.SeatNotActive)
    send(world, state, signatures(world, state, 1, 2, 3))


@pytest.mark.parametrize(
    "changes",
    [
        {"released": 1},
        {"hold": True},
        {"refused": True},
        {"phase": Phase.RELEASED},
        {"duty": 1},
        {"seq": 2},
        {"declarations": b"\x01" * 32},
        {"messages": b"\x01" * 32},
        {"event_at": 1},
    ],
)
def test_i17__altered_state__finds_no_quorum(world: World, changes: dict[str, object]) -> None:
    """I-17 what counts is what they signed, word by word."""
    state = world.attestation(world.accepted(), 1)
    signed = signatures(world, state, 1, 2, 3)
    altered = replace(state, **changes)  # type: ignore[arg-type]  # a table of changed fields
    with pytest.raises(Reverted) as refused:
        send(world, altered, signed)
    assert isinstance(refused.value.error, errors.SeatNotActive)


def test_digest__is_what_members_sign_and_the_content_leaves_the_deadline_out(world: World) -> None:
    state = world.attestation(world.accepted(), 1)
    digest = world.view("ClearanceOracle", ClearanceOracle.digest_of(state))
    assert digest == typed_digest(world.at["ClearanceOracle"], state)
    content = world.view("ClearanceOracle", ClearanceOracle.content_of(state))
    later = replace(state, deadline=state.deadline + 3600)
    assert world.view("ClearanceOracle", ClearanceOracle.content_of(later)) == content
    other = replace(state, released=1)
    assert world.view("ClearanceOracle", ClearanceOracle.content_of(other)) != content


# Times and sequence


def test_attest__deadline__is_on_the_hour_and_at_most_two_ahead(world: World) -> None:
    order = world.accepted()
    world.evm.set_time((world.evm.now // 3600 + 1) * 3600)
    hour = world.evm.now
    with reverts(errors.DeadlineNotOnGrid(hour + 3599)):
        world.attest(order, 1, deadline=hour + 3599)
    with reverts(errors.DeadlineTooFar(hour + 3 * 3600)):
        world.attest(order, 1, deadline=hour + 3 * 3600)
    with reverts(errors.SignatureExpired(hour - 3600)):
        world.attest(order, 1, deadline=hour - 3600)
    world.attest(order, 1, deadline=hour, phase=Phase.SHIPPED)
    world.attest(order, 2, deadline=hour + 2 * 3600, phase=Phase.SHIPPED)


def test_o08__event_in_the_future__is_refused(world: World) -> None:
    """O08, O09: an event may be at most five minutes ahead of the chain's clock."""
    order, now = world.accepted(), world.evm.now
    with reverts(errors.EventInFuture(now + 301)):
        world.attest(order, 1, event_at=now + 301)
    world.attest(order, 1, event_at=now + 300)


def test_o08__event_before_any_order_of_this_expiry__is_refused(world: World) -> None:
    """O08: an order lives two years at most, so an event more than two years before its expiry is none of it."""
    order = world.accepted()
    earliest = world.position(order).expiry - 730 * DAY
    with reverts(errors.EventBeforeOrder(earliest - 1)):
        world.attest(order, 1, event_at=earliest - 1)
    world.attest(order, 1, event_at=earliest)


def test_o09__clock_skew__is_bounded(world: World) -> None:
    """O09: what is just too early is welcome a second later."""
    order, ahead = world.accepted(), world.evm.now + 301
    state = world.attestation(order, 1, event_at=ahead)
    with reverts(errors.EventInFuture(ahead)):
        world.relay(state)
    world.evm.advance(1)
    world.relay(state)


def test_i18__older_or_repeated_sequence__is_refused(world: World) -> None:
    """I-18 each (order, seq) counts once and an older one never overrides a newer (O06)."""
    order = world.accepted()
    first = world.attestation(order, 2, phase=Phase.SHIPPED, released=0)
    world.relay(first)
    with reverts(errors.StaleSequence(2, 2)):
        world.relay(first)
    with reverts(errors.StaleSequence(1, 2)):
        world.attest(order, 1)
    world.attest(order, 7, phase=Phase.SHIPPED, released=0)
    with reverts(errors.StaleSequence(3, 7)):
        world.attest(order, 3)
    assert world.position(order).seq == 7


def test_o06__sequence_beyond_its_word__is_refused(world: World) -> None:
    """O06: numbers above 65,535 are refused, never cut (P29)."""
    order = world.accepted()
    with reverts(errors.StaleSequence(65536, 0)):
        world.attest(order, 65536)
    with reverts(errors.StaleSequence(0, 0)):
        world.attest(order, 0)
    world.attest(order, 65535, phase=Phase.SHIPPED, released=0)
    assert world.position(order).seq == 65535


def test_record__impossible_states__are_refused(world: World) -> None:
    order = world.accepted()
    for phase in (Phase.NONE, Phase.CLOSED):
        with reverts(errors.PhaseNotAttestable(phase)):
            world.attest(order, 1, phase=phase)
    with reverts(errors.UnknownOrder(5)):
        world.attest(5, 1)
    foreign = world.accepted(jurisdiction=ELSEWHERE)
    with reverts(errors.WrongJurisdiction(COUNTRY, ELSEWHERE)):
        world.attest(foreign, 1)
    state = world.attestation(order, 1)
    with reverts(errors.NotClearanceOracle(SPARE.address)):
        world.send("Receivables", Receivables.record(state, 0), SPARE)


def test_o07__state_in_words_wider_than_their_fields__is_refused(world: World) -> None:
    """O07: bytes that no member can have signed never become a state."""
    order = world.accepted()
    state = world.attestation(order, 1)
    call = ClearanceOracle.attest(state, signatures(world, state, 1, 2, 3)).data
    for word in range(1, 12):
        if word in (8, 9):
            continue
        at = 4 + 32 * word
        assert call[at] == 0
        dirty = call[:at] + b"\x01" + call[at + 1 :]
        assert not world.evm.send_raw(world.at["ClearanceOracle"], dirty, SPARE.address).is_success
    assert world.position(order).seq == 0


def test_o10__first_report_that_is_not_final__closes_nothing(world: World) -> None:
    """O10: accepted or under way is recorded, and pays and closes nothing."""
    order = world.accepted()
    for seq, phase in enumerate((Phase.ACCEPTED, Phase.SHIPPED, Phase.RELEASED), start=1):
        done = world.attest(order, seq, phase=phase)
        assert done.one(Recorded).phase == phase
        assert world.position(order).phase == phase
    assert world.cash("supplier") == 0
    world.attest(order, 4)
    assert (world.position(order).phase, world.cash("supplier")) == (Phase.CLOSED, 100_000_00)


def test_i09__closed_order__takes_nothing_more(world: World) -> None:
    """I-09 closed is final."""
    order = world.accepted()
    world.attest(order, 1)
    with reverts(errors.OrderClosed(order)):
        world.attest(order, 2, phase=Phase.SHIPPED, released=0)
    with reverts(errors.OrderClosed(order)):
        world.settle(order)
    world.evm.set_time(world.position(order).expiry + 10 * 86_400)
    with reverts(errors.OrderClosed(order)):
        world.lapse(order)
    assert world.cash("supplier", USD) == 100_000_00


def test_i28__suspended_parties__what_they_owe_still_settles(world: World) -> None:
    """I-28 suspension stops new business only: the order of suspended members is paid."""
    order = world.accepted()
    for actor in ("buyer", "supplier"):
        world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], Status.EXPELLED))
    world.attest(order, 1)
    assert world.cash("supplier") == 100_000_00
