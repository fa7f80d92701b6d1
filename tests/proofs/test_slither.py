"""The gate over Slither's findings: what is new fails, what is gone fails, what has its reason passes."""

from __future__ import annotations

import pytest

from proofs.slither import Baseline, CannotInstall, Finding, main, read_baseline, report

SEEN = Finding(
    "High", "reentrancy-eth", "CashLedger", "withdraw", "src/CashLedger.sol", 9, "calls, then writes"
)
LOW = Finding("Low", "timestamp", "CashLedger", "withdraw", "src/CashLedger.sol", 9, "compares block time")


def test_report__high_without_a_reason__fails_and_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([SEEN, LOW], Baseline({}, {})) == 1
    assert "new     High reentrancy-eth CashLedger.withdraw" in capsys.readouterr().out


def test_report__high_with_a_reason__passes() -> None:
    assert report([SEEN, LOW], Baseline({SEEN.key: "guarded"}, {})) == 0
    assert report([SEEN], Baseline({("reentrancy-eth", "CashLedger", "*"): "guarded"}, {})) == 0
    assert report([SEEN], Baseline({}, {SEEN.check: "fits no code here"})) == 0


def test_report__reason_of_another_contract__is_none() -> None:
    assert report([SEEN], Baseline({("reentrancy-eth", "Receivables", "*"): "guarded"}, {})) == 1


def test_report__reason_for_what_is_gone__fails() -> None:
    assert report([LOW], Baseline({SEEN.key: "guarded"}, {})) == 1


def test_baseline__each_entry__has_a_reason() -> None:
    baseline = read_baseline()
    assert all(len(reason) > 20 for reason in [*baseline.known.values(), *baseline.off.values()])
    assert len(baseline.off) <= 2


@pytest.mark.parametrize(("ci", "code"), [(None, 0), ("true", 1)], ids=["at home", "in CI"])
def test_main__packages_not_to_be_had__is_told_and_fails_in_ci_only(
    ci: str | None, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise CannotInstall("no registry")

    monkeypatch.setattr("proofs.slither.environment", refuse)
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    assert main([]) == code
    assert "SKIPPED" in capsys.readouterr().out
