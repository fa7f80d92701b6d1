"""Lines with their versions, loans, and the draws and repayments that make them up."""

from __future__ import annotations

from collections import Counter, defaultdict

from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.structs import LineTerms
from settlement.chain.bindings.structs import Loan as ChainLoan
from settlement.errors import HanseError
from settlement.ids import id_from_text, id_text, reserve_account
from settlement.store.tables_projection import (
    AccountBalance,
    Draw,
    Line,
    LineVersion,
    Loan,
    Receivable,
    Repayment,
)
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_credit(pinned: Pinned) -> list[Tally]:
    """Every line and loan as stored on chain; no line is over its limit, and committed cash is there (I-11); histories
    add up.
    """
    return [_lines(pinned), _versions(pinned), *_loans(pinned), _uses(pinned), _set_aside(pinned)]


def _lines(pinned: Pinned) -> Tally:
    tally = Tally("lines")
    address, rows = pinned.deployment.credit_lines, pinned.rows(Line)
    tally.same("number of lines", pinned.ask_one(address, CreditLines.line_count()), len(rows))
    usages = pinned.ask(address, [CreditLines.usage_of(row.line) for row in rows])
    for row, answer in zip(rows, usages, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"line {row.line}: {answer.message}")
            continue
        expected = (answer.limit, answer.used, answer.version)
        tally.same(f"line {row.line}", expected, (row.limit_minor, row.used_minor, row.version))
    versions = pinned.ask(address, [CreditLines.terms_of(row.line, row.version) for row in rows])
    for row, terms in zip(rows, versions, strict=True):
        if isinstance(terms, HanseError):
            tally.wrong(f"line {row.line}: {terms.message}")
            continue
        expected_terms = (terms.funder, terms.currency, terms.order_cap, terms.committed)
        found = (row.funder, row.currency, row.order_cap_minor, row.committed)
        tally.same(f"line {row.line} terms", expected_terms, found)
    losses = pinned.ask(address, [CreditLines.loss_of(row.line) for row in rows])
    for row, loss in zip(rows, losses, strict=True):
        tally.same(f"line {row.line} lost", loss, row.lost_minor)
    return tally


def _versions(pinned: Pinned) -> Tally:
    tally = Tally("line_versions")
    rows = pinned.rows(LineVersion)
    newest = {row.line: row.version for row in pinned.rows(Line)}
    found: defaultdict[int, list[int]] = defaultdict(list)
    calls = [CreditLines.terms_of(row.line, row.version) for row in rows]
    answers = pinned.ask(pinned.deployment.credit_lines, calls)
    for row, answer in zip(rows, answers, strict=True):
        found[row.line].append(row.version)
        if isinstance(answer, HanseError):
            tally.wrong(f"line {row.line} version {row.version}: {answer.message}")
        else:
            # The chain keeps one limit for all versions of a line: it speaks of the newest.
            is_newest = newest.get(row.line) == row.version
            tally.all_same(f"line {row.line} version {row.version}", _pairs(answer, row, is_newest=is_newest))
    for line, version in newest.items():
        tally.same(f"versions of line {line}", list(range(1, version + 1)), found[line])
    return tally


def _pairs(terms: LineTerms, row: LineVersion, *, is_newest: bool) -> dict[str, tuple[object, object]]:
    pairs: dict[str, tuple[object, object]] = {
        "order_cap": (terms.order_cap, row.order_cap_minor),
        "rate": (terms.rate_bps, row.rate_bps),
        "late": (terms.late_bps, row.late_bps),
        "fee": (terms.fee_bps, row.fee_bps),
        "advance_accepted": (terms.advance_accepted, row.advance_accepted_bps),
        "advance_shipped": (terms.advance_shipped, row.advance_shipped_bps),
        "advance_released": (terms.advance_released, row.advance_released_bps),
        "day_count": (int(terms.day_count), row.day_count),
        "grace_days": (terms.grace_days, row.grace_days),
        "recourse": (terms.recourse, row.recourse),
        "buyer_lanes": (terms.buyer_lanes, row.buyer_lanes),
        "supplier_lanes": (terms.supplier_lanes, row.supplier_lanes),
        "committed": (terms.committed, row.committed),
        "commitment": (terms.commitment_bps, row.commitment_bps),
        "longest_days": (terms.longest_days, row.longest_days),
        "expiry": (terms.expiry, row.expiry_at),
    }
    if is_newest:
        pairs["limit"] = (terms.limit, row.limit_minor)
    return pairs


def _loans(pinned: Pinned) -> list[Tally]:
    loans, draws, repayments = Tally("loans"), Tally("draws"), Tally("repayments")
    drawn: defaultdict[str, list[Draw]] = defaultdict(list)
    for draw in pinned.rows(Draw):
        drawn[draw.order].append(draw)
    repaid: defaultdict[str, list[Repayment]] = defaultdict(list)
    for repayment in pinned.rows(Repayment):
        repaid[repayment.order].append(repayment)
    rows = pinned.rows(Loan)
    calls = [CreditLines.loan_of(id_from_text(row.order)) for row in rows]
    answers = pinned.ask(pinned.deployment.credit_lines, calls)
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, HanseError):
            loans.wrong(f"loan {row.order}: {answer.message}")
            continue
        _compare_loan(loans, row, answer)
        _compare_draws(draws, row, answer, drawn.pop(row.order, []))
        _compare_repayments(repayments, row, answer, repaid.pop(row.order, []))
    for order in (*drawn, *repaid):
        loans.wrong(f"draws or repayments of loan {order}, which is not there")
    with_line = {row.order for row in pinned.rows(Receivable) if row.line}
    loans.same("orders with a loan", sorted(with_line), [row.order for row in rows])
    _compare_reserves(loans, pinned)
    return [loans, draws, repayments]


