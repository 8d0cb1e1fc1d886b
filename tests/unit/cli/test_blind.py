"""A question asked blind is answered blind, or looked at first: no command settles what nobody saw."""

from __future__ import annotations

import pytest

from connector.gate import audits
from tests.unit.cli.conftest import Company, Program

BILLING = ("Charged twice in March", "My card was charged twice, both times 90 euros. The invoice shows the wrong amount.")


@pytest.fixture
def blind(company: Company, program: Program, monkeypatch: pytest.MonkeyPatch) -> str:
    ticket = company.crm.arrive(*BILLING)
    program("run", "--once", "--linger", 0)
    monkeypatch.setattr(audits, "BLIND_SHARE", 1.0)
    listed = program("approvals", "list", "--json", "--limit", 500).document["approvals"]
    [one] = [one for one in listed if one["record"] == f"crm:ticket/{ticket}" and one["field"] == "category"]
    assert (one["blind"], one["ours"]) == (True, None)
    return str(one["id"])


def test_nobody_settles_what_is_asked_blind_without_having_seen_it(program: Program, blind: str) -> None:
    for words in (("approve", blind), ("reject", blind), ("edit", blind, "Refund")):
        said = program("approvals", *words)
        assert said.code == 1
        assert f"crm-connector approvals judge {blind} VALUE" in said.err
        assert f"crm-connector approvals show {blind} --reveal" in said.err
    assert blind in program("approvals", "list", "--limit", 500).out
    assert program("approvals", "judge", blind, "Refund").code == 0


def test_whoever_looked_first_may_agree_and_it_is_noted(program: Program, blind: str) -> None:
    assert program("approvals", "show", blind, "--reveal", "--json").document["ours"] == "Billing"
    assert program("approvals", "approve", blind, "--by", "kim").code == 1, "kim did not look"
    assert program("approvals", "approve", blind).code == 0
    entries = program("journal", "show", "--limit", 20, "--json").document["entries"]
    changes = [one for one in entries if one["kind"] == "approval_changed"]
    assert [one["actor"] for one in changes] == ["robin"]
