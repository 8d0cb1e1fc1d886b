"""The door: tokens are shown once and kept as hashes, guessing shuts it, and everything at it is journaled."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from connector.gate import persons, sessions
from connector.gate.persons import PersonError, Role
from connector.journal import walk
from connector.pipeline import Access, SignedIn, TurnedAway

HERE = "127.0.0.1"


@pytest.fixture
def access(state, journal, clock):
    return Access(store=state, journal=journal, clock=clock, chance=random.Random(3))


def told(state):
    with state.snapshot() as tx:
        return [(stored.entry.actor, stored.entry.body["change"]) for stored in walk(tx)]


def test_a_token_lets_its_person_in_and_stands_nowhere(access, state):
    token = access.add("ada", Role.APPROVER, by="root")
    entered = access.sign_in("ada", token, address=HERE)
    assert isinstance(entered, SignedIn)
    assert access.session(entered.secret) == entered.session
    assert entered.session.person.role is Role.APPROVER
    with state.snapshot() as tx:
        kept = str([tx.rows("SELECT * FROM people_persons"), tx.rows("SELECT * FROM people_sessions")])
    assert token not in kept
    assert entered.secret not in kept
    assert told(state) == [("root", "may come in as approver"), ("ada", f"came in from {HERE}")]


@pytest.mark.parametrize(("name", "token"), [("ada", ""), ("ada", "0" * 64), ("eve", "0" * 64), ("", ""), ("ADA", "x")])
def test_anybody_else_is_turned_away(access, name, token):
    access.add("ada", Role.VIEWER, by="root")
    assert access.sign_in(name, token, address=HERE) == TurnedAway(timedelta(0))


def test_guessing_shuts_the_door_for_longer_each_time_and_then_it_opens(access, state, clock):
    token = access.add("ada", Role.VIEWER, by="root")
    for _ in range(sessions.FREE_TRIES - 1):
        assert access.sign_in("ada", "wrong", address=HERE) == TurnedAway(timedelta(0))
    assert access.sign_in("ada", "wrong", address=HERE) == TurnedAway(sessions.FIRST_WAIT)
    clock.advance(timedelta(seconds=10))
    assert access.sign_in("ada", token, address=HERE) == TurnedAway(timedelta(seconds=20))
    clock.advance(timedelta(seconds=20))
    assert access.sign_in("ada", "wrong", address=HERE) == TurnedAway(2 * sessions.FIRST_WAIT)
    clock.advance(2 * sessions.FIRST_WAIT)
    assert isinstance(access.sign_in("ada", token, address=HERE), SignedIn)
    assert ("service", f"door shut for {HERE}") in told(state)


def test_guessing_many_names_shuts_the_address(access):
    token = access.add("ada", Role.VIEWER, by="root")
    for number in range(sessions.FREE_TRIES):
        access.sign_in(f"name{number}", "wrong", address="10.0.0.9")
    assert access.sign_in("ada", token, address="10.0.0.9") == TurnedAway(sessions.FIRST_WAIT)
    assert isinstance(access.sign_in("ada", token, address=HERE), SignedIn)


def test_a_removed_person_and_a_new_token_end_every_session_at_once(access):
    entered = access.sign_in("ada", access.add("ada", Role.ADMIN, by="root"), address=HERE)
    access.add("ada", Role.ADMIN, by="root")
    assert access.session(entered.secret) is None
    entered = access.sign_in("ada", access.add("ada", Role.ADMIN, by="root"), address=HERE)
    access.remove("ada", by="root")
    assert access.session(entered.secret) is None
    with pytest.raises(PersonError, match="there is no user 'ada'"):
        access.remove("ada", by="root")


def test_signed_out_the_cookie_is_worth_nothing(access, clock):
    token = access.add("ada", Role.ADMIN, by="root")
    entered = access.sign_in("ada", token, address=HERE)
    access.sign_out(entered.session)
    assert access.session(entered.secret) is None
    entered = access.sign_in("ada", token, address=HERE)
    clock.advance(sessions.LASTS)
    assert access.session(entered.secret) is None


@pytest.mark.parametrize("name", ["", "Ada", "a b", "a" * 65, "<b>", "a\n", "-x"])
def test_a_name_that_could_be_something_else_is_refused(access, name):
    with pytest.raises(PersonError, match="cannot be a name"):
        access.add(name, Role.VIEWER, by="root")


def test_a_role_covers_the_ones_before_it():
    assert [[role.covers(needed) for needed in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert persons.new_secret(random.Random(1)) != persons.new_secret(random.Random(2))
