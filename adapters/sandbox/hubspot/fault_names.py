"""Every fault the HubSpot face can inject, by name, with what a caller meets."""

from __future__ import annotations

from collections.abc import Mapping

BEFORE: Mapping[str, str] = {
    "reset_before_apply": "the connection is closed before the call takes effect",
    "timeout_before_apply": "the call never takes effect and is never answered",
    "http_401": "401 for a token that is good",
    "http_403": "403 MISSING_SCOPES for a call that is allowed",
    "http_404": "a JSON 404 for a call whose address exists",
    "http_409": "409 CONFLICT for a create or update without a cause of its own",
    "http_423": "423 for a record that is locked for a moment",
    "burst_429": "429 TEN_SECONDLY_ROLLING in the general shape, without Retry-After",
    "daily_429": "429 DAILY in the general shape, without Retry-After",
    "search_429": "429 in the bare shape of searches: no policyName, no errorType, no Retry-After",
    "retry_after_429": "429 in the general shape with a Retry-After header",
    "http_477": "477 with Retry-After in seconds",
    "http_500": "500 with a JSON body",
    "http_502": "502 with an HTML body, nothing applied",
    "http_503": "503 with a JSON body",
    "http_504": "504 with a JSON body, nothing applied",
    "http_521": "521 with an HTML body",
    "http_530": "530 with an HTML body",
}
AFTER: Mapping[str, str] = {
    "reset_after_apply": "the call takes effect, then the connection is closed without an answer",
    "timeout_after_apply": "the call takes effect and is never answered",
    "cut_body": "the call takes effect; the connection breaks in the middle of the answer",
    "bad_gateway_after": "the call takes effect; a 502 with an HTML body is answered",
    "timeout_524": "the call takes effect; a 524 with an HTML body is answered",
    "html_body": "the call takes effect; 200 is answered with an HTML maintenance page",
    "truncated_json": "a success whose JSON body stops in the middle",
    "slow_drip": "the answer arrives slowly",
    "bare_limit_headers": "an answer without any rate-limit header",
}
INSIDE: Mapping[str, str] = {
    "search_lag": "the search index stops for 5-30 s: filters see the past, results show the present",
    "search_empty": "a search answers a total and no results",
    "search_total": "the total of a search is wrong",
    "search_ceiling": "a search refuses to page on as if it had passed 10,000 results",
    "cursor_restart": "a cursor answers the first page again",
    "duplicated_page": "a page repeats its last record as an additional one",
    "html_404": "GET of an existing record answers the HTML 404",
    "self_bump": "updatedAt moves by itself 1-17 s after an update, not only after a create",
    "bare_echo": "the answer of a PATCH shows the stamp only",
    "write_ignored": "a PATCH answers 200 and changes nothing",
    "lifecycle_ignored": "a change of lifecyclestage is ignored without a word, even forwards",
    "blank_for_null": "unset properties are written as empty text",
    "shallow_history": "the history of a property shows its newest entry only",
    "batch_partial": "207: one input of a batch fails for no reason of its own",
    "batch_shuffled": "the results of a batch come in a random order",
    "write_between_read_and_patch": "a rep edits a field between the agent's read and its write",
    "merged_meanwhile": "the record is merged just before it is read or written: its id now answers with another",
    "twin_created": "a rep creates the same contact just before the agent does, which answers 409",
}
WEBHOOKS: Mapping[str, str] = {
    "webhook_duplicate": "an event is delivered more than once",
    "webhook_reordered": "events arrive in another order",
    "webhook_lost": "a delivery never comes",
    "webhook_retried": "a delivery comes again later with a higher attemptNumber",
    "webhook_stale": "a delivery is stamped more than five minutes in the past",
    "webhook_future": "a delivery is stamped in the future",
    "webhook_forged": "a delivery is signed with another secret",
}

FAULT_NAMES_HUBSPOT: Mapping[str, str] = {**BEFORE, **AFTER, **INSIDE, **WEBHOOKS}
