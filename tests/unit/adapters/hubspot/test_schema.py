"""The live schema in shared names, what users add to it, and what `check` says about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.hubspot.adapter import HubSpotAdapter
from connector.adapter import FieldKind, FieldName, Lane, ObjectType, RateBudget
from connector.clock import HeldClock
from connector.errors import SettingsError, UnknownFieldError
from tests.conformance.hubspot_world import HubSpotWorld
from tests.unit.adapters.hubspot.scripted import NOW, Scripted, answer, choice, connected, described, on, prop

TICKET, OPPORTUNITY, CONTACT = ObjectType.TICKET, ObjectType.OPPORTUNITY, ObjectType.CONTACT
LINES = answer({"results": [
    {"id": "0", "label": "Support", "stages": [{"id": "1", "label": "New"}, {"id": "4", "label": "Closed"}]},
    {"id": "9", "label": "Returns", "stages": [{"id": "91", "label": "Arrived"}]},
]})  # fmt: skip
PIPELINES = on("/crm/pipelines/", LINES)


def schema_of(adapter: HubSpotAdapter, object: ObjectType) -> dict[str, object]:
    return {str(name): field for name, field in adapter.records.schema(object).fields.items()}


def test_the_standard_fields_of_a_real_portal_are_all_found() -> None:
    world = HubSpotWorld()
    adapter = world.adapter()
    lacking = {object: adapter.records.schema(object).missing for object in (OPPORTUNITY, CONTACT, TICKET)}
    assert set(lacking[OPPORTUNITY]) <= {"source", "stage_changed"}
    assert set(lacking[CONTACT]) <= {"consent", "last_activity"}
    assert lacking[TICKET] == ("queue",)


def test_stages_are_listed_by_pipeline_and_unmapped_ones_reported() -> None:
    transport = Scripted(described(choice("hs_pipeline_stage"), choice("hs_pipeline")), PIPELINES)
    status = connected(transport).records.schema(TICKET).fields[FieldName("status")]
    assert {option.native: option.key for option in status.options} == {"1": "new", "4": "closed", "91": "91"}
    assert status.by_type == {"0": ("new", "closed"), "9": ("91",)}
    assert status.unmapped_options == ("91",)
    assert status.strict


def test_a_user_may_name_fields_and_options() -> None:
    settings = {"ticket": {
        "category": {"native": "case_kind", "options": {"billing": "Billing", "other": ["Other", "Misc"]}},
        "queue": "team_queue",
        "status": {"options": {"new": [1, 91], "closed": 4}},
    }}  # fmt: skip
    transport = Scripted(
        described(
            choice("case_kind", "Billing", "Other", "Misc", "Legal"), choice("team_queue", "a"), choice("hs_pipeline_stage")
        ),
        PIPELINES,
    )
    fields = connected(transport, fields=settings).records.schema(TICKET).fields
    category = fields[FieldName("category")]
    assert category.native == "case_kind"
    keys = {option.native: option.key for option in category.options}
    assert keys == {"Billing": "billing", "Other": "other", "Misc": "other", "Legal": "Legal"}
    assert fields[FieldName("queue")].native == "team_queue"
    assert fields[FieldName("status")].unmapped_options == ()


@pytest.mark.parametrize("entry", [5, ["x"], {"options": {"a": "b"}}, None])
def test_a_mapping_that_cannot_be_read_is_a_settings_error(entry: object) -> None:
    adapter = connected(Scripted(described(prop("subject")), PIPELINES), fields={"ticket": {"queue": entry}})
    with pytest.raises(SettingsError, match=r"fields\.ticket\.queue"):
        adapter.records.schema(TICKET)


def test_what_may_be_written_is_not_only_what_is_not_calculated() -> None:
    locked = prop("num_notes", "number", "number", modificationMetadata={"readOnlyValue": True}, calculated=False)
    calculated = prop("score", "number", "number", calculated=True)
    transport = Scripted(described(locked, calculated, prop("jobtitle")))
    fields = connected(transport).records.schema(CONTACT).fields
    assert [fields[FieldName(name)].updateable for name in ("num_notes", "score", "title")] == [False, False, True]


def test_kinds_come_from_the_portal_and_are_narrowed_by_the_shared_name() -> None:
    transport = Scripted(
        described(
            prop("amount", "number", "number"), prop("closedate", "datetime", "date"),
            prop("hubspot_owner_id", "enumeration", "select", externalOptions=True),
            choice("hs_ticket_category", "a", "b", field_type="checkbox"), choice("tags", "a", field_type="checkbox"),
        ),
        on("/crm/pipelines/", answer({"results": []})),
    )  # fmt: skip
    deal = connected(transport).records.schema(OPPORTUNITY).fields
    assert deal[FieldName("amount")].kind is FieldKind.MONEY
    assert deal[FieldName("close_date")].kind is FieldKind.DATE
    assert deal[FieldName("owner")].kind is FieldKind.USER
    ticket = connected(transport).records.schema(TICKET).fields
    assert ticket[FieldName("category")].kind is FieldKind.OPTION
    assert ticket[FieldName("tags")].kind is FieldKind.OPTIONS


def test_a_schema_is_kept_for_minutes_and_forgotten_on_request() -> None:
    clock = HeldClock(NOW)
    transport = Scripted(described(prop("jobtitle")))
    adapter = connected(transport, clock=clock)
    for _ in range(3):
        adapter.records.schema(CONTACT)
    assert len(transport.seen) == 1
    adapter.records.refresh()
    adapter.records.schema(CONTACT)
    clock.advance(timedelta(minutes=11))
    adapter.records.schema(CONTACT)
    assert len(transport.seen) == 3


def test_check_reports_every_problem_at_once() -> None:
    world = HubSpotWorld(settings={"fields": {"ticket": {"queue": "no_such_property"}}})
    world.org.set_options("tickets", "hs_ticket_priority", ["LOW", "MEDIUM", "HIGH", "ASAP"])
    findings = {finding.subject: finding for finding in world.adapter().check()}
    assert findings["ticket.queue"].fatal
    assert "no_such_property" in findings["ticket.queue"].problem
    assert "ASAP" in findings["ticket.priority"].problem
    assert not findings["ticket.priority"].fatal


def test_check_of_a_sound_portal_finds_nothing_fatal_and_writes_nothing() -> None:
    world = HubSpotWorld()
    assert [finding for finding in world.adapter().check() if finding.fatal] == []
    assert world.agent_writes() == 0


def test_check_with_a_bad_token_says_so_and_stops() -> None:
    [finding] = connected(Scripted(on("/crm/", answer({}, 401)))).check()
    assert finding.subject == "credentials"


def test_check_names_the_scopes_that_are_missing() -> None:
    findings = connected(Scripted(on("/crm/", answer({"message": "scopes"}, 403)))).check()
    assert {"owners", "ticket", "contact"} <= {finding.subject for finding in findings}
    assert any("crm.objects.tickets.read" in finding.fix for finding in findings)


def test_owner_ids_are_not_user_ids() -> None:
    owners = answer({"results": [
        {"id": "41", "email": "r@acme.example", "firstName": "Robin", "lastName": "Reyes", "userId": 91, "type": "PERSON"},
        {"id": "42", "type": "QUEUE", "firstName": "Tier", "lastName": "1"},
    ]})  # fmt: skip
    robin, tier = connected(Scripted(on("/owners", owners))).records.users()
    assert (robin.owner_id, robin.user_id, robin.name, robin.is_queue) == ("41", "91", "Robin Reyes", False)
    assert (tier.owner_id, tier.user_id, tier.is_queue) == ("42", None, True)


def test_the_budget_leaves_room_below_hubspots_own_limits() -> None:
    from adapters.hubspot.adapter import LANES

    assert LANES["burst"] == Lane(calls=90, window=timedelta(seconds=10))
    assert LANES["search"].calls / LANES["search"].window.total_seconds() < 5
    RateBudget(HeldClock(NOW), LANES).acquire("search")


def test_of_mixed_objects_each_is_read_in_the_fields_it_has() -> None:
    world = HubSpotWorld()
    contact = world.create(CONTACT, {"last_name": "Ray"})
    ticket = world.create(TICKET, {"subject": "Help"})
    names = [FieldName("last_name"), FieldName("subject")]
    found = world.adapter().records.read([contact, ticket], names)
    assert [found[ref].fields for ref in (contact, ticket)] == [{names[0]: "Ray"}, {names[1]: "Help"}]  # type: ignore[union-attr]
    with pytest.raises(UnknownFieldError, match="nobody_has_it"):
        world.adapter().records.read([contact, ticket], [*names, FieldName("nobody_has_it")])
