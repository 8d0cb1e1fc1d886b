"""How well and how fast the index finds: quality on a labelled corpus, speed and exactness on generated passages.

    python benchmarks/retrieval.py --corpus FOLDER     # passages.csv, queries.csv, qrels.csv
    python benchmarks/retrieval.py --generated 100000
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from connector.context.context import Audience
from connector.context.index import Index, IndexEntry, IndexKey, Reach, knowledge_scope
from connector.context.lance_index import LanceIndex
from connector.context.lance_search import Effort
from connector.context.memory_index import MemoryIndex
from connector.context.words import STOP_WORDS
from connector.record import Origin

SCOPE = knowledge_scope("corpus")
REACH = Reach(scopes=frozenset({SCOPE}))
EXACT = Effort(per_query=100_000, by_words=3_000, by_likeness=3_000, exact=True)


def entry(key: str, title: str, body: str) -> IndexEntry:
    return IndexEntry(
        key=IndexKey(key), scope=SCOPE, title=title, body=body, source=key, origin=Origin.FILE,
        audience=Audience.INTERNAL,
    )


def quality(folder: Path, index: Index) -> dict[str, float | str]:
    """nDCG@10, recall@10 and MRR over a labelled corpus; the first text column is the title, the others the body."""
    passages, queries = read(folder / "passages.csv"), read(folder / "queries.csv")
    right: dict[str, set[str]] = {}
    for row in read(folder / "qrels.csv"):
        right.setdefault(row["query_id"], set()).add(row["passage_id"])
    begun = time.perf_counter()
    index.upsert([titled(row) for row in passages])
    index.optimize()
    build = time.perf_counter() - begun
    runs, spent = [], []
    for query in queries:
        begun = time.perf_counter()
        hits = index.search(query["text"], REACH, limit=10)
        spent.append(time.perf_counter() - begun)
        runs.append(([hit.entry.key for hit in hits], right.get(query["id"], set())))
    recalls = [len(wanted & {*found}) / len(wanted) for found, wanted in runs if wanted]
    return {
        "index": index.stats().identity, "ndcg_at_10": round(statistics.mean(ndcg(*run) for run in runs), 4),
        "recall_at_10": round(statistics.mean(recalls), 4),
        "mrr": round(statistics.mean(reciprocal_rank(*run) for run in runs), 4),
        "p50_ms": round(statistics.median(spent) * 1e3, 1), "build_s": round(build, 2),
    }


def titled(row: dict[str, str]) -> IndexEntry:
    texts = [text for name, text in row.items() if name != "id"]
    title, body = (texts[0], " ".join(texts[1:])) if len(texts) > 1 else ("", texts[0])
    return entry(row["id"], title, body)


def ndcg(found: Sequence[str], wanted: set[str]) -> float:
    gained = sum(1 / math.log2(place + 2) for place, key in enumerate(found) if key in wanted)
    best = sum(1 / math.log2(place + 2) for place in range(min(len(wanted), 10)))
    return gained / best if best else 0.0


def reciprocal_rank(found: Sequence[str], wanted: set[str]) -> float:
    return next((1 / (place + 1) for place, key in enumerate(found) if key in wanted), 0.0)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def speed(count: int, seed: int, queries: int) -> dict[str, float | int]:
    """Build time, search time after warm-up, and how often the top ten are those of an exact search over everything."""
    chance = random.Random(seed)
    entries = list(generated(chance, count))
    asked = [question(chance, chance.choice(entries)) for _ in range(queries)]
    with tempfile.TemporaryDirectory() as folder:
        index = LanceIndex(Path(folder) / "index")
        begun = time.perf_counter()
        for start in range(0, count, 5_000):
            index.upsert(entries[start : start + 5_000])
        written = time.perf_counter() - begun
        index.optimize()
        index.filled()
        build = time.perf_counter() - begun
        spent, computed, found = timed(index, asked)
        _, _, expected = timed(LanceIndex(Path(folder) / "index", effort=EXACT), asked[:100])
        stats = index.stats()
    overlaps = [len(keys & right) / 10 for keys, right in zip(found, expected, strict=False)]
    return {
        "passages": stats.entries, "write_s": round(written, 1), "build_s": round(build, 1), "files": stats.files,
        "p50_ms": round(statistics.median(spent) * 1e3, 1),
        "p50_cpu_ms": round(statistics.median(computed) * 1e3, 1),  # of all threads; steadier on a machine others share
        "p90_ms": round(sorted(spent)[int(len(spent) * 0.9)] * 1e3, 1),
        "overlap_at_10": round(statistics.mean(overlaps), 4),
    }


def timed(index: Index, asked: Sequence[str]) -> tuple[list[float], list[float], list[set[str]]]:
    """Seconds, seconds of computing and keys per question, after a warm-up of twenty."""
    for text in asked[:20]:
        index.search(text, REACH)
    spent, computed, found = [], [], []
    for text in asked:
        begun, begun_computing = time.perf_counter(), time.process_time()
        hits = index.search(text, REACH, limit=10)
        spent.append(time.perf_counter() - begun)
        computed.append(time.process_time() - begun_computing)
        found.append({hit.entry.key for hit in hits})
    return spent, computed, found


def generated(chance: random.Random, count: int) -> Iterator[IndexEntry]:
    """Passages of invented words with the frequencies of natural text: few common words, a long tail."""
    syllables = ("ka", "to", "mi", "ren", "sol", "vi", "dar", "pel", "no", "quin", "ba", "lor", "fe", "tur", "gan")
    words = list(dict.fromkeys("".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(40_000)))
    ranked = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    common = sorted(STOP_WORDS)

    def text(length: int) -> str:
        mixed = chance.choices(words, cum_weights=ranked, k=length) + chance.choices(common, k=length // 2)
        chance.shuffle(mixed)
        return " ".join(mixed)

    for place in range(count):
        yield entry(f"{place:08}", text(6), text(45))


def question(chance: random.Random, about: IndexEntry) -> str:
    """A question of about ten words out of one passage."""
    words = about.title.split()[:5] + about.body.split()[:6]
    chance.shuffle(words)
    return " ".join(words)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="folder with passages.csv, queries.csv and qrels.csv")
    parser.add_argument("--generated", type=int, help="how many passages to generate")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    if chosen.corpus:
        with tempfile.TemporaryDirectory() as folder:
            for index in (MemoryIndex(), LanceIndex(Path(folder) / "index")):
                print(json.dumps(quality(chosen.corpus, index)))
    if chosen.generated:
        print(json.dumps(speed(chosen.generated, chosen.seed, chosen.queries)))


if __name__ == "__main__":
    main(sys.argv[1:])
