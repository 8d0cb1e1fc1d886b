"""The stored index survives restarts and damage: it is a cache, and its loss is only work to do again."""

import asyncio
import random
import shutil
import threading
from pathlib import Path

import pytest

from connector.context import lance_folder, lance_search
from connector.context.embedding import HashingEmbedder
from connector.context.index import IndexState, Upkeep
from connector.context.lance_index import LanceIndex
from connector.context.lance_search import Effort
from connector.errors import UnavailableError


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


def found(index, text):
    return [hit.entry.key for hit in index.search(text, None)]


@pytest.fixture
def kept(folder, entry):
    """An index with two entries, filled and closed."""
    index = LanceIndex(folder)
    index.upsert([entry("1", "about pumps"), entry("2", "about fans")])
    index.optimize()
    index.filled()
    return folder


def test_a_new_index_waits_to_be_filled(folder):
    assert LanceIndex(folder).stats().state is IndexState.REBUILD


def test_an_index_outlives_its_process(kept):
    again = LanceIndex(kept)
    assert found(again, "pumps") == ["1"]
    assert (again.stats().state, again.stats().entries) == (IndexState.READY, 2)


def test_a_long_life_keeps_no_more_files_open(folder, entry, monkeypatch):
    monkeypatch.setattr(lance_folder, "_OPEN_ANEW", 2)
    chance, index, opened = random.Random(1), LanceIndex(folder), []
    words = [f"word{number}" for number in range(300)]
    for _ in range(8):
        for _ in range(2):
            index.upsert([entry(str(key), " ".join(chance.choices(words, k=20))) for key in chance.sample(range(400), 30)])
            assert found(index, chance.choice(words))
        index.optimize()
        opened.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    assert opened[-1] < opened[0] + 16, opened  # left to itself, each upkeep leaves six to eight more


def test_its_folder_is_for_its_owner_only(kept):
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("embedder", [HashingEmbedder(dimension=64), HashingEmbedder(version="2")])
def test_another_embedder_asks_for_a_rebuild(kept, entry, embedder):
    index = LanceIndex(kept, embedder=embedder)
    assert (index.stats().state, index.stats().entries) == (IndexState.REBUILD, 0)
    index.upsert([entry("3", "about valves")])
    assert found(index, "valves") == ["3"]


def spoil(path):
    path.write_bytes(b"\0" * max(1, path.stat().st_size))


def lose(path):
    path.unlink()


@pytest.mark.parametrize("harm", [spoil, lose])
@pytest.mark.parametrize("pattern", ["**/*.lance", "**/*.manifest", "note.json", "**/_indices/**/*"])
def test_damage_empties_the_index_or_leaves_it_whole(kept, entry, harm, pattern):
    for path in [path for path in kept.glob(pattern) if path.is_file()]:
        harm(path)
    index = LanceIndex(kept)
    answer, stats = found(index, "pumps"), index.stats()
    assert (stats.state, answer) in [(IndexState.READY, ["1"]), (IndexState.REBUILD, [])]
    index.upsert([entry("3", "about valves")])
    index.filled()
    assert "3" in found(index, "valves")


def test_a_folder_that_vanishes_under_a_running_index_is_made_anew(kept, entry):
    index = LanceIndex(kept)
    assert found(index, "pumps") == ["1"]
    shutil.rmtree(kept)
    assert found(index, "pumps") == []
    index.upsert([entry("3", "about valves")])
    assert found(index, "valves") == ["3"]
    assert index.stats().state is IndexState.REBUILD


def test_two_that_share_a_folder_see_what_the_other_does(kept, entry, ref):
    """A service and a command: each through an index of its own."""
    service, command = LanceIndex(kept), LanceIndex(kept)
    assert found(service, "pumps") == found(command, "pumps") == ["1"]
    command.clear()
    assert found(service, "pumps") == []
    assert service.stats().state is IndexState.REBUILD
    service.upsert([entry("3", "about valves", ref=ref("contact", "c1"))])
    command.upsert([entry("4", "about hoses")])
    command.filled()
    assert service.stats().state is IndexState.READY
    command.delete_records([ref("contact", "c1")])
    command.optimize(Upkeep.ERASE)
    assert (found(service, "valves or hoses"), service.stats().entries) == (["4"], 1)


