"""Channels and endpoints in connector.yaml: all problems at once, and policies that name what is not there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connector.cli.fitting import unserved
from connector.cli.outside import open_outlets
from connector.clock import SystemClock
from connector.errors import SettingsError
from connector.record import ActionKind
from connector.settings import load_settings
from tests.conformance.kept import Quiet
from tests.support.given import policy

HEAD = "schema: 1\nconnections:\n  crm: {system: hubspot}\n"


def settings(tmp_path, text):
    file = tmp_path / "connector.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return load_settings(file)


def problems(tmp_path, text):
    with pytest.raises(SettingsError) as raised:
        open_outlets(settings(tmp_path, text), SystemClock(), Quiet())
    return raised.value.problems


WRONG = """
channels:
  mail:
    kind: smtp
    hst: smtp.example.com
    security: none
    from: nobody
  chat: {kind: slak}
endpoints:
  erp:
    url: http://erp.example.com
    method: GET
    parameters: {a: {feld: x}, b: {field: contact.email}, c: {value: 1, kinds: text}}
"""


def test_every_problem_is_said_at_once_with_its_line_and_the_nearest_word(tmp_path):
    found = problems(tmp_path, WRONG)
    assert "connector.yaml:8: channels.mail.hst: unknown key, did you mean `host`?" in found
    assert "connector.yaml:6: channels.mail.host: is missing" in found
    assert any("channels.mail.from: must be an address" in one for one in found)
    assert any("channels.chat.kind: must be one of smtp, slack" in one for one in found)
    assert any("endpoints.erp.url" in one and "must be https" in one for one in found)
    assert any("endpoints.erp.method: must be one of" in one for one in found)
    assert any("unknown key, did you mean `kind`?" in one for one in found)
    assert any("fields of the record itself" in one for one in found)


def test_letters_leave_the_machine_encrypted_only(tmp_path):
    text = "channels:\n  mail: {kind: smtp, host: smtp.example.com, security: none, from: a@example.com}\n"
    [only] = problems(tmp_path, text)
    assert "encrypted only" in only


GOOD = """
channels:
  mail: {kind: smtp, host: smtp.example.com, from: a@example.com}
  sales: {kind: slack}
endpoints:
  erp-order: {url: "https://erp.example.com/x", parameters: {order: {field: name}}}
"""


def test_the_ways_out_are_found_by_what_they_do(tmp_path):
    outlets = open_outlets(settings(tmp_path, GOOD), SystemClock(), Quiet())
    assert outlets.find(ActionKind.SEND_EMAIL, "email") is outlets.channels["mail"]
    assert outlets.find(ActionKind.NOTIFY, "sales") is outlets.channels["sales"]
    assert outlets.find(ActionKind.NOTIFY, "mail") is None
    assert outlets.find(ActionKind.CALL_ENDPOINT, "sales") is None
    assert outlets.needs(ActionKind.CALL_ENDPOINT, "erp-order") == {"name"}


def test_a_policy_that_names_what_is_not_there_is_told_the_nearest_name(tmp_path):
    may = "{notify: {channels: [sale]}, call_endpoint: {endpoints: [erp-ordr]}, send_email: {}}"
    asked = policy(may=may, context="{lookups: [orders]}")
    assert unserved([asked], settings(tmp_path, "")) != ()
    found = unserved([asked], settings(tmp_path, GOOD))
    assert [one.split(": ", 1)[1] for one in found] == [
        "context.lookups: connector.yaml has no lookups.orders",
        "may.notify.channels: connector.yaml has no channels.sale, did you mean `sales`?",
        "may.call_endpoint.endpoints: connector.yaml has no endpoints.erp-ordr, did you mean `erp-order`?",
    ]
    assert any("no channel of kind smtp" in one for one in unserved([asked], settings(tmp_path, "")))


KEPT = """
privacy: {never: [card_number], mask: [phone], local_hosts: [erp.example.com]}
endpoints:
  away: {url: "https://billing.example.com/x", parameters: {card: {field: card_number}}}
  call: {url: "https://billing.example.com/x", parameters: {at: {field: phone}}}
  home: {url: "https://erp.example.com/x", parameters: {card: {field: card_number}, at: {field: phone}}}
"""


def test_what_may_not_leave_is_sent_to_no_endpoint_elsewhere(tmp_path):
    found = problems(tmp_path, KEPT)
    assert [one.split(";")[0].split(": ", 2)[1:] for one in found] == [
        [f"endpoints.{name}.parameters", f"{field} stands under `privacy` and may not leave the house"]
        for name, field in (("away", "card_number"), ("call", "phone"))
    ]


def test_only_what_settings_name_is_loaded():
    script = "import sys, connector.cli.outside; print([name for name in sys.modules if 'adapters.channels' in name])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
