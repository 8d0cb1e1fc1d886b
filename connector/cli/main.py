"""The program `crm-connector`: its list of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from connector.cli.laying_out import lay_out
from connector.cli.stopping import EXIT, StoppedError, stoppable
from connector.errors import ConnectorError

COMMANDS: dict[str, str] = {
    "demo": "Show the whole product in a minute on a made-up company; needs no account and no key.",
    "init": "Write a first connector.yaml and a first policy into a new folder.",
    "check": "Look for everything that is wrong with settings, policies and connections, each with a fix.",
    "assess": "Look at the data before any agent does: what is empty, off its list, mixed, contradictory or doubled.",
    "plan": "Show what policies would write, field by field; nothing is written.",
    "run": "Run the service: capture, decide, gate, write back, until told to stop.",
    "backfill": "Decide over records that are older than the service, under a policy's own gate and limits.",
    "status": "Show how the service stands: running, captured, queued, waiting for people, earned, learned.",
    "approvals": "See and answer what waits for a person's approval.",
    "handoffs": "See and settle the cases that were given to people.",
    "pipeline": "Show how the open deals stand: green, amber or red, why, and what to do next.",
    "users": "Say who may come in to the page, and in which role.",
    "web": "Serve the page on which people approve, take cases and read why, until Ctrl-C.",
    "audits": "Judge, blind, a random share of what was written without asking.",
    "autonomy": "See what acts alone and why; take autonomy away or give it back.",
    "explain": "Tell why a record got its values: who decided on what evidence, who agreed, and whose value stayed.",
    "journal": "Read, verify and export the audit trail.",
    "revert": "Take writes back; later edits by people stay.",
    "requeue": "Put changes that were set aside back in the queue, to be tried afresh.",
    "erase": "Remove a person's or a record's text from everything this service keeps; the CRM itself is not touched.",
    "egress": "Tell what left this machine: to which host, for what, how often and how much.",
    "index": "Fill, rebuild and search the local index of knowledge files.",
    "learner": "List, pin and roll back what the offline tier has learned.",
    "rehearse": "Run a policy on your own export before you connect it.",
    "report": "Tell how the service did: task success, coverage, escalations, time, the CRM's integrity, drift and cost.",
    "replay": "Put the questions of the last weeks to another policy, and compare its answers with ours and with people's.",
    "evaluate": "Measure the offline tier on your own CSV files.",
    "sandbox": "Serve a made-up company's CRM on this machine, to try policies on.",
    "simulate": "Play the real road against made-up orgs with faults, crashes and people, and judge what came of it.",
}
"""Every command with its summary. A command is loaded when it is called, so that `--help` stays fast."""


class _Loaded(MutableMapping[str, Any]):
    """The commands by name, each imported at first use."""

    def __init__(self) -> None:
        self._names = [name for name in COMMANDS if _exists(name)]
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            module = import_module(f"connector.cli.{name}")
            self._made[name] = lay_out(typer.main.get_command(module.app))
            self._made[name].name = name
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _exists(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(f"connector.cli.{name}") is not None


class _Program(TyperGroup):
    """The program's commands; its own help reads the table alone and loads none of them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings | {"rich_markup_mode": None})
        self.commands = _Loaded()

    def invoke(self, ctx: Any) -> Any:
        with stoppable(lambda: "what was finished stands, and nothing is half done"):
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.commands])


program = typer.Typer(
    cls=_Program,
    name="crm-connector",
    help="Agents decide over changed CRM records; policies and people gate; every write can be explained and undone.",
    epilog="Start with: crm-connector demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"crm-connector {version('crm-connector')}")
        raise typer.Exit


@program.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """Only options of the program itself; each command has its own."""


_OF_THE_MACHINE = {
    errno.ENOSPC: "free disk space, then type the same command again",
    errno.EDQUOT: "free disk space, then type the same command again",
    errno.EFBIG: "raise the limit on the size of files, then type the same command again",
    errno.ENOENT: "name a file in a folder that exists",
    errno.ENOTDIR: "name a file in a folder that exists",
    errno.EISDIR: "name a file, not a folder",
    errno.EACCES: "give this user the right to it, or name another file",
    errno.EPERM: "give this user the right to it, or name another file",
    errno.EROFS: "name a file on a disk that can be written",
}


def _of_the_machine(error: OSError) -> ConnectorError:
    """A full disk, a missing folder, a right that is not there: nothing a traceback would help with."""
    about = f"{error.filename}: " if error.filename else ""
    return ConnectorError(f"{about}{error.strerror}", hint=_OF_THE_MACHINE[error.errno or 0])


def main() -> None:
    """Run the command line. Exit codes: 0 done or found, 1 trouble with the next command to type, 2 misuse, 130 stopped."""
    try:
        program(prog_name="crm-connector")
    except StoppedError as stopped:
        _report(stopped)
        sys.exit(EXIT)
    except ConnectorError as error:
        _report(error)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of a pipe went away (`| head`): what is left unsaid is nobody's loss, but must not raise at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            raise
        _report(_of_the_machine(error))
        sys.exit(1)


def _report(error: ConnectorError | StoppedError) -> None:
    from connector.cli.output import emit, trouble

    trouble(error)
    if "--json" in sys.argv[1:]:
        emit({"error": type(error).__name__, "message": error.message, "next": error.hint})


if __name__ == "__main__":
    main()
