"""The seed that found each planted bug when it was last hunted; tried first, and never believed."""

from __future__ import annotations

from collections.abc import Mapping

HINTS: Mapping[str, int] = {
    "agent_owns_all": 0, "approval_unpinned": 0, "audit_late": 5, "backwards_allowed": 3, "before_from_base": 0,
    "blind_retry": 2, "both_at_once": 10, "buried_unsaid": 12, "constant_fingerprint": 0, "created_anew": 34,
    "cursor_before_inbox": 1_000_000_006, "cut_short_forgotten": 9, "done_counts_as_lost": 0, "echo_off": 8,
    "edit_dropped": 2, "edit_under_ours_unseen": 2492, "ended_before_recorded": 20, "evidence_unchecked": 9,
    "fills_full_fields": 3, "first_page_only": 24, "forgotten_index": 7, "guard_by_own_clock": 9,
    "guard_lost_on_refresh": 65, "hidden_field_left_out": 203, "history_unasked": 857_900_477, "ignored_unseen": 2,
    "index_of_new_only": 7, "limits_unheard": 0, "local_clock": 4, "looked_at_for_one": 44, "lost_counts_as_done": 1,
    "never_put_back": 0, "no_base": 0, "no_guard": 17, "no_look_back": 53, "no_look_before": 0, "no_means_yes": 4,
    "no_overlap": 0, "no_reconcile": 0, "no_recovery": 0, "no_settling_page": 1_000_000_061, "no_settling_write": 63,
    "no_tombstones": 38, "older_wins": 2, "one_too_many": 0, "one_wake_per_record": 0, "only_created": 0,
    "orphans_wait": 0, "out_of_turn": 0, "overrun_unseen": 0, "own_write_moves_evidence": 35, "partial_is_whole": 2,
    "poison_blocks": 12, "revert_over_edits": 4, "review_writes": 15, "rule_unread": 3, "rules_set_off": 1,
    "same_marker": 1, "secret_in_journal": 0, "secret_in_log": 0, "sending_in_memory": 0, "silence_means_yes": 0,
    "snapshot_when_captured": 0, "stale_approval_counts": 0, "strict_cursor": 25, "swapped_answers": 1,
    "swapped_options": 2, "timeout_is_refusal": 2, "uncounted": 0, "undo_digs_deeper": 1_000_000_091,
    "unearned_allowed": 23, "unsalted_bodies": 0, "unsure_allowed": 3, "verify_skipped": 2, "visit_not_counted": 2,
    "wrong_inverse": 3,
}  # fmt: skip
