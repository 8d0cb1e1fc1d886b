"""Policies in force together: who wakes, in which order, and what keeps two from fighting over a field."""

from __future__ import annotations

import pytest

from connector.errors import PolicyError
from connector.policy import MAX_HOPS, PolicySet, Wake, load_policies
from connector.record import ConnectionName, ObjectType

CRM = ConnectionName("crm")


@pytest.fixture
def together(tmp_path, text):
    """Loads several variations of the small policy as one folder."""

    def load(**policies: dict[str, str]) -> PolicySet:
        for name, sections in policies.items():
            (tmp_path / f"{name}.yaml").write_text(text(**{"policy": f"policy: {name}", **sections}))
        return load_policies(tmp_path)

    return load


def may(*fields: str) -> dict[str, str]:
    return {"may": f"may: {{update: {{{', '.join(f'{field}: {{}}' for field in fields)}}}}}"}


def names(policies) -> list[str]:
    return [policy.name for policy in policies]


def test_two_policies_may_not_write_one_field_without_an_order(together, tmp_path):
    with pytest.raises(PolicyError) as refused:
        together(one=may("category", "queue"), two=may("queue"))

    (problem,) = refused.value.problems
    assert problem.startswith(f"{tmp_path}/two.yaml:6: may.update.queue: `one` ({tmp_path}/one.yaml) may write this")
    assert "after_policy: one" in problem


def test_with_an_order_they_may_even_through_a_third(together):
    policies = together(
        a=may("queue") | {"after_policy": "after_policy: [b]"},
        b=may("category") | {"after_policy": "after_policy: c"},
        c=may("queue"),
    )

    assert names(policies) == ["c", "b", "a"]
    assert policies.precedence("a") == 2


def test_different_objects_or_connections_do_not_contest(together):
    ticket = "when: {object: ticket, events: [created]}"
    lead = "when: {object: lead, events: [created]}"
    policies = together(
        one=may("owner") | {"when": ticket, "connections": "connections: [crm]"},
        two=may("owner") | {"when": lead},
        three=may("owner") | {"when": ticket, "connections": "connections: [other]"},
    )

    assert names(policies) == ["one", "three", "two"], "without an order, by name"


def test_a_circle_a_double_and_an_unknown_name_are_refused(together, tmp_path, text):
    with pytest.raises(PolicyError, match=r"goes in a circle: (a -> b -> a|b -> a -> b)"):
        together(a=may("x") | {"after_policy": "after_policy: b"}, b=may("y") | {"after_policy": "after_policy: a"})
    (tmp_path / "a.yaml").write_text(text(policy="policy: same", after_policy="after_policy: triagee"))
    (tmp_path / "b.yaml").write_text(text(policy="policy: same", after_policy="after_policy: triage"))
    (tmp_path / "c.yaml").write_text(text())

    with pytest.raises(PolicyError) as refused:
        load_policies(tmp_path)

    said = "\n".join(refused.value.problems)
    assert "`same` is the name of" in said
    assert "there is no policy `triagee`, did you mean `triage`?" in said


def test_a_policy_wakes_for_its_object_events_and_fields(together):
    policies = together(
        a=may("x") | {"when": "when: {object: ticket, events: [created, changed], fields: [subject]}"},
        b=may("y") | {"when": "when: {object: ticket, events: [associated]}"},
        c=may("z") | {"when": "when: {object: lead, events: [created]}"},
    )

    def woken(wake, changed=None):
        return names(policies.matching(ObjectType.TICKET, wake, connection=CRM, changed=changed))

    assert woken(Wake.CREATED) == ["a"]
    assert woken(Wake.CHANGED, {"subject", "status"}) == ["a"]
    assert woken(Wake.CHANGED, {"status"}) == [], "a touch that changes no watched field"
    assert woken(Wake.CHANGED, set()) == []
    assert woken(Wake.CHANGED, None) == ["a"], "unknown changes wake rather than sleep"
    assert woken(Wake.ASSOCIATED) == ["b"]
    assert policies.objects() == {ObjectType.TICKET, ObjectType.LEAD}


def test_our_own_write_wakes_only_who_asks_for_it_and_never_without_end(together):
    asks = {"when": "when: {object: ticket, events: [agent_write], fields: [category]}"}
    policies = together(a=may("x") | asks, b=may("y") | asks, c=may("z"))

    def woken(by, hops=0, changed=frozenset({"category"})):
        return names(
            policies.matching(
                ObjectType.TICKET, Wake.AGENT_WRITE, connection=CRM, changed=changed, written_by=by, hops=hops
            )
        )

    assert woken("c") == ["a", "b"]
    assert woken("a") == ["b"], "never the one that wrote"
    assert woken("c", hops=MAX_HOPS - 1) == ["a", "b"]
    assert woken("c", hops=MAX_HOPS) == []
    assert woken("c", changed={"subject"}) == []


def test_a_connection_is_served_only_when_named(together):
    policies = together(a=may("x") | {"connections": "connections: [crm]"}, b=may("y"))

    assert names(policies.matching(ObjectType.TICKET, Wake.CREATED, connection=CRM)) == ["a", "b"]
    assert names(policies.matching(ObjectType.TICKET, Wake.CREATED, connection=ConnectionName("other"))) == ["b"]


def test_related_records_and_timers_wake_too(together):
    policies = together(
        a=may("x") | {"when": "when: {object: opportunity, related: {email: [created]}}"},
        b=may("y") | {"when": "when: {object: opportunity, every: 1 day}"},
    )

    assert names(policies.woken_by_related(ObjectType.EMAIL, Wake.CREATED, connection=CRM)) == ["a"]
    assert policies.woken_by_related(ObjectType.EMAIL, Wake.CHANGED, connection=CRM) == ()
    assert names(policies.timed(CRM)) == ["b"]
    assert ObjectType.EMAIL in policies.objects()


def test_the_version_of_a_set_moves_with_any_policy_and_not_with_the_order(write):
    one, two, other = write(policy="policy: a"), write(policy="policy: b"), write(policy="policy: b", goal="goal: New.")

    assert PolicySet([one, two]).version == PolicySet([two, one]).version
    assert PolicySet([one, two]).version != PolicySet([one, other]).version
    assert PolicySet([one]).version != PolicySet([one, two]).version
