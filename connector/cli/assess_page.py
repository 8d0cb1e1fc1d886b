"""The assessment as one page that needs nothing else: charts are drawn in it, and it reads by day and by night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
:root { --ground: #fbfaf8; --card: #fff; --text: #1d2125; --soft: #5d6670; --line: #e3e0da; --bar: #2f6f8f;
  --rest: #e8e5df;
  --good: #2e7d4f; --warn: #a8660b; --bad: #b3372f; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #15181b; --card: #1d2125; --text: #e8e6e1; --soft: #a0a8b0; --line: #31373d; --bar: #6db3d3;
    --rest: #2b3136;
    --good: #6cc593; --warn: #e0a44e; --bad: #ee8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p.lead { color: var(--soft); margin: 0 0 1.5rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .9rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
.card h3 { margin: 0 0 .3rem; font-size: 1rem; } .card p { margin: .3rem 0 0; color: var(--soft); font-size: .9rem; }
.mark { font-weight: 600; font-size: .85rem; }
.soft { color: var(--soft); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .5rem .75rem; vertical-align: top; border-top: 1px solid var(--line); }
td { overflow-wrap: break-word; }
thead th { border-top: 0; color: var(--soft); font-weight: 600; } td.number { text-align: right; white-space: nowrap; }
svg { display: block; width: 100%; max-width: 44rem; height: auto; }
svg text { fill: var(--text); font: 13px system-ui, sans-serif; }
svg text.soft { fill: var(--soft); }
svg .bar { fill: var(--bar); }
svg .rest { fill: var(--rest); } svg .belongs { fill: var(--soft); }
.legend { color: var(--soft); margin: 0 0 .75rem; } .legend span { margin-right: 1.25rem; white-space: nowrap; }
.legend i { display: inline-block; width: 1.6rem; height: .7rem; border-radius: 3px; margin-right: .4rem; }
.legend .bar { background: var(--bar); } .legend .rest { background: var(--rest); }
.legend .belongs { background: var(--soft); }
.chart { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
"""
_STANDINGS = {
    "enough": ("good", "enough to begin, supervised"), "clean_first": ("warn", "enough, clean first"),
    "not_enough": ("bad", "not enough yet"), "no_signal": ("warn", "abstains: no signal"),
    "not_seen": ("soft", "nothing to judge by"),
}  # fmt: skip
_ROW = 26
_WIDTH, _LABEL, _BAR = 640, 190, 330


def page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    tables, defects = document["tables"], document["defects"]
    records = sum(one["rows"] for one in tables)
    counted = f"{records:,} records in {len(tables)} table{'s' * (len(tables) != 1)}"
    lead = f"{counted}; {len(defects)} findings. Nothing was written or sent anywhere."
    parts = [
        "<h1>What the data is fit for</h1>", f'<p class="lead">{escape(lead)}</p>',
        "<h2>What agents could do with it</h2>", f'<div class="cards">{"".join(map(_card, document["readiness"]))}</div>',
        "<h2>What is wrong</h2>", _findings(defects), "<h2>How complete it is</h2>", _legend(tables),
        *(_chart(one) for one in tables),
    ]
    if document["denied"]:
        parts += ["<h2>Not read</h2>", *(f"<p>{escape(text)}</p>" for text in document["denied"])]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    title = "<title>Data assessment</title>"
    return (
        f'<!doctype html><html lang="en"><head>{head}{title}<style>{_STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _card(one: Mapping[str, Any]) -> str:
    tone, words = _STANDINGS[one["standing"]]
    first = "".join(f"<p>First: {escape(text)}</p>" for text in one["clean_first"])
    name = escape(one["agent"].replace("_", " "))
    return (
        f'<section class="card"><h3>{name}</h3><span class="mark {tone}">{escape(words)}</span>'
        f"<p>{escape(one['why'])}</p>{first}</section>"
    )


def _findings(defects: Sequence[Mapping[str, Any]]) -> str:
    if not defects:
        return "<p>Nothing was found.</p>"
    rows = "".join(
        f"<tr><td>{escape(_where(one)).replace('.', '.<wbr>')}</td><td>{escape(one['kind'].replace('_', ' '))}</td>"
        f'<td class="number">{one["records"]:,}</td><td>{escape(one["problem"])}</td>'
        f"<td>{_examples(one['examples'])}</td></tr>"
        for one in defects
    )
    head = "".join(f"<th>{name}</th>" for name in ("where", "what", "records", "finding", "such as"))
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _where(one: Mapping[str, Any]) -> str:
    return f"{one['table']}.{one['column']}" if one["column"] else str(one["table"])


def _examples(examples: Sequence[Mapping[str, Any]]) -> str:
    shown = []
    for one in examples[:4]:
        meant = f" → <b>{escape(one['suggestion'])}</b>" if one["suggestion"] else ""
        shown.append(f"{escape(one['value'][:80])}{meant} ({one['records']:,})")
    return "<br>".join(shown)


def _legend(tables: Sequence[Mapping[str, Any]]) -> str:
    """What the colours of the bars say; the third one only where a bar has it."""
    told = [("bar", "filled"), ("rest", "empty")]
    if any(column["belongs_to"] for one in tables for column in one["columns"]):
        told.insert(1, ("belongs", "filled where it belongs: another column decides (point at the bar)"))
    return f"""<p class="legend">{"".join(f'<span><i class="{tone}"></i>{words}</span>' for tone, words in told)}</p>"""


def _chart(one: Mapping[str, Any]) -> str:
    """One bar per column: how much of it is filled."""
    columns = one["columns"]
    height = 8 + _ROW * len(columns)
    bars = "".join(_bar(column, 4 + _ROW * place) for place, column in enumerate(columns))
    total = f" of {one['total']:,}" if one["total"] and one["total"] > one["rows"] else ""
    name = escape(f"{one['name']} · {one['rows']:,}{total} records")
    label = escape(f"Share of filled cells per column of {one['name']}")
    svg = f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">{bars}</svg>'
    return f'<h3>{name}</h3><div class="chart">{svg}</div>'


def _bar(column: Mapping[str, Any], top: int) -> str:
    share = column["share"] or 0.0
    label, middle = escape(column["name"][:26]), top + 15
    belongs = column["belongs_to"]
    told = f"{share:.0%}" + (f" · belongs to {belongs}" if belongs else "")
    tone = "belongs" if belongs else "bar"
    title = f"{column['name']}: {told}, {column['shape']}, {column['distinct']:,} different"
    return (
        f"<g><title>{escape(title)}</title>"
        f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{label}</text>'
        f'<rect class="rest" x="{_LABEL}" y="{top + 4}" width="{_BAR}" height="14" rx="3"/>'
        f'<rect class="{tone}" x="{_LABEL}" y="{top + 4}" width="{round(_BAR * share, 1)}" height="14" rx="3"/>'
        f'<text class="soft" x="{_LABEL + _BAR + 8}" y="{middle}">{share:.0%}</text></g>'
    )
