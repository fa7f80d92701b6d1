"""All methods of the node, in one table."""

from __future__ import annotations

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.calling import Caller
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.log_switch import LogSwitch
from settlement.chain.local.rpc.reading import Reader
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.rpc.writing import Writer


def methods_of(node: Node, log: RequestLog) -> dict[str, Method]:
    """Every method by its name; each family of methods is a file beside this one."""
    return {
        **Caller(node).methods(),
        **Reader(node).methods(),
        **Writer(node).methods(),
        **LogSwitch(log).methods(),
    }
