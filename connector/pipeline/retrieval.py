"""How well retrieval served one decision, as numbers the journal keeps: what was found, how near, and what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.context.context import Context
from connector.decision.decision import Decision, DecisionResult


def retrieval_quality(context: Context, result: DecisionResult) -> Mapping[str, Any]:
    """Numbers only, never words: so that drift shows without reading anybody's text.

    `found` counts passages of the index, `best` is the nearest one's score, `lead` how far it stands before the next;
    `cited` counts those that an action rests on. Scores compare within one make of index.
    """
    passages = (*context.passages, *result.found)
    scores = sorted((passage.score for passage in passages if passage.score is not None), reverse=True)
    actions = result.actions if isinstance(result, Decision) else ()
    rested = {citation.passage for action in actions for citation in action.citations}
    cited = sum(passages[place].score is not None for place in rested if 0 <= place < len(passages))
    return {
        "found": len(scores), "best": round(scores[0], 4) if scores else None,
        "lead": round(scores[0] - scores[1], 4) if len(scores) > 1 else None, "cited": cited,
        "searched": len(passages) - len(context.passages), "missing": len(context.missing),
    }
