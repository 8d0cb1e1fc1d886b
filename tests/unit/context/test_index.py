"""Whatever stands behind it, an index finds what it was given, within reach only, and treats words as words."""

from datetime import timedelta

import pytest

from connector.context.context import Audience
from connector.context.index import IndexKey, IndexState, Reach, Upkeep, account_scope, knowledge_scope
from connector.context.lance_index import LanceIndex
from connector.context.memory_index import MemoryIndex

FAQ = frozenset({knowledge_scope("faq")})
ODD_WORDS = [
    "", "   ", "'", '"', "') OR 1=1 --", '"unclosed', "AND OR NOT", "title:x^9", "+- && || !( ){ }[ ]~*?:\\",
    "\ud800", "\0", "%_%", "日本語", "a" * 100_000, "the of and", "🙂",
]  # fmt: skip


@pytest.fixture(params=["memory", "lance"])
def index(request, tmp_path):
    return MemoryIndex() if request.param == "memory" else LanceIndex(tmp_path / "index")


def found(index, text, reach=None, **rest):
    return [hit.entry.key for hit in index.search(text, reach, **rest)]


def test_the_best_text_comes_first(index, entry):
    index.upsert([
        entry("refund", "Money comes back within five days.", title="Refunds"),
        entry("ship", "Parcels leave the house every day, refunds aside.", title="Shipping"),
        entry("hours", "We open at nine.", title="Opening hours"),
    ])
    assert found(index, "how do refunds work?")[:2] == ["refund", "ship"]


def test_an_entry_comes_back_as_it_was_put_in(index, entry, ref, now):
    whole = entry(
        "o'key", "body “text”", title="Title's", account="a'1", ref=ref("ticket", "t'1"), category="c'1", at=now,
        audience=Audience.CUSTOMER, local=True,
    )  # fmt: skip
    bare = entry("bare", "body text")
    index.upsert([whole, bare])
    assert {hit.entry for hit in index.search("body text", None)} == {whole, bare}


def test_the_same_key_replaces_and_the_last_of_a_batch_wins(index, entry):
    index.upsert([entry("1", "about pumps")])
    index.upsert([entry("1", "about fans"), entry("1", "about valves")])
    assert found(index, "pumps fans") == []
    assert found(index, "valves") == ["1"]
    assert index.stats().entries == 1


def test_deleted_entries_are_not_found(index, entry, ref):
    index.upsert([
        entry("1", "pump"), entry("2", "pump", ref=ref("note", "n'1")), entry("3", "pump", ref=ref("note", "n'1")),
        entry("4", "pump", ref=ref("note", "n2")),
    ])  # fmt: skip
    index.delete([IndexKey("1"), IndexKey("never there"), IndexKey("' OR '1'='1")])
    index.delete_records([ref("note", "n'1"), ref("note", "' OR ''='")])
    index.delete([])
    index.delete_records([])
    assert found(index, "pump") == ["4"]


def test_a_search_reaches_its_scopes_only(index, entry, ref):
    index.upsert([
        entry("faq", "pump", knowledge="faq"), entry("hr", "pump", knowledge="hr"), entry("a", "pump", account="a"),
        entry("b", "pump", account="b"),
    ])  # fmt: skip
    reach = Reach(scopes=frozenset({knowledge_scope("faq"), account_scope(ref("account", "a"))}))
    assert set(found(index, "pump", reach)) == {"faq", "a"}
    assert found(index, "pump", Reach(scopes=frozenset())) == []


@pytest.mark.parametrize("name", ["x') OR 1=1 --", "' OR ''='", "faq' OR scope_key IS NOT NULL --", "%"])
def test_a_name_cannot_widen_a_search(index, entry, name):
    index.upsert([entry("faq", "pump"), entry("odd", "pump", knowledge=name, category=name)])
    assert found(index, "pump", Reach(scopes=frozenset({knowledge_scope(name)}))) == ["odd"]
    both = frozenset({knowledge_scope(name), *FAQ})
    assert found(index, "pump", Reach(scopes=both, categories=frozenset({name}))) == ["odd"]


