"""The rows and the outbox against the chain's own log, for what its views do not keep."""

from __future__ import annotations

from collections import Counter
from typing import Any

from settlement.chain.follower import fetch_blocks
from settlement.store.events import OUTBOX_TYPES
from settlement.store.projecting.text import event_body
from settlement.store.projection import TABLES
from settlement.store.tables_projection import Outbox
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally
from settlement.verifying.told import COMPLETE, Told


def compare_events(pinned: Pinned) -> list[Tally]:
    """Every row that events tell of, and every entry of the outbox, in the log's order.

    Raises: ChainError when the chain forks meanwhile.
    """
    outbox, told = Tally("outbox"), Told()
    entries = iter(pinned.rows(Outbox))
    position = 0
    sequences: Counter[str | None] = Counter()
    blocks = fetch_blocks(pinned.client, pinned.deployment, pinned.deployment.block, pinned.number)
    for block, events in blocks:
        for placed in events:
            told.hear(block, placed)
            name = OUTBOX_TYPES.get(type(placed.event))
            if name is None:
                continue
            position += 1
            row = next(entries, None)
            if row is None:
                outbox.wrong(f"entry {position}, {name}, is missing")
                continue
            sequences[row.order] += 1
            outbox.all_same(
                f"entry {position}",
                {
                    "position": (position, row.position),
                    "sequence": (sequences[row.order], row.sequence),
                    "type": (name, row.type),
                    "body": (event_body(placed.event), row.body),
                    "block": ((block.number, block.hash), (row.block_number, row.block_hash)),
                    "time": (block.timestamp, row.occurred_at),
                    "tx": (placed.tx_hash, row.tx_hash),
                },
            )
    for row in entries:
        outbox.wrong(f"entry {row.position}, {row.type}, has no event")
    return [outbox, _rows(pinned, told)]


def _rows(pinned: Pinned, told: Told) -> Tally:
    tally = Tally("rows_as_told_by_events")
    for model in COMPLETE:
        names = [column.name for column in TABLES[model].primary_key]
        found = {tuple(getattr(row, name) for name in names): row for row in pinned.rows(model)}
        expected = told.rows.get(model, {})
        table = str(model.__tablename__)
        for key, words in expected.items():
            row = found.pop(key, None)
            if row is None:
                tally.wrong(f"{table} {key} is missing")
                continue
            present: dict[str, Any] = {name: getattr(row, name) for name in words}
            tally.same(f"{table} {key}", words, present)
        for key in found:
            tally.wrong(f"{table} {key} has no event")
    return tally
