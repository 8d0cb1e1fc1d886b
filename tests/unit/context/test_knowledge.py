"""Knowledge files are read from their folder only, say who may see them, and reach the index once per change."""

from datetime import UTC, datetime

import pytest

from connector.context.context import Audience
from connector.context.index import Reach, knowledge_scope
from connector.context.knowledge import index_knowledge, read_knowledge
from connector.context.memory_index import MemoryIndex


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "knowledge"
    root.mkdir()
    return root


@pytest.fixture
def given(folder):
    def write(path, text):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write


def test_a_passage_knows_its_source_title_time_category_and_audience(folder, given):
    front = "---\ntitle: Returns\ncategory: billing\naudience: customer\nupdated: 2026-10-01\n---\n"
    given("support/returns.md", f"{front}\n## Refunds\n\nFive days.")
    [entry] = read_knowledge(folder, "support").entries
    assert (entry.source, entry.title, entry.category) == ("support/returns.md#returns", "Returns", "billing")
    assert (entry.audience, entry.at) == (Audience.CUSTOMER, datetime(2026, 10, 1, tzinfo=UTC))
    assert "Five days." in entry.body
    assert "---" not in entry.body


def test_folders_tell_audience_and_category(folder, given):
    given("support/customer/billing/a.txt", "a")
    given("support/billing/b.html", "<p>b</p>")
    given("support/internal/customer/c.md", "c")
    given("support/d.md", "d")
    kept = {entry.body: (entry.audience, entry.category) for entry in read_knowledge(folder, "support").entries}
    assert kept == {
        "a": (Audience.CUSTOMER, "billing"),
        "b": (Audience.INTERNAL, "billing"),
        "c": (Audience.INTERNAL, None),
        "d": (Audience.INTERNAL, None),
    }


def test_one_file_can_be_a_knowledge_name(folder, given):
    given("returns.md", "Within 30 days.")
    given("other.md", "no")
    assert [entry.body for entry in read_knowledge(folder, "returns").entries] == ["Within 30 days."]


@pytest.mark.parametrize("name", ["../secret", "/etc", "a/../../secret", "..", ".", "", "a\0b", "~root", "s/", "x\n"])
def test_a_name_cannot_leave_the_folder(folder, given, name):
    (folder.parent / "secret.md").write_text("secret")
    knowledge = read_knowledge(folder, name)
    assert knowledge.entries == ()
    assert len(knowledge.problems) == 1


def test_a_link_out_of_the_folder_is_reported_and_not_read(folder, given, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    given("support/ours.md", "ours")
    (folder / "support" / "link.md").symlink_to(outside / "secret.md")
    (folder / "linked").symlink_to(outside)
    knowledge = read_knowledge(folder, "support")
    assert [entry.body for entry in knowledge.entries] == ["ours"]
    assert knowledge.problems == ("support/link.md: leads out of the knowledge folder and is not read",)
    assert read_knowledge(folder, "linked").entries == ()


def test_bad_files_cost_only_themselves(folder, given):
    given("support/good.md", "good")
    given("support/.hidden.md", "hidden")
    given("support/image.png", "png")
    (folder / "support" / "latin.txt").write_bytes(b"caf\xe9")
    given("support/front.md", "---\naudiance: customer\naudience: everyone\nupdated: soon\n---\nfront")
    given("support/huge.txt", "x" * 5_000_001)
    knowledge = read_knowledge(folder, "support")
    assert sorted(entry.body for entry in knowledge.entries) == ["front", "good"]
    assert {entry.audience for entry in knowledge.entries} == {Audience.INTERNAL}
    blamed = [problem.partition(":")[0] for problem in knowledge.problems]
    assert blamed == ["support/front.md"] * 3 + ["support/huge.txt", "support/latin.txt"]


def test_a_name_without_files_is_reported(folder):
    assert read_knowledge(folder, "support").problems == (
        "support: no .md, .txt or .html file below the knowledge folder has this name",
    )


def test_the_index_follows_the_files(folder, given):
    index = MemoryIndex()
    given("support/a.md", "about pumps")
    given("support/b.md", "about fans")
    assert index_knowledge(index, read_knowledge(folder, "support")) == (2, 0)
    assert index_knowledge(index, read_knowledge(folder, "support")) == (0, 0)
    given("support/a.md", "about valves")
    (folder / "support" / "b.md").unlink()
    assert index_knowledge(index, read_knowledge(folder, "support")) == (1, 2)
    reach = Reach(scopes=frozenset({knowledge_scope("support")}))
    assert [hit.entry.body for hit in index.search("about pumps fans valves", reach)] == ["about valves"]
