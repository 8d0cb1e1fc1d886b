"""How `--help` reads on a terminal: prose fills its width, and an example can be copied whole from 80 columns."""

from __future__ import annotations

import re
from typing import Any

_WIDTH = 79
_LEAD = " Example: "
_OTHER = "or: "


def lay_out(command: Any) -> Any:
    """The command, and every one below it, with its help laid out; a group shows its first command's example."""
    inner = list(getattr(command, "commands", {}).values())
    example = command.epilog or next((one.epilog for one in inner), None)
    command.help, command.epilog = _filling(command.help or ""), None
    if example:
        _end_with(command, _copyable(example))
    for one in inner:
        lay_out(one)
    return command


def _end_with(command: Any, example: str) -> None:
    """Let the help end with the example as it is: rich would fill its lines with blanks, after which no shell goes on."""
    without = command.format_help

    def format_help(context: Any, formatter: Any) -> None:
        without(context, formatter)
        formatter.write(f"{example}\n")

    command.format_help = format_help


def _filling(prose: str) -> str:
    """Paragraphs without the line breaks that their source has: the terminal sets its own."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in prose.split("\n\n"))


def _copyable(epilog: str) -> str:
    """Examples a line each; a long one is continued as a shell continues it, so that copying takes all of it."""
    first, *others = re.split(rf" +{_OTHER}", epilog.removeprefix(_LEAD.lstrip()))
    return "\n".join([_continued(_LEAD, first), *(_continued(_OTHER.rjust(len(_LEAD)), typed) for typed in others)])


def _continued(lead: str, typed: str) -> str:
    """An example broken before its options, each line but the last ending in a backslash."""
    first, *options = re.split(r" (?=--)", typed)
    lines = [lead + first] if len(lead + first) + 2 <= _WIDTH else [lead.rstrip(), f" {first}"]
    for option in options:
        if len(f"{lines[-1]} {option} \\") > _WIDTH:
            lines[-1] += " \\"
            lines.append(f"   {option}")
        else:
            lines[-1] += f" {option}"
    return "\n".join(lines)
