"""What stands around a daemon: its folder, its lock, its tokens, its key and its heads."""

from __future__ import annotations

import multiprocessing
import os
import threading
from datetime import timedelta

import pytest

from connector.adapter import Token
from connector.daemon import TokenFile, append_head, journal_key, kept_heads, only_daemon, prepare_folder
from connector.errors import StateError
from connector.journal import Seal
from connector.record import ConnectionName
from tests.support.given import NOW

CRM = ConnectionName("crm")


def test_a_folder_is_made_for_its_owner_only(tmp_path):
    folder = tmp_path / "deep" / "state"
    prepare_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    prepare_folder(folder)


def test_a_folder_others_can_enter_is_refused_with_the_command_that_helps(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(StateError, match="others can enter") as refused:
        prepare_folder(folder)
    assert refused.value.hint == f"chmod 700 {folder}"


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError):
        prepare_folder(tmp_path / "state")


def test_a_second_daemon_is_refused_and_told_which_process_has_it(tmp_path):
    said = pytest.raises(StateError, match=rf"another daemon \(process {os.getpid()}\)")
    with only_daemon(tmp_path), said, only_daemon(tmp_path):
        pass
    with only_daemon(tmp_path):
        pass


def _hold_and_die(folder, held):
    with only_daemon(folder):
        held.set()
        os._exit(9)


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    process = context.Process(target=_hold_and_die, args=(tmp_path, held))
    process.start()
    process.join()
    assert held.is_set()
    with only_daemon(tmp_path):
        pass


def test_a_token_is_kept_whole_for_its_owner_only(tmp_path):
    tokens = TokenFile(tmp_path / "tokens", CRM)
    assert tokens.current() is None
    token = Token(access="a", refresh="r", expires_at=NOW, instance_url="https://org.example", user="005", generation=1)
    assert tokens.swap(None, token)
    assert tokens.current() == token
    [path] = (tmp_path / "tokens").glob("*.token")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_token_somebody_else_refreshed_first_is_not_overwritten(tmp_path):
    one, two = TokenFile(tmp_path, CRM), TokenFile(tmp_path, CRM)
    first = Token(access="a", generation=1)
    assert one.swap(None, first)
    assert two.swap(two.current(), Token(access="b", generation=2))
    assert not one.swap(first, Token(access="c", generation=2))
    assert not one.swap(None, Token(access="d", generation=1))
    assert one.current() == Token(access="b", generation=2)


def test_of_many_threads_that_refresh_one_wins(tmp_path):
    first = Token(access="start", generation=1)
    TokenFile(tmp_path, CRM).swap(None, first)
    won: list[str] = []

    def refresh(name: str) -> None:
        if TokenFile(tmp_path, CRM).swap(first, Token(access=name, generation=2)):
            won.append(name)

    threads = [threading.Thread(target=refresh, args=(f"t{place}",)) for place in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    current = TokenFile(tmp_path, CRM).current()
    assert current is not None
    assert current.access == won[0]


@pytest.mark.parametrize("torn", ["", "{", '{"access": "a"}', "null", '"text"'])
def test_a_torn_token_file_is_no_token(tmp_path, torn):
    (tmp_path / "crm.token").write_text(torn)
    tokens = TokenFile(tmp_path, CRM)
    assert tokens.current() is None
    assert tokens.swap(None, Token(access="new", generation=1))


def test_the_journals_key_is_made_once_and_kept_private(tmp_path):
    key = journal_key(tmp_path)
    assert len(key) == 32
    assert journal_key(tmp_path) == key
    path = tmp_path / "journal.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(StateError, match="others can read"):
        journal_key(tmp_path)


def test_heads_are_kept_in_order_and_a_cut_line_is_left_out(tmp_path):
    path = tmp_path / "heads.txt"
    assert kept_heads(path) == []
    for place in range(3):
        append_head(path, Seal(first=place, last=place, entries=1, chain="c", head=str(place) * 64))
    with path.open("a") as file:
        file.write("4 4 44")
    assert kept_heads(path) == ["0" * 64, "1" * 64, "2" * 64]
    append_head(path, Seal(first=5, last=5, entries=1, chain="c", head="5" * 64))
    assert kept_heads(path)[-1] == "5" * 64


def test_a_census_asks_rarely(clock):
    from connector.daemon.assembly import Census
    from connector.record import ObjectType

    class Counted:
        asked = 0

        @property
        def changes(self):
            return self

        def count(self, object):
            self.asked += 1
            return 40 + self.asked

    crm = Counted()
    census = Census({CRM: crm}, clock)
    assert [census(CRM, ObjectType.TICKET) for _ in range(3)] == [41, 41, 41]
    clock.advance(timedelta(minutes=11))
    assert census(CRM, ObjectType.TICKET) == 42


def test_a_key_is_not_made_where_the_journal_is_sealed_with_a_lost_one(tmp_path):
    with pytest.raises(StateError, match="missing"):
        journal_key(tmp_path, sealed=True)
    assert not (tmp_path / "journal.key").exists()
    key = journal_key(tmp_path)
    assert journal_key(tmp_path, sealed=True) == key
