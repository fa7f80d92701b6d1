"""No method without a form that its answers are held to."""

from __future__ import annotations

from settlement.chain.local.rpc.methods import methods_of
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.rpc.subscriptions import Subscriptions
from settlement.chain.local.server import LocalNode
from tests.chain.local.conformance.asking import Refusal
from tests.chain.local.conformance.test_results import CHANGING, READING

# Over HTTP they are refused; test_notifications.py asks them where they are served.
_BY_WEB_SOCKET = {"eth_subscribe", "eth_unsubscribe"}
_ALWAYS_REFUSED = {f"{prefix}_setMinGasPrice" for prefix in ("anvil", "evm", "hardhat")}


def _registered(node: LocalNode) -> set[str]:
    subscriptions = Subscriptions(node.node)
    try:
        return set(methods_of(node.node, RequestLog(), subscriptions))
    finally:
        subscriptions.close()


def test_registry__every_method__has_a_form_and_every_form_a_method(ours: LocalNode) -> None:
    registered = _registered(ours)
    described = {ask.method for ask in (*READING, *CHANGING) if not isinstance(ask.want, Refusal)}
    assert registered - described - _BY_WEB_SOCKET - _ALWAYS_REFUSED == set()
    assert described - registered == set()
