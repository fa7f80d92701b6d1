"""A small HTTP client for outside parties: suppliers' systems, banks' desks, committee members.

It holds an API key and, only where the caller passes it in, signs with a member's own private key.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import httpx2

from settlement import typed_data
from settlement.errors import HanseError

LONGEST_WAIT_S = 30
_TIMEOUT_S = 15.0


class Refused(HanseError):
    """The service answered with a problem; ``status`` and ``code`` say which."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        detail = str(problem.get("detail") or problem.get("title") or "no reason given")
        super().__init__(detail, code=str(problem.get("code") or "http_error"), field=problem.get("field"))
        self.status = status
        self.problem = dict(problem)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


class Unreachable(HanseError):
    """The service does not answer."""

    code = "service_unreachable"


class HanseClient:
    """One client of the API.

    Holds:  the API key is in no repr and no error.
    Raises: Refused for a problem, Unreachable when there is no answer.
    """

    def __init__(
        self, base_url: str, api_key: str | None = None, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        # Loopback services stand behind no proxy; the environment's must not see an API key.
        self._http = httpx2.Client(
            base_url=self.base_url, headers=headers, timeout=_TIMEOUT_S, transport=transport, trust_env=False
        )

    def __repr__(self) -> str:
        return f"HanseClient({self.base_url!r})"

    def __enter__(self) -> HanseClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read one resource or one page.

        Raises: Refused, Unreachable.
        """
        return self._answer("GET", path, params=query)

    def items(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """All rows of a list, page after page.

        Raises: Refused, Unreachable.
        """
        page = self.get(path, **query)
        while True:
            yield from page["items"]
            if page["next"] is None:
                return
            page = self.get(path, **query, cursor=page["next"])

    def post(
        self, path: str, body: Mapping[str, Any], *, wait_s: int = 0, key: str | None = None
    ) -> dict[str, Any]:
        """Write. A random Idempotency-Key is made unless ``key`` repeats an earlier request.

        Raises: Refused, Unreachable.
        """
        return self._answer("POST", path, json=dict(body), headers=_post_headers(wait_s, key), wait_s=wait_s)

    def post_file(
        self,
        path: str,
        content: bytes,
        content_type: str,
        terms: str,
        *,
        name: str = "order",
        key: str | None = None,
    ) -> dict[str, Any]:
        """Send an order document as a file with its terms (JSON text).

        Raises: Refused, Unreachable.
        """
        return self._answer(
            "POST",
            path,
            files={"file": (name, content, content_type)},
            data={"terms": terms},
            headers=_post_headers(0, key),
        )

    def sign_and_send(
        self, act: Mapping[str, Any], private_key: bytes, *, wait_s: int = LONGEST_WAIT_S
    ) -> dict[str, Any]:
        """Sign an act's typed data here and hand the signature in; answers ``{"act", "transaction"}``.

        Raises: Refused, Unreachable.
        """
        signature = "0x" + typed_data.sign(act["typed_data"], private_key).hex()
        return self.post(f"/v1/acts/{act['id']}/signatures", {"signature": signature}, wait_s=wait_s)

    def _answer(self, method: str, path: str, *, wait_s: int = 0, **request: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, timeout=_TIMEOUT_S + wait_s, **request)
        except httpx2.TransportError as silent:
            raise Unreachable(
                f"{method} {path}: {self.base_url} does not answer ({type(silent).__name__})"
            ) from silent
        try:
            body = response.json()
        except ValueError as wrong:
            said = f"{method} {path}: status {response.status_code} without JSON"
            raise Unreachable(f"{said}; is {self.base_url} the Hanse API?") from wrong
        if not isinstance(body, dict):
            raise Unreachable(
                f"{method} {path}: the answer is no JSON object; is {self.base_url} the Hanse API?"
            )
        if response.status_code >= 400:
            raise Refused(response.status_code, body)
        return body


def _post_headers(wait_s: int, key: str | None) -> dict[str, str]:
    headers = {"Idempotency-Key": key or secrets.token_hex(16)}
    if wait_s:
        headers["Prefer"] = f"wait={wait_s}"
    return headers
