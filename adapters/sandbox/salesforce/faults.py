"""Every fault the Salesforce face can show, by name, with what it does."""

from __future__ import annotations

from collections.abc import Mapping

_TRANSPORT: Mapping[str, str] = {
    "reset_before_apply": "the connection is closed before the call takes effect",
    "reset_after_apply": "the call takes effect, then the connection is closed without an answer",
    "timeout_before_apply": "the call is never answered and takes no effect",
    "timeout_after_apply": "the call takes effect but is never answered",
    "slow_drip": "the answer arrives in small pieces with pauses",
    "truncated_json": "the answer breaks off in the middle of its body",
    "http_401": "one call is refused as unauthorised although the token is good",
    "http_403": "one call is refused as forbidden",
    "http_404": "one call is told that the resource does not exist",
    "http_409": "one call is answered with a conflict",
    "http_412": "one write is told that its precondition failed",
    "http_429": "one call is told that there are too many",
    "http_500": "one call meets an internal error",
    "http_502": "a gateway answers for the CRM, with an HTML page",
    "http_503": "one call is told SERVER_UNAVAILABLE",
    "html_body": "one call is answered 200 with an HTML maintenance page",
}
_AUTH_AND_LIMITS: Mapping[str, str] = {
    "session_expired_mid_write": "the token dies just before a write: 401 until a new one is fetched",
    "refuse_unguarded_patch": "a PATCH without If-Unmodified-Since is refused, so that a lost guard shows",
    "request_limit_daily": "403 REQUEST_LIMIT_EXCEEDED for the daily allowance",
    "request_limit_concurrent": "403 REQUEST_LIMIT_EXCEEDED for concurrent long calls",
    "limit_counter_backwards": "the usage counter in Sforce-Limit-Info goes down",
}
_WRITES: Mapping[str, str] = {
    "write_between_read_and_patch": "a rep edits the very field just before the agent's update is checked",
    "lock_row_400": "UNABLE_TO_LOCK_ROW as 400",
    "lock_row_500": "UNABLE_TO_LOCK_ROW as 500",
    "duplicates_detected": "a duplicate rule refuses the write",
    "stamp_bump_after_patch": "a trigger moves SystemModstamp again after the write",
    "trigger_rewrites_field": "a trigger replaces the value just written",
    "assignment_rule_owner_change": "an assignment rule changes the owner unless Sforce-Auto-Assign is FALSE",
    "collections_item_without_id": "one row of a collection fails and its result has no id",
    "ambiguous_external_id_300": "an external id is said to match several rows",
}
_READS: Mapping[str, str] = {
    "same_second_ties": "a mass update stamps every row of an object in one second",
    "wide_row_short_pages": "a query answers in shorter pages than asked",
    "expired_locator": "a query locator is no longer known",
    "duplicated_page": "a query page is sent a second time",
    "late_commit": "a rep's write becomes visible long after its stamp",
    "stamp_only_bump": "a row's SystemModstamp moves although no field changed",
    "delete_undelete": "a row is deleted and brought back",
    "merge": "two rows are merged; the loser keeps a MasterRecordId",
}
_METADATA: Mapping[str, str] = {
    "describe_field_removed": "a custom field disappears until healed",
    "describe_option_deactivated": "a picklist value is deactivated until healed",
    "field_hidden": "field-level security hides a field until healed",
}

FAULT_NAMES_SALESFORCE: Mapping[str, str] = {**_TRANSPORT, **_AUTH_AND_LIMITS, **_WRITES, **_READS, **_METADATA}
