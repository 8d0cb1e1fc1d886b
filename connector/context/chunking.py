"""Cut Markdown, text and HTML into passages of 300 to 800 tokens along headings and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from connector.context.texts import clean

LEAST, MOST = 300, 800  # tokens
_CHARACTERS_PER_TOKEN = 4  # near enough for English and its neighbours with any common tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading (level 1 to 6) or a paragraph (level 0)."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One passage of a document: `title` is the path of headings it stands under, `anchor` names the last of them."""

    title: str
    anchor: str
    text: str


def tokens(text: str) -> int:
    """About how many tokens a model sees in a text."""
    return max(len(text) // _CHARACTERS_PER_TOKEN, len(text.split()))


def chunks_of(blocks: Sequence[Block]) -> tuple[Chunk, ...]:
    """Passages in order: a heading starts a new one once the current holds enough, a short rest joins the last."""
    chunks: list[Chunk] = []
    path: list[Block] = []
    held: list[str] = []
    title = anchor = ""
    for block in blocks:
        size = tokens("\n\n".join(held))
        if block.level:
            path = [above for above in path if above.level < block.level] + [block]
        if held and (size + tokens(block.text) > MOST or (block.level and size >= LEAST)):
            chunks.append(Chunk(title=title, anchor=anchor, text="\n\n".join(held)))
            held = []
        if not held:
            title, anchor = " > ".join(above.text for above in path), slug(path[-1].text) if path else ""
        held.append(block.text)
    if held:
        chunks.append(Chunk(title=title, anchor=anchor, text="\n\n".join(held)))
    return _with_rest_joined(chunks)


def _with_rest_joined(chunks: list[Chunk]) -> tuple[Chunk, ...]:
    if len(chunks) > 1 and tokens(chunks[-1].text) < LEAST:
        before, rest = chunks[-2:]
        joined = f"{before.text}\n\n{rest.text}"
        if tokens(joined) <= MOST:
            return (*chunks[:-2], Chunk(title=before.title, anchor=before.anchor, text=joined))
    return tuple(chunks)


def markdown_blocks(text: str) -> Iterator[Block]:
    """Headings and paragraphs of Markdown; HTML comments are dropped, for no reader of the page sees them."""
    fenced = False
    held: list[str] = []
    for line in _without_comments(clean(text)).splitlines():
        fence = line.lstrip().startswith(("```", "~~~"))
        fenced = fenced != fence
        heading = None if fenced else re.fullmatch(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*", line)
        if heading or not (line.strip() or fenced):
            yield from _paragraph(held)
            held = []
        if heading and heading[2]:
            yield Block(text=heading[2], level=len(heading[1]))
        elif not heading and (line.strip() or fenced):
            held.append(line.rstrip())
    yield from _paragraph(held)


def text_blocks(text: str) -> Iterator[Block]:
    """Paragraphs of plain text, separated by empty lines."""
    for paragraph in re.split(r"\n\s*\n", clean(text)):
        yield from _paragraph([paragraph.strip("\n")])


def html_blocks(text: str) -> Iterator[Block]:
    """Headings and paragraphs of a page: what a reader sees of it, without scripts, styles, navigation and comments."""
    page = _Page()
    page.feed(_without_comments(text))
    page.close()
    page.end_block()
    for block in page.blocks:
        if block.level:
            yield block
        else:
            yield from _paragraph([block.text])


def _without_comments(text: str) -> str:
    # Before parsing: the parser takes an open comment for text.
    return re.sub(r"<!--.*?(-->|\Z)", "", text, flags=re.DOTALL)


def slug(heading: str) -> str:
    """A heading as a page's address names it."""
    return re.sub(r"[\s_]+", "-", re.sub(r"[^\w\s-]", "", heading.casefold())).strip("-")


def _paragraph(lines: Sequence[str]) -> Iterator[Block]:
    """One paragraph, in several blocks where it is longer than a passage may be."""
    text = "\n".join(lines)
    for part in _cut(text) if tokens(text) > MOST else [text]:
        if part.strip():
            yield Block(text=part)


def _cut(text: str) -> Iterator[str]:
    held = ""
    for sentence in re.split(r"(?<=[.!?])\s+|\n", text):
        for piece in _pieces(sentence):
            if held and tokens(f"{held} {piece}") > MOST // 2:
                yield held
                held = ""
            held = f"{held} {piece}" if held else piece
    yield held


def _pieces(sentence: str) -> Iterator[str]:
    """A sentence, by the word where it alone is too long, and by the character where a word is."""
    if tokens(sentence) <= MOST // 2:
        yield sentence
        return
    longest = MOST // 2 * _CHARACTERS_PER_TOKEN
    for word in sentence.split():
        for start in range(0, len(word), longest):
            yield word[start : start + longest]


_HIDDEN = frozenset({"script", "style", "noscript", "template", "nav", "head", "svg", "iframe", "object"})
_BREAKS = frozenset({
    "article", "aside", "blockquote", "body", "br", "dd", "div", "dt", "figcaption", "footer", "header", "hr", "li",
    "main", "ol", "p", "pre", "section", "table", "tr", "ul",
})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
})


class _Page(HTMLParser):
    """Collects what is visible of a page. A hidden element hides everything up to its own end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._held: list[str] = []
        self._level = 0
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and (self._hidden or tag in _HIDDEN or _is_hidden(dict(attrs))):
            self._hidden.append(tag)
            return
        if tag in _BREAKS or tag in _HEADINGS:
            self.end_block()
        self._level = _HEADINGS.get(tag, self._level)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag in _BREAKS or tag in _HEADINGS:
            self.end_block()
            self._level = 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._held.append(data)

    def end_block(self) -> None:
        text = " ".join(clean("".join(self._held)).split())
        if text:
            self.blocks.append(Block(text=text, level=self._level))
        self._held = []


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    style = (attributes.get("style") or "").replace(" ", "").casefold()
    invisible = ("display:none", "visibility:hidden", "font-size:0", "opacity:0")
    hidden = "hidden" in attributes or attributes.get("aria-hidden") == "true"
    return hidden or any(f"{rule};" in f"{style};" or f"{rule}px;" in f"{style};" for rule in invisible)
