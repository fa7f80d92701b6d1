"""All methods of the node, in one table."""

from __future__ import annotations

from settlement.chain.local.node import Node
from settlement.chain.local.rpc.account_reads import AccountReads
from settlement.chain.local.rpc.account_verbs import AccountVerbs
from settlement.chain.local.rpc.block_reads import BlockReads
from settlement.chain.local.rpc.branch_verbs import BranchVerbs
from settlement.chain.local.rpc.calling import Caller
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.fees import FeeReads
from settlement.chain.local.rpc.filters import Filters
from settlement.chain.local.rpc.identity import Identity
from settlement.chain.local.rpc.log_reads import LogReads
from settlement.chain.local.rpc.log_switch import LogSwitch
from settlement.chain.local.rpc.mining_verbs import MiningVerbs
from settlement.chain.local.rpc.next_block import NextBlock
from settlement.chain.local.rpc.node_views import NodeViews
from settlement.chain.local.rpc.pool_views import PoolViews
from settlement.chain.local.rpc.proofs import Prover
from settlement.chain.local.rpc.raw import RawReader
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.rpc.sending import Sender
from settlement.chain.local.rpc.signing import MessageSigner
from settlement.chain.local.rpc.simulating import Simulator
from settlement.chain.local.rpc.state_files import StateVerbs
from settlement.chain.local.rpc.subscriptions import Subscriptions
from settlement.chain.local.rpc.sync_sending import SyncSender
from settlement.chain.local.rpc.tracing import TraceReader
from settlement.chain.local.rpc.transaction_reads import TransactionReads


def methods_of(node: Node, log: RequestLog, subscriptions: Subscriptions) -> dict[str, Method]:
    """Every method by its name; each family of methods is a file beside this one."""
    return {
        **Identity(node).methods(),
        **AccountReads(node).methods(),
        **BlockReads(node).methods(),
        **TransactionReads(node).methods(),
        **LogReads(node).methods(),
        **FeeReads(node).methods(),
        **Caller(node).methods(),
        **Simulator(node).methods(),
        **Prover(node).methods(),
        **RawReader(node).methods(),
        **TraceReader(node).methods(),
        **Sender(node).methods(),
        **SyncSender(node).methods(),
        **MessageSigner(node).methods(),
        **PoolViews(node).methods(),
        **NextBlock(node).methods(),
        **MiningVerbs(node).methods(),
        **BranchVerbs(node).methods(),
        **AccountVerbs(node).methods(),
        **StateVerbs(node).methods(),
        **NodeViews(node).methods(),
        **Filters(node).methods(),
        **subscriptions.methods(),
        **LogSwitch(log).methods(),
    }