def test_filters_keep_audience_category_age_and_records_at_hand(index, entry, ref, now):
    index.upsert([
        entry("plain", "pump"),
        entry("customer", "pump", audience=Audience.CUSTOMER),
        entry("billing", "pump", category="billing"),
        entry("new", "pump", at=now), entry("old", "pump", at=now - timedelta(days=9)),
        entry("own", "pump", ref=ref("note", "n1")),
    ])  # fmt: skip
    assert found(index, "pump", Reach(scopes=FAQ, audience=Audience.CUSTOMER)) == ["customer"]
    assert found(index, "pump", Reach(scopes=FAQ, categories=frozenset({"billing"}))) == ["billing"]
    assert found(index, "pump", Reach(scopes=FAQ, since=now - timedelta(days=1))) == ["new"]
    without = found(index, "pump", Reach(scopes=FAQ, without=frozenset({ref("note", "n1")})))
    assert set(without) == {"plain", "customer", "billing", "new", "old"}


def test_a_narrow_scope_is_found_among_many(index, entry):
    index.upsert([entry(f"{place:04}", f"pump number {place}", knowledge="wide") for place in range(1500)])
    index.upsert([entry("needle", "a long story in which a pump is named once among many other words")])
    index.optimize()
    assert found(index, "pump", Reach(scopes=FAQ)) == ["needle"]


@pytest.mark.parametrize("text", ODD_WORDS)
def test_odd_words_are_only_words(index, entry, text):
    index.upsert([entry("1", "pump"), entry("2", "fan", knowledge="hr")])
    assert "2" not in found(index, text, Reach(scopes=FAQ))
    assert index.stats().entries == 2
    assert found(index, "pump", Reach(scopes=FAQ)) == ["1"]


@pytest.mark.parametrize("body", [text for text in ODD_WORDS if text not in ("\ud800", "\0")])
def test_odd_texts_are_kept_and_harm_nothing(index, entry, body):
    index.upsert([entry("odd", body, title=body), entry("1", "pump")])
    assert found(index, "pump")[0] == "1"
    assert index.stats().entries == 2


def test_no_more_than_asked_for(index, entry):
    index.upsert([entry(str(place), f"pump {place}") for place in range(30)])
    assert len(found(index, "pump", limit=7)) == 7
    assert found(index, "pump", limit=0) == []
    assert found(index, "pump", limit=-5) == []


def test_what_a_scope_holds_is_known(index, entry):
    index.upsert([entry(f"faq{place}", "x") for place in range(25)] + [entry("hr", "x", knowledge="hr")])
    assert index.keys(knowledge_scope("faq")) == {f"faq{place}" for place in range(25)}
    assert index.keys(knowledge_scope("nothing")) == frozenset()


def test_an_empty_index_finds_nothing(index):
    assert found(index, "pump") == []
    index.optimize()
    assert index.stats().entries == 0


def test_upkeep_changes_no_answer(index, entry):
    index.upsert([entry(str(place), f"pump number {place}", title=f"title {place % 3}") for place in range(40)])
    index.delete([IndexKey("3")])
    before = found(index, "pump number title 2")
    for upkeep in Upkeep:
        index.optimize(upkeep)
        assert found(index, "pump number title 2") == before


def test_the_same_search_gives_the_same_answer(index, entry):
    index.upsert([entry(str(place), "the same words everywhere") for place in range(20)])
    assert found(index, "same words") == found(index, "same words") == sorted(str(place) for place in range(20))[:10]


def test_a_cleared_index_waits_to_be_filled(index, entry):
    index.upsert([entry("1", "pump")])
    index.clear()
    assert (index.stats().state, found(index, "pump")) == (IndexState.REBUILD, [])
    index.upsert([entry("1", "pump")])
    index.filled()
    assert (index.stats().state, found(index, "pump")) == (IndexState.READY, ["1"])
