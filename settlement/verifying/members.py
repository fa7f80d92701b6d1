"""Members and their keys."""

from __future__ import annotations

from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.errors import HanseError
from settlement.store.tables_projection import Member, MemberKey
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_members(pinned: Pinned) -> list[Tally]:
    """Every member and key as the network has it; no member is missing."""
    return [_members(pinned), _keys(pinned)]


def _members(pinned: Pinned) -> Tally:
    tally = Tally("members")
    network, rows = pinned.deployment.trusted_network, pinned.rows(Member)
    tally.same("number of members", pinned.ask_one(network, TrustedNetwork.member_count()), len(rows))
    answers = pinned.ask(network, [TrustedNetwork.member_of(row.member) for row in rows])
    accounts = pinned.ask(network, [TrustedNetwork.account_of(row.member) for row in rows])
    for row, answer, account in zip(rows, answers, accounts, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"member {row.member}: {answer.message}")
            continue
        tally.all_same(
            f"member {row.member}",
            {
                "lei": ("0x" + answer.lei.hex(), row.lei),
                "account": (account, row.account),
                "jurisdiction": (answer.jurisdiction, row.jurisdiction),
                "roles": (answer.roles, row.roles),
                "lane": (answer.lane, row.lane),
                "valid_until": (answer.valid_until, row.valid_until_at),
                "status": (int(answer.status), row.status),
            },
        )
    return tally


def _keys(pinned: Pinned) -> Tally:
    tally = Tally("member_keys")
    rows = pinned.rows(MemberKey)
    answers = pinned.ask(pinned.deployment.trusted_network, [TrustedNetwork.key_of(row.key) for row in rows])
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"key {row.key}: {answer.message}")
            continue
        expected = (answer.member, answer.scopes, answer.limit, int(answer.status))
        tally.same(f"key {row.key}", expected, (row.member, row.scopes, row.limit_minor, row.status))
    # Every member has at least its account as a key.
    known = {row.key for row in rows}
    for member in pinned.rows(Member):
        tally.same(f"member {member.member} has its account as a key", True, member.account in known)
    return tally
