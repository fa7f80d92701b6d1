"""What the families of verbs share: names under several prefixes, orders to the writer thread, answers in JSON's shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.node import Node, promised
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import read_number

# Testers come from three families of nodes; a verb that one of them knows is answered under every name.
ALL_NAMES = ("evm_", "anvil_", "hardhat_")


def under(prefixes: Sequence[str], verbs: dict[str, Method]) -> dict[str, Method]:
    """``verbs``, each under every prefix."""
    return {prefix + verb: method for verb, method in verbs.items() for prefix in prefixes}


class Verbs:
    """Hands requests to the node's writer thread; every method answers a future."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def _order(self, run: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._node.order(partial(run, self._node, *arguments))

    def _tell(self, run: Callable[..., Any], *arguments: Any) -> Future[None]:
        """An order whose answer is null."""
        return then(self._order(run, *arguments), lambda _: None)


def then(first: Future[Any], shape: Callable[[Any], Any]) -> Future[Any]:
    """A future of the first's result in another shape."""
    second = promised()

    def pass_on(done: Future[Any]) -> None:
        fault = done.exception()
        if fault is not None:
            second.set_exception(fault)
        else:
            second.set_result(shape(done.result()))

    first.add_done_callback(pass_on)
    return second


def read_bounded(value: Any, name: str, least: int, most: int) -> int:
    """A number from ``least`` to ``most``, in any of the forms that verbs take.

    Raises: InvalidParams.
    """
    found = read_number(value, name)
    if not least <= found <= most:
        raise InvalidParams(f"invalid {name}: {found} is not between {least} and {most}")
    return found


def read_flag(value: Any) -> bool:
    """A JSON true or false.

    Raises: InvalidParams.
    """
    if not isinstance(value, bool):
        raise InvalidParams("invalid argument 0: expected true or false")
    return value
