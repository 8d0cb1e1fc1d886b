"""A rehearsal varies a policy without touching the file, and the variation has its own version."""

from __future__ import annotations

from decimal import Decimal

from connector.policy import Proof, vary


def test_a_varied_policy_means_what_an_edited_file_would_mean(write):
    edited = write(
        gate="gate: {target: 0.95}",
        may="may: {update: {category: {options: [a, b]}, priority: {options: [low, normal, high]}, "
        "stage: {options: [x]}}}",
    )

    varied = vary(write(), target=Decimal("0.95"), options={"category": ["a", "b", "a"], "stage": ["x"]})

    assert varied == edited
    assert varied.version == edited.version
    assert varied.may.update["stage"].needs is Proof.STAFF


def test_varying_nothing_changes_nothing(write):
    assert vary(write()) == write()