def _compare_loan(tally: Tally, row: Loan, loan: ChainLoan) -> None:
    tally.all_same(
        f"loan {row.order}",
        {
            "line": (loan.line, row.line),
            "version": (loan.version, row.version),
            "principal": (loan.principal, row.principal_minor),
            "accrued": (loan.accrued, row.accrued_millionths),
            "since": (loan.since, row.since_at),
            "draws": (loan.draws, row.draws),
            # The chain forgets it once all is recovered.
            "written_off": (loan.written_off, row.written_off and row.principal_minor > 0),
        },
    )
    # The chain also calls draws closed that an expiry or a close of the order ended; those are not the loan's own.
    if not loan.draws_closed:
        tally.same(f"loan {row.order} draws closed", loan.draws_closed, row.draws_closed)


def _compare_draws(tally: Tally, row: Loan, loan: ChainLoan, draws: list[Draw]) -> None:
    what = f"loan {row.order}"
    tally.same(f"{what} draw indices", list(range(loan.draws)), [draw.index for draw in draws])
    tally.same(f"{what} drawn", sum(draw.amount_minor for draw in draws), row.drawn_minor)
    tally.same(f"{what} fees", sum(draw.fee_minor for draw in draws), row.fee_minor)


def _compare_repayments(tally: Tally, row: Loan, loan: ChainLoan, repayments: list[Repayment]) -> None:
    what = f"loan {row.order}"
    tally.same(f"{what} repayments", list(range(1, row.repayments + 1)), [one.n for one in repayments])
    tally.same(
        f"{what} interest paid", sum(one.interest_minor for one in repayments), row.interest_paid_minor
    )
    principal = row.drawn_minor - sum(one.principal_minor for one in repayments)
    tally.same(f"{what} principal that is drawn and not repaid", loan.principal, principal)


def _compare_reserves(tally: Tally, pinned: Pinned) -> None:
    """R10: while draws are open an order's claim is reserved at its line version's highest advance, or what is lent.

    What was reserved last, before draws closed, only the events tell.
    """
    versions = {(row.line, row.version): row for row in pinned.rows(LineVersion)}
    orders = {row.order: row for row in pinned.rows(Receivable)}
    for row in pinned.rows(Loan):
        version, order = versions.get((row.line, row.version)), orders.get(row.order)
        if version is None or order is None:
            tally.wrong(f"loan {row.order}: its order or its line version is not there")
            continue
        if row.draws_closed or order.draws_closed:
            continue
        most_bps = max(
            version.advance_accepted_bps, version.advance_shipped_bps, version.advance_released_bps
        )
        claim = order.face_minor - order.reduced_minor
        reserved = max(row.principal_minor, claim * most_bps // 10_000)
        tally.same(f"loan {row.order} reserved", reserved, row.reserved_minor)


def _uses(pinned: Pinned) -> Tally:
    """R10: a loan uses its line by its reserve while it may be drawn, by its principal afterwards, until written off."""
    tally = Tally("line_uses")
    closed = {row.order: row.draws_closed for row in pinned.rows(Receivable)}
    uses: Counter[int] = Counter()
    for loan in pinned.rows(Loan):
        if loan.written_off:
            continue
        is_closed = loan.draws_closed or closed.get(loan.order, False)
        uses[loan.line] += loan.principal_minor if is_closed else loan.reserved_minor
    rows = pinned.rows(Line)
    calls = [CreditLines.usage_of(row.line) for row in rows]
    answers = pinned.ask(pinned.deployment.credit_lines, calls)
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"line {row.line}: {answer.message}")
            continue
        tally.same(f"line {row.line} sum of its loans' uses", answer.used, uses[row.line])
        tally.same(f"line {row.line} is within its limit", True, answer.used <= answer.limit)
    return tally


def _set_aside(pinned: Pinned) -> Tally:
    """I-11: an order on a committed line has as much cash of its own as may still be drawn, to the unit."""
    tally = Tally("committed_reserves")
    committed = {row.line for row in pinned.rows(Line) if row.committed}
    closed = {row.order: row.draws_closed for row in pinned.rows(Receivable)}
    cash = {row.account: row.balance_minor for row in pinned.rows(AccountBalance)}
    for loan in pinned.rows(Loan):
        is_closed = loan.draws_closed or closed.get(loan.order, False)
        is_backed = loan.line in committed and not is_closed
        owed = loan.reserved_minor - loan.principal_minor if is_backed else 0
        account = id_text(reserve_account(id_from_text(loan.order)))
        tally.same(f"loan {loan.order} cash set aside", owed, cash.get(account, 0))
    return tally