def test_many_writers_lose_nothing_of_each_other(kept, entry):
    indexes = [LanceIndex(kept) for _ in range(3)]

    def fill(place):
        for number in range(5):
            indexes[place].upsert([entry(f"{place}-{number}", f"about valve {place} {number}")])

    threads = [threading.Thread(target=fill, args=[place]) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert LanceIndex(kept).stats().entries == 17


def test_a_folder_that_cannot_be_used_stops_nothing(tmp_path, entry):
    (tmp_path / "file").write_text("in the way")
    index = LanceIndex(tmp_path / "file" / "index")
    index.upsert([entry("1", "about pumps")])
    index.optimize()
    index.filled()
    assert found(index, "pumps") == []
    assert index.stats().state is IndexState.UNAVAILABLE
    assert index.stats().reason


def test_many_small_writes_leave_few_files(folder, entry):
    index = LanceIndex(folder)
    for place in range(40):
        index.upsert([entry(str(place), f"pump {place}")])
    before = index.stats().files
    index.optimize(Upkeep.ERASE)
    assert index.stats().files < before / 3
    assert index.stats().entries == 40


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_erased_text_leaves_no_byte_on_disk(folder, entry, ref):
    index = LanceIndex(folder)
    person = ref("contact", "c1")
    index.upsert([entry("1", "Zanzibarwort lives here", title="Quetzalname", ref=person), entry("2", "about fans")])
    index.optimize()
    index.filled()
    assert b"anzibarwort" in bytes_of(folder)
    index.delete_records([person])
    index.optimize(Upkeep.ERASE)
    assert not any(word in bytes_of(folder).lower() for word in (b"zanzibarwort", b"quetzalname", b"quetzalnam"))
    assert found(index, "fans") == ["2"]
    assert index.stats().state is IndexState.READY


@pytest.fixture
def flaky():
    """An embedder on another machine that is down until told otherwise, and remembers what it was sent."""

    class Remote:
        name, version, dimension, remote = "remote", "1", 8, True

        def __init__(self):
            self.down, self.sent = True, []

        def embed(self, texts):
            if self.down:
                raise UnavailableError("down")
            self.sent.extend(texts)
            return HashingEmbedder(dimension=8).embed(texts)

    return Remote()


def test_an_embedder_that_is_down_costs_only_the_vectors_until_it_is_back(folder, entry, flaky):
    index = LanceIndex(folder, embedder=flaky)
    index.upsert([entry("1", "about pumps")])
    assert found(index, "pumps") == ["1"]
    assert index.stats().waiting == 1
    flaky.down = False
    index.optimize()
    assert index.stats().waiting == 0
    assert found(index, "pumps") == ["1"]


def test_texts_that_may_not_leave_the_machine_do_not_reach_a_remote_embedder(folder, entry, flaky):
    flaky.down = False
    index = LanceIndex(folder, embedder=flaky)
    index.upsert([entry("1", "secret pumps", local=True), entry("2", "open fans")])
    index.optimize()
    assert [hit.entry.key for hit in index.search("secret question pumps", None, local=True)] == ["1"]
    assert flaky.sent == ["\nopen fans"]


def test_rows_that_are_moved_between_the_steps_of_a_search_are_found_all_the_same(folder, entry, monkeypatch):
    index = LanceIndex(folder)
    index.upsert([entry("0", "pump zero")])
    read = lance_search._rows
    late = iter(range(1, 100))

    def tidy():
        index.upsert([entry(str(next(late)), "pump late")])
        index.optimize()

    async def read_after_tidying(table, candidates):
        await asyncio.to_thread(tidy)
        return await read(table, candidates)

    monkeypatch.setattr(lance_search, "_rows", read_after_tidying)
    assert [found(index, "zero") for _ in range(5)] == [["0"]] * 5


def test_searches_go_on_while_others_write_and_tidy(folder, entry):
    index = LanceIndex(folder)
    index.upsert([entry("0", "pump zero")])
    index.filled()
    failures = []

    def write():
        for place in range(1, 15):
            index.upsert([entry(str(place), f"pump {place}")])
            index.optimize()

    def read():
        failures.extend(None for _ in range(60) if "0" not in found(index, "zero"))

    threads = [threading.Thread(target=work) for work in (write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (index.stats().entries, index.stats().state) == (15, IndexState.READY)


def test_entries_found_by_likeness_alone_are_ranked_by_their_words_too(folder, entry):
    """However few scores a search keeps, those that can matter are asked for."""
    chance = random.Random(5)
    words = [f"{start}{end}" for start in ("pump", "valve", "motor", "filter") for end in ("s", "ing", "ed", "er", "age")]
    index = LanceIndex(folder)
    index.upsert([
        entry(f"{place:03}", " ".join(chance.choices(words, k=6)), title=" ".join(chance.choices(words, k=2)))
        for place in range(200)
    ])  # fmt: skip
    index.optimize()
    few = LanceIndex(folder, effort=Effort(per_query=12, by_words=12, by_likeness=60))
    every = LanceIndex(folder, effort=Effort(by_words=200, by_likeness=60))
    for _ in range(6):
        text = " ".join(chance.choices(words, k=4))
        scores = {hit.entry.key: hit.score for hit in every.search(text, None, limit=50)}
        hits = few.search(text, None, limit=10)
        assert {hit.entry.key: hit.score for hit in hits} == {
            hit.entry.key: pytest.approx(scores[hit.entry.key]) for hit in hits
        }
        assert [hit.entry.key for hit in hits] == list(scores)[:10]


def test_a_large_index_still_finds_the_exact_text(folder, entry, monkeypatch):
    monkeypatch.setattr("connector.context.lance_folder.ANN_FROM", 2_000)
    monkeypatch.setattr("connector.context.lance_search._STOP_WORDS_BELOW", 2_000)
    index = LanceIndex(folder)
    index.upsert([entry(f"{place:05}", f"pump number{place} of the plant") for place in range(3_000)])
    index.optimize()
    assert found(index, "what about number1234?")[0] == "01234"
    index.upsert([entry("late", "number1234 again, added after the training")])
    assert set(found(index, "number1234")[:2]) == {"01234", "late"}
