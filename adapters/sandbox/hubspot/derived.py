"""Properties HubSpot computes itself from the others: closed flags, probabilities, domains, totals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.sandbox.rows import Value
from adapters.sandbox.schema import Values

from .definition import ObjectDefinition, Stage
from .stamps import iso

Derivation = Callable[[Values, Values | None, int], Values]


def _stages(table: ObjectDefinition) -> Mapping[str, Stage]:
    return {stage.id: stage for pipeline in table.pipelines for stage in pipeline.stages}


def _contact(values: Values, before: Values | None, now: int) -> Values:
    email = str(values.get("email") or "")
    found: dict[str, Value] = {}
    if email:
        found["hs_email_domain"] = email.rpartition("@")[2]
    if values.get("hubspot_owner_id") != (before or {}).get("hubspot_owner_id"):
        found["hubspot_owner_assigneddate"] = iso(now)
    return found


def _task(values: Values, before: Values | None, now: int) -> Values:
    done = values.get("hs_task_status") == "COMPLETED"
    found: dict[str, Value] = {"hs_task_is_completed": "1" if done else "0"}
    if done and (before or {}).get("hs_task_status") != "COMPLETED":
        found["hs_task_completion_date"] = iso(now)
    if not values.get("hs_task_priority"):
        found["hs_task_priority"] = "NONE"  # an unset priority echoes NONE (recorded)
    return found


def _line_item(values: Values, before: Values | None, now: int) -> Values:
    try:
        price, quantity = float(str(values.get("price") or 0)), float(str(values.get("quantity") or 0))
        amount = quantity * (price - float(str(values.get("discount") or 0)))
    except ValueError:
        return {}
    return {"amount": str(int(amount)) if amount.is_integer() else f"{amount:.2f}"}


def _deal(stages: Mapping[str, Stage]) -> Derivation:
    def derive(values: Values, before: Values | None, now: int) -> Values:
        stage = stages.get(str(values.get("dealstage")))
        found: dict[str, Value] = {"amount_in_home_currency": values.get("amount")}
        if stage is not None:
            probability = dict(stage.metadata)["probability"]
            found["hs_is_closed"] = "true" if stage.closed else "false"
            found["hs_is_closed_won"] = "true" if probability == "1.0" else "false"
            found["hs_deal_stage_probability"] = probability
        return found

    return derive


def _ticket(stages: Mapping[str, Stage]) -> Derivation:
    def derive(values: Values, before: Values | None, now: int) -> Values:
        stage = stages.get(str(values.get("hs_pipeline_stage")))
        closed = stage is not None and stage.closed
        found: dict[str, Value] = {"hs_is_closed": "true" if closed else "false"}
        if closed and not (before or {}).get("closed_date"):
            found["closed_date"] = iso(now)
        return found

    return derive


def _nothing(values: Values, before: Values | None, now: int) -> Values:
    return {}


def derivation(table: ObjectDefinition) -> Derivation:
    """What HubSpot computes for one object after a write."""
    match table.name:
        case "contacts":
            return _contact
        case "tasks":
            return _task
        case "line_items":
            return _line_item
        case "deals":
            return _deal(_stages(table))
        case "tickets":
            return _ticket(_stages(table))
        case _:
            return _nothing
