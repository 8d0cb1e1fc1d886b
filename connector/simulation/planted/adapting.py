"""Bugs in the two adapters: guards, time-outs, batches, spellings; and in what is said and kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from connector.simulation.planted.workbench import Bug, Workbench

_SPOT = "adapters.hubspot"
_FORCE = "adapters.salesforce"


def _history_unasked(bench: Workbench) -> None:
    bench.swap(f"{_FORCE}.field_history:FieldHistory.may_hide", lambda self, live: False)


def _no_guard(bench: Workbench) -> None:
    """With the history unasked as well, which finds and puts back what the guard let through."""
    _history_unasked(bench)

    def made(original: Any) -> Any:
        def update_pair(*handed: Any) -> Any:
            pair = original(*handed)
            pair[0]["httpHeaders"].pop("If-Unmodified-Since", None)
            return pair

        return update_pair

    bench.wrap(f"{_FORCE}.updates:update_pair", made)


def _guard_by_own_clock(bench: Workbench) -> None:
    """The guard is the time of our reading: whoever committed late before it is overrun, and the history is unasked."""
    from email.utils import format_datetime

    _history_unasked(bench)

    def made(original: Any) -> Any:
        def update_pair(number: int, write: Any, *handed: Any) -> Any:
            pair = original(number, write, *handed)
            pair[0]["httpHeaders"]["If-Unmodified-Since"] = format_datetime(write.live.read_at, usegmt=True)
            return pair

        return update_pair

    bench.wrap(f"{_FORCE}.updates:update_pair", made)


def _guard_lost_on_refresh(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def send(self: Any, request: Any) -> Any:
            sent: list[int] = []

            class Forgetful:
                """Sends the first request as it is; a repetition has lost its guards."""

                def __init__(self, inner: Any) -> None:
                    self.inner = inner

                def send(self, one: Any) -> Any:
                    sent.append(1)
                    if len(sent) > 1 and b"If-Unmodified-Since" in one.body:
                        body = json.loads(one.body)
                        for part in body.get("compositeRequest", ()):
                            part.get("httpHeaders", {}).pop("If-Unmodified-Since", None)
                        one = replace(one, body=json.dumps(body).encode())
                    return self.inner.send(one)

            inner, self._transport = self._transport, Forgetful(self._transport)
            try:
                return original(self, request)
            finally:
                self._transport = inner

        return send

    bench.wrap("connector.adapter.tokens:TokenKeeper.send", made)


def _no_settling_write(bench: Workbench) -> None:
    bench.swap(f"{_FORCE}.updates:unsettled", lambda write: None)


def _timeout_is_refusal(bench: Workbench) -> None:
    from connector.adapter import Postponed

    bench.swap(f"{_FORCE}.updates:lost", lambda error: Postponed(reason=error.message))
    bench.swap(f"{_SPOT}.sending:Unknown", Postponed)


def _verify_skipped(bench: Workbench) -> None:
    def verify(self: Any, object: Any, pending: Any, outcomes: Any) -> Any:
        from adapters.hubspot.sending import Sent
        from connector.adapter import Written

        return {
            plan.id: Written(
                version=plan.row.version, after=dict(plan.write.values),
                before={name: plan.write.live.fields.get(name) for name in plan.write.values},
            )
            if isinstance(outcomes[plan.id], Sent) else outcomes[plan.id]
            for plan in pending
        }  # fmt: skip

    bench.swap(f"{_SPOT}.writes:HubSpotWrites._verify", verify)


def _no_look_before(bench: Workbench) -> None:
    bench.swap(f"{_SPOT}.writes:_moved", lambda write, name, row, current: False)
    bench.swap("connector.writeback.plan:plan_field", _sends)


def _sends(ours: Any, base: Any, live: Any, rule: Any, **more: Any) -> Any:
    from connector.writeback.conflict import AlreadyOurs, Send

    return AlreadyOurs() if ours == live else Send(replaces=live, moved=live != base.value)


def _created_anew(bench: Workbench) -> None:
    from connector.adapter import NotApplied

    bench.swap(f"{_SPOT}.creates:Creates.resolve", lambda self, create, sent_at: NotApplied())


def _partial_is_whole(bench: Workbench) -> None:
    """A 207 says which inputs failed; nobody reads it, nor the history afterwards."""
    _verify_skipped(bench)
    from adapters.hubspot.sending import Sent

    def answered(portal: Any, object: Any, part: Any, answer: Any) -> Any:
        return {each: Sent() for each, _ in part}

    bench.swap(f"{_SPOT}.sending:_answered", answered)


def _swapped_options(bench: Workbench) -> None:
    """Two options of a field are mixed up, in reading and in writing alike."""

    def swapped(value: Any) -> Any:
        return {"high": "normal", "normal": "high"}.get(value, value) if isinstance(value, str) else value

    def reading(original: Any) -> Any:
        return lambda self, text: swapped(original(self, text))

    def writing(original: Any) -> Any:
        return lambda self, value, **more: original(self, swapped(value), **more)

    bench.wrap(f"{_SPOT}.values:NativeField.read", reading)
    bench.wrap(f"{_SPOT}.values:NativeField.write", writing)


def _secret_in_journal(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def outcome_entry(row: Any, kind: Any, at: Any, **facts: Any) -> Any:
            from connector.simulation.crm import SECRETS

            return original(row, kind, at, **facts, headers={"Authorization": f"Bearer {SECRETS[0]}"})

        return outcome_entry

    bench.wrap("connector.writeback.settle:outcome_entry", made)


def _secret_in_log(bench: Workbench) -> None:
    def made(original: Any) -> Any:
        def start(self: Any) -> int:
            from connector.simulation.crm import SECRETS

            self_log = getattr(self, "log", None)
            if self_log is not None:
                self_log.info("connected", secret=SECRETS[1])
            count: int = original(self)
            return count

        return start

    bench.wrap("connector.pipeline.pipeline:Pipeline.start", made)


def _unsalted_bodies(bench: Workbench) -> None:
    """The digest of an entry forgets its body: what was said could be changed later."""
    bench.swap("connector.journal.journal:digest_of_body", lambda salt, body: f"{salt}{'0' * 32}")


def _rules_set_off(bench: Workbench) -> None:
    """Writes do not say that assignment rules must stay asleep."""

    def made(original: Any) -> Any:
        return lambda self: {name: value for name, value in original(self).items() if name != "Sforce-Auto-Assign"}

    bench.wrap(f"{_FORCE}.client:SalesforceClient.headers", made)


BUGS = {
    "no_guard": Bug(what="the PATCH goes out without its condition", plant=_no_guard, row=10, crm="salesforce"),
    "guard_by_own_clock": Bug(
        what="the condition is the time of our reading", plant=_guard_by_own_clock, row=12, crm="salesforce"
    ),
    "guard_lost_on_refresh": Bug(
        what="a repeated PATCH has lost its condition", plant=_guard_lost_on_refresh, row=11, crm="salesforce"
    ),
    "no_settling_write": Bug(
        what="a stamp of this second guards a write", plant=_no_settling_write, row=12, crm="salesforce"
    ),
    "history_unasked": Bug(
        what="an edit with the stamp we had read is run over unseen", plant=_history_unasked, row=12, crm="salesforce"
    ),
    "timeout_is_refusal": Bug(what="no answer counts as not applied", plant=_timeout_is_refusal, row=6),
    "verify_skipped": Bug(what="a write is not read back", plant=_verify_skipped, row=36, crm="hubspot"),
    "no_look_before": Bug(what="nobody looks before writing", plant=_no_look_before, row=10),
    "created_anew": Bug(what="a lost create is made again unseen", plant=_created_anew, row=6, crm="hubspot"),
    "partial_is_whole": Bug(what="a 207 counts as a 200", plant=_partial_is_whole, row=22, crm="hubspot"),
    "swapped_options": Bug(what="two options are mixed up both ways", plant=_swapped_options, row=23, crm="hubspot"),
    "rules_set_off": Bug(
        what="a write sets off the org's assignment rules", plant=_rules_set_off, crm="salesforce"
    ),
    "secret_in_journal": Bug(what="an entry holds a token", plant=_secret_in_journal, row=55),
    "secret_in_log": Bug(what="the log holds a secret", plant=_secret_in_log, row=55),
    "unsalted_bodies": Bug(what="the journal's digests do not cover what it says", plant=_unsalted_bodies),
}
