"""The words of an action that a person may put differently before it is written: all else of it stays as it was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connector.action.action import Action, CreateNote, CreateTask, Message, UpdateField
from connector.action.validate import WORDLESS, Problem, text_problems


def words_of(action: Action) -> Mapping[str, str]:
    """What of an action is text for people, by name; nothing where it is a value, or a call without words."""
    match action:
        case UpdateField():
            return {}
        case CreateTask():
            return {"subject": action.subject, "description": action.description}
        case CreateNote():
            return {"body": action.body}
        case Message():
            return {} if action.kind in WORDLESS else {"subject": action.subject, "body": action.body}


def reworded(action: Action, words: Mapping[str, str]) -> tuple[Action, tuple[Problem, ...]]:
    """The action in other words, and why these cannot be written. `words` MUST name only what `words_of` names."""
    match action:
        case UpdateField():
            return action, ()
        case CreateTask() | CreateNote() | Message():
            again = replace(action, **words)  # type: ignore[arg-type]
            return again, text_problems(again)
