"""Filters, cursors and ids out of an adversary's hand: a refusal or an empty answer, never a failure of ours."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.access import ACCESS, PUBLIC
from tests.api.service import Service

LISTS = sorted(
    path for method, path in ACCESS if method == "GET" and "{" not in path and ACCESS[method, path] != PUBLIC
)
SINGLES = sorted(path for method, path in ACCESS if method == "GET" and "{" in path)
TEXTS = st.text(max_size=60) | st.sampled_from(
    ["' OR 1=1 --", "\x00", "%00", "../..", "0x" + "f" * 64, "-1", "9" * 400]
)
NAMES = st.sampled_from(["limit", "cursor", "order", "peril", "place", "day", "sort", "expand", "status"])


@given(path=st.sampled_from(LISTS), query=st.dictionaries(NAMES, TEXTS, max_size=4))
@settings(max_examples=150)
def test_t12__fuzzed_filters_and_cursors__never_fail(
    service: Service, path: str, query: dict[str, str]
) -> None:
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    answer = service.ask("GET", f"{path}?{text}", "operator")
    assert answer.status_code in {200, 403, 404, 422}, answer.text


@given(
    path=st.sampled_from(SINGLES),
    value=TEXTS.filter(lambda text: text not in {"", ".", ".."} and "/" not in text),
)
@settings(max_examples=150)
def test_t12__fuzzed_ids__are_404_or_422(service: Service, path: str, value: str) -> None:
    start, _, rest = path.partition("{")
    url = start + quote(value, safe="") + rest.partition("}")[2].replace("{field:path}", "number")
    answer = service.ask("GET", url, "auditor")
    assert answer.status_code in {403, 404, 422}, (url, answer.text)


@given(data=st.binary(max_size=300))
@settings(max_examples=100)
def test_t12__fuzzed_bodies__are_4xx(service: Service, data: bytes) -> None:
    headers = {
        "Authorization": f"Bearer {service.keys['buyer']}",
        "Idempotency-Key": "fuzzed",
        "Content-Type": "application/json",
    }
    answer = service.http.post(f"{service.url}/v1/orders", content=data, headers=headers)
    assert 400 <= answer.status_code < 500


def test_t21__line_breaks_in_what_a_client_sends__begin_no_log_line(
    service: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    forged = "x\r\n2026-01-01 [critical] the ledger is empty"
    for path in (f"/v1/orders/{quote(forged)}", f"/v1/acts/{quote(forged)}", f"/v1/nothing/{quote(forged)}"):
        assert service.ask("GET", path, "buyer").status_code == 404
    answer = service.ask(
        "POST", "/v1/cash/deposits", "buyer", {"amount": {"value": forged, "currency": "USD"}}
    )
    assert answer.status_code == 422
    out, err = capfd.readouterr()
    assert not any(line.startswith("2026-01-01 [critical]") for line in (out + err).splitlines())
