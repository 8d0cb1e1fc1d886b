"""`crm-connector demo`: the whole product in a minute on a made-up company, with the real service over the wire."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.options import AsJson
from connector.cli.output import emit
from connector.cli.stopping import stoppable

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: crm-connector demo --seed 11")
def demo(
    *,
    seed: Annotated[int, typer.Option(help="Another company and other customers.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Show the whole product in a minute on a made-up company; needs no account and no key.

    Two CRMs are served on this machine, and the real service works on them over their own protocols: customers write,
    a colleague edits at the worst moment, somebody tries to steer the agent, a write is taken back.
    """
    from connector.cli.showing import play, show

    with stoppable(lambda: "the made-up company is gone, and nothing was kept", hint="crm-connector demo"):
        if as_json:
            emit(play(seed))
        else:
            show(seed)
