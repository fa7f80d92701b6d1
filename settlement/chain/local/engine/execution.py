"""Running transactions one after another, as one block's worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from settlement.chain.local.engine.port import Execution, Workspace
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.blocks import Block, Header, Receipt
from settlement.chain.local.formats.transactions import Transaction

Mined = tuple[Transaction, Receipt]


@dataclass(slots=True)
class Built:
    """A block that is not stored yet. ``refused`` can never be mined as they stand; the rest of what was offered waits."""

    block: Block
    nodes: dict[bytes, bytes]
    refused: list[tuple[Transaction, RpcFault]] = field(default_factory=list)


@dataclass(slots=True)
class Ran:
    """What ran, what was refused for good, and whether the engine itself failed: then all that ran counts for nothing."""

    mined: list[Mined] = field(default_factory=list)
    refused: list[tuple[Transaction, RpcFault]] = field(default_factory=list)
    broken: Transaction | None = None


def run_all(
    workspace: Workspace, header: Header, offered: Sequence[Transaction], already: Sequence[Mined] = ()
) -> Ran:
    """Run what fits into the block, in the order it is offered. ``already`` ran in it before, and stays."""
    ran = Ran(mined=list(already))
    gas_used = first_log = 0
    if already:
        last = already[-1][1]
        gas_used, first_log = last.cumulative_gas, last.first_log + len(last.logs)
    skipped: set[bytes] = set()
    for tx in offered:
        # After one that does not fit, its sender's later ones must wait as well.
        if tx.sender in skipped:
            continue
        if gas_used + tx.gas > header.gas_limit or workspace.nonce(tx.sender) != tx.nonce:
            skipped.add(tx.sender)
            continue
        balance = workspace.balance(tx.sender)
        if balance < tx.most_it_costs:
            ran.refused.append((tx, cannot_pay(tx, balance)))
            skipped.add(tx.sender)
            continue
        try:
            done = workspace.run(tx)
        except Exception as exc:  # noqa: BLE001  an engine's own failure may be anything, and must cost one transaction only
            ran.refused.append((tx, RpcFault(f"the engine cannot run this transaction: {exc!r}")))
            ran.broken = tx
            return ran
        gas_used += done.gas_used
        ran.mined.append((tx, receipt_of(tx, header, done, gas_used, first_log)))
        first_log += len(done.logs)
    return ran


def cannot_pay(tx: Transaction, balance: int) -> RpcFault:
    """The refusal of a transaction whose sender has too little, in geth's words."""
    cost = tx.most_it_costs
    return RpcFault(
        f"insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {cost - balance}"
    )


def receipt_of(tx: Transaction, header: Header, done: Execution, gas_used: int, first_log: int) -> Receipt:
    """The receipt of what ran. ``gas_used`` is the block's so far, with this."""
    return Receipt(
        succeeded=done.error is None,
        cumulative_gas=gas_used,
        gas_used=done.gas_used,
        gas_price=tx.effective_gas_price(header.base_fee),
        created=done.created,
        first_log=first_log,
        logs=done.logs,
    )
