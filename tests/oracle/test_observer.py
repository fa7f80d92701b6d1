"""An observer over real HTTP: signs its own readings, after the day, until they are on chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oracle.inbox import Inbox
from oracle.key_file import write_key_file
from oracle.observer import Observer, read_reading
from oracle.signed_book import SignedBook
from settlement import typed_data
from settlement.chain.bindings.enums import Answer
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.structs import Observation
from settlement.errors import InputRefused
from settlement.wire.client import HanseClient
from settlement.wire.cover import ObservationWish
from settlement.wire.model import instant_text
from tests.contracts.harness import new_evm
from tests.oracle.service import CHAIN_ID, HOUR_S, INDICES, NOW_AT, Service

DAY_S = 86_400
TODAY = NOW_AT // DAY_S
YESTERDAY = TODAY - 1


def reading(day: int = YESTERDAY, value: int = 455, **changes: Any) -> bytes:
    document = {
        "peril": 2,
        "place": "VNHPH",
        "day": day,
        "value": value,
        "observed_at": instant_text(day * DAY_S + 43_200),
        "source": "ten-minute wind",
    }
    return json.dumps({**document, **changes}).encode()


@pytest.fixture
def observer(tmp_path: Path, api: HanseClient) -> Observer:
    key = write_key_file(tmp_path / "key", bytes(31) + b"\x07")
    return Observer("observer-1", key, Inbox(tmp_path / "inbox"), SignedBook(tmp_path / "signed"), api)


def deliver(observer: Observer, raw: bytes) -> None:
    observer.inbox.put("reading", raw, NOW_AT, None)


def test_step__day_is_over__reading_is_signed_and_handed_in(service: Service, observer: Observer) -> None:
    deliver(observer, reading())
    observer.step()
    wish = ObservationWish.model_validate(service.observations[0])
    assert (wish.peril, wish.place, wish.day, wish.value) == (2, "VNHPH", YESTERDAY, 455)
    assert 0 < wish.deadline_at - NOW_AT <= 2 * HOUR_S
    message = {
        "bucket": read_reading(reading()).bucket,
        "answer": typed_data.VALUE_ANSWER,
        "value": wish.value,
        "observedAt": wish.observed_at,
        "deadline": wish.deadline_at,
    }
    typed = typed_data.typed_message("Observation", CHAIN_ID, INDICES, message)
    assert typed_data.recover(typed, bytes.fromhex(wish.signature[2:])) == observer.key.address


def test_step__reading__has_the_contracts_bucket_and_digest(observer: Observer) -> None:
    """I-20: what the observer signs is IndexOracle's digest of the same words."""
    evm, deployer = new_evm(), observer.key.address
    contract = evm.deploy(IndexOracle.deploy(deployer), deployer, "IndexOracle")
    found = read_reading(reading())
    place = b"VNHPH".ljust(32, b"\0")
    assert found.bucket == evm.view(contract, IndexOracle.bucket_of(2, place, YESTERDAY))
    message = {
        "bucket": found.bucket,
        "answer": typed_data.VALUE_ANSWER,
        "value": found.value,
        "observedAt": found.observed_at,
        "deadline": NOW_AT,
    }
    words = Observation(
        bucket=found.bucket,
        answer=Answer.VALUE,
        value=found.value,
        observed_at=found.observed_at,
        deadline=NOW_AT,
    )
    typed = typed_data.typed_message("Observation", CHAIN_ID, contract, message)
    assert typed_data.digest(typed) == evm.view(contract, IndexOracle.digest_of(words))


def test_step__day_not_over__waits_for_its_end(service: Service, observer: Observer) -> None:
    """I-24: no reading of a day leaves before that day is over."""
    deliver(observer, reading(TODAY))
    service.now_at = (TODAY + 1) * DAY_S - 1
    observer.step()
    assert service.observations == []
    service.now_at += 1
    observer.step()
    assert [one["day"] for one in service.observations] == [TODAY]


def test_o11__no_reading_received__nothing_is_said(service: Service, observer: Observer) -> None:
    observer.step()
    observer.inbox.put("wco", b"<a/>", NOW_AT, None)
    observer.step()
    assert (service.observations, service.asked) == ([], [])


def test_step__other_value_for_the_same_day__is_not_signed(service: Service, observer: Observer) -> None:
    """I-21: one content for a place, for good."""
    deliver(observer, reading(value=455))
    deliver(observer, reading(value=999))
    observer.step()
    observer.step()
    assert [one["value"] for one in service.observations] == [455]
    assert any("was signed before" in one for one in observer.describe()["trouble"].values())


def test_step__signature_ran_out_unrelayed__is_signed_again_until_on_chain(
    service: Service, observer: Observer
) -> None:
    deliver(observer, reading())
    observer.step()
    observer.step()
    assert len(service.observations) == 1
    service.now_at += 2 * HOUR_S
    observer.step()
    first, second = service.observations
    assert second["deadline_at"] > service.now_at > first["deadline_at"]
    service.on_chain.append({"day": YESTERDAY, "observer": observer.key.address.lower(), "value": 455})
    service.now_at += 2 * HOUR_S
    observer.step()
    asked = len(service.asked)
    service.now_at += 2 * HOUR_S
    observer.step()
    assert (len(service.observations), len(service.asked)) == (2, asked)


def test_step__on_chain_before_a_restart__is_not_handed_in_again(
    service: Service, observer: Observer
) -> None:
    service.on_chain.append({"day": YESTERDAY, "observer": observer.key.address, "value": 455})
    deliver(observer, reading())
    observer.step()
    assert service.observations == []


@pytest.mark.parametrize(
    ("refusal", "is_final"),
    [
        ((409, "conflict"), True),
        ((422, "input_refused"), True),
        ((409, "not_a_seat"), False),
        ((503, "chain_error"), False),
    ],
)
def test_step__service_refuses__final_only_where_trying_again_cannot_help(
    service: Service, observer: Observer, refusal: tuple[int, str], is_final: bool
) -> None:
    service.refusal = refusal
    deliver(observer, reading())
    observer.step()
    assert list(observer.describe()["trouble"].values())
    service.refusal = None
    observer.step()
    assert len(service.observations) == (0 if is_final else 1)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"", "body"),
        (b"[]", "body"),
        (reading(value=-1), "value"),
        (reading(value=1 << 53), "value"),
        (reading(peril=0), "peril"),
        (reading(place="vnhph"), "place"),
        (reading(day=50_000), "day"),
        (reading(observed_at="2026-01-31T12:00:00"), "observed_at"),
        (reading(observed_at=instant_text(YESTERDAY * DAY_S - 1)), "observed_at"),
        (reading(extra=1), "extra"),
    ],
)
def test_read__reading_that_is_none__is_refused_by_field(raw: bytes, field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        read_reading(raw)
    assert refused.value.field == field


def test_o13__fractions_in_a_reading__are_refused_not_rounded() -> None:
    for value in (45.5, 455.0, "455", 4.55e2, True):
        with pytest.raises(InputRefused):
            read_reading(reading(value=value))  # type: ignore[arg-type]  # wrong on purpose
