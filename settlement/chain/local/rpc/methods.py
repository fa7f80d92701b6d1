"""All methods of the node, in one table."""

from __future__ import annotations

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.account_reads import AccountReads
from settlement.chain.local.rpc.block_reads import BlockReads
from settlement.chain.local.rpc.calling import Caller
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.fees import FeeReads
from settlement.chain.local.rpc.identity import Identity
from settlement.chain.local.rpc.log_reads import LogReads
from settlement.chain.local.rpc.log_switch import LogSwitch
from settlement.chain.local.rpc.proofs import Prover
from settlement.chain.local.rpc.raw import RawReader
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.rpc.transaction_reads import TransactionReads
from settlement.chain.local.rpc.writing import Writer


def methods_of(node: Node, log: RequestLog) -> dict[str, Method]:
    """Every method by its name; each family of methods is a file beside this one."""
    return {
        **Identity(node).methods(),
        **AccountReads(node).methods(),
        **BlockReads(node).methods(),
        **TransactionReads(node).methods(),
        **LogReads(node).methods(),
        **FeeReads(node).methods(),
        **Caller(node).methods(),
        **Prover(node).methods(),
        **RawReader(node).methods(),
        **Writer(node).methods(),
        **LogSwitch(log).methods(),
    }
