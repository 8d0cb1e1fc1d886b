"""connector.yaml and its secrets: everything wrong is said at once, with its line and the nearest right word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.errors import SettingsError
from connector.settings import NamedSecrets, load_settings

GOOD = """
schema: 1
connections:
  sales: {system: salesforce, client_id: abc}
"""


@pytest.fixture
def load(tmp_path):
    def loaded(text):
        file = tmp_path / "connector.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.lstrip().encode())
        return load_settings(file)

    return loaded


@pytest.fixture
def refuse(load):
    def problems(text):
        with pytest.raises(SettingsError) as refused:
            load(text)
        return refused.value.problems

    return problems


def test_the_smallest_file_has_defaults_and_paths_beside_it(load, tmp_path):
    settings = load(GOOD)
    assert settings.state == tmp_path / "state"
    assert settings.policies == tmp_path / "policies"
    assert settings.heads == tmp_path / "journal-heads.txt"
    assert (settings.poll, settings.batch) == (timedelta(seconds=30), 200)
    [connection] = settings.connections
    assert (connection.name, connection.system) == ("sales", "salesforce")
    assert connection.options == {"system": "salesforce", "client_id": "abc"}
    assert settings.connection("other") is None


def test_everything_that_is_wrong_is_said_at_once_with_its_line(refuse):
    assert refuse("""
schema: 2
conections: {}
poll: soon
batch: 0
privacy: {local_only: [tickets], nevr: [iban]}
models: {fast: 7, concurrent: many}
learning: slow
""") == (
        "connector.yaml:1: schema: must be 1",
        "connector.yaml:1: connections: name at least one CRM",
        "connector.yaml:2: conections: unknown key, did you mean `connections`?",
        "connector.yaml:3: poll: write for example `30s` or `5m`",
        "connector.yaml:4: batch: must be a whole number from 1 to 2000",
        "connector.yaml:5: privacy.nevr: unknown key, did you mean `never`?",
        "connector.yaml:5: privacy.local_only: there is no object `tickets`, did you mean `ticket`?",
        "connector.yaml:6: models.fast: must be text",
        "connector.yaml:6: models.concurrent: must be a whole number from 1 to 64",
        "connector.yaml:7: learning: must be one of full, quick",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must hold keys and values"),
        ("- a\n- b\n", "must hold keys and values"),
        ("schema: 1\nschema: 1\n", "connector.yaml:2:"),
        ("schema: [1\n", "connector.yaml:"),
        (b"\xff\xfe\x00", "connector.yaml:1:"),
        ("schema: 1\nconnections: {Sales: {system: hubspot}}\n", "a name has small letters, digits and dashes"),
        ("schema: 1\nconnections: {sales: {}}\n", "connections.sales.system: is missing"),
        ("schema: 1\nconnections: {sales: hubspot}\n", "connections.sales.system: is missing"),
        (GOOD + "privacy: [never]\n", "privacy: must hold keys and values"),
        (GOOD + "state: 7\n", "state: must be a path"),
        (GOOD + "poll: 0s\n", "poll: write"),
        (GOOD + "batch: true\n", "batch: must be a whole number"),
    ],
)
def test_a_wrong_file_is_refused_in_plain_words(refuse, text, said):
    assert any(said in problem for problem in refuse(text))


@pytest.mark.parametrize(
    "state", ["postgresql://crm:hunter2@db.example/crm", "sqlite:///crm.db", "{kind: postgres, password: hunter2}"]
)
def test_a_database_as_state_is_refused_with_what_is_possible_and_its_password_is_not_repeated(refuse, state):
    [problem] = refuse(GOOD + f"state: {state}\n")
    assert "state: the service keeps its state in a folder on this machine (SQLite)" in problem
    assert "such as `state: state`" in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ("{address: 0.0.0.0}", "web.address: beyond this machine it needs an https `origin`"),
        ("{address: 0.0.0.0, origin: 'http://crm.example.com'}", "web.address: beyond this machine"),
        ("{address: everywhere}", "web.address: must be an IP address"),
        ("{origin: 'https://crm.example.com/path'}", "web.origin: write for example"),
        ("{port: 0}", "port: must be a whole number"),
        ("{prot: 1}", "web.prot: unknown key, did you mean `port`?"),
    ],
)
def test_a_page_is_never_served_in_the_clear_beyond_this_machine(refuse, web, said):
    assert any(said in problem for problem in refuse(f"schema: 1\nconnections: {{crm: {{system: hubspot}}}}\nweb: {web}\n"))


def test_yes_and_no_are_words_here(load):
    settings = load(GOOD + "privacy: {never: [no, yes]}\n")
    assert settings.privacy.never == ("no", "yes")


def test_a_missing_file_says_what_to_type(tmp_path):
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path / "nowhere.yaml")
    assert refused.value.hint == "crm-connector init"


def test_a_file_nobody_would_write_by_hand_is_refused(refuse):
    assert "larger than" in refuse("a: " + "x" * 300_000)[0]


def test_a_secret_comes_from_the_environment_or_a_private_file(tmp_path):
    (tmp_path / "sales.client_secret").write_text("from the file\n")
    (tmp_path / "sales.client_secret").chmod(0o600)
    assert NamedSecrets("sales", tmp_path, {}).get("client_secret") == "from the file"
    environment = {"CRM_CONNECTOR_SALES_CLIENT_SECRET": "from the environment"}
    assert NamedSecrets("sales", tmp_path, environment).get("client_secret") == "from the environment"
    assert NamedSecrets("eu-sales", None, {"CRM_CONNECTOR_EU_SALES_KEY": "x"}).find("key") == "x"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_secret_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "sales.client_secret"
    path.write_text("s3cret")
    path.chmod(mode)
    with pytest.raises(SettingsError, match="others can read") as refused:
        NamedSecrets("sales", tmp_path, {}).get("client_secret")
    assert refused.value.hint == f"chmod 600 {path}"
    assert "s3cret" not in str(refused.value)


def test_an_absent_secret_says_where_to_put_it(tmp_path):
    with pytest.raises(SettingsError) as refused:
        NamedSecrets("sales", tmp_path, {}).get("client_secret")
    assert "CRM_CONNECTOR_SALES_CLIENT_SECRET" in str(refused.value)
    assert "sales.client_secret (mode 0600)" in str(refused.value)
    assert NamedSecrets("sales", None, {}).find("client_secret") is None


HOOKED = """
schema: 1
connections: {crm: {system: hubspot}}
hooks:
  origin: https://hooks.example.com
  sources:
    crm: {kind: hubspot}
    calls: {kind: signed, connection: crm}
"""


def test_the_door_for_hooks_has_an_address_and_its_senders(tmp_path):
    file = tmp_path / "connector.yaml"
    file.write_text(HOOKED)
    hooks = load_settings(file).hooks
    assert (hooks.served.port, hooks.served.address, hooks.served.origin) == (8771, "127.0.0.1", "https://hooks.example.com")
    assert [(source.name, source.kind) for source in hooks.sources] == [("crm", "hubspot"), ("calls", "signed")]


def test_every_problem_of_the_door_is_said_at_once(tmp_path):
    file = tmp_path / "connector.yaml"
    file.write_text("""schema: 1
connections: {crm: {system: hubspot}}
hooks:
  prot: 1
  address: 0.0.0.0
  sources:
    crn: {kind: hubspot}
    calls: {}
""")
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    assert refused.value.problems == (
        "connector.yaml:3: hooks.origin: is missing: the address that senders call",
        "connector.yaml:4: hooks.prot: unknown key, did you mean `port`?",
        "connector.yaml:5: hooks.address: beyond this machine it needs an https `origin`",
        "connector.yaml:7: hooks.sources.crn.connection: there is no `crn`, did you mean `crm`?",
        "connector.yaml:8: hooks.sources.calls.kind: is missing, for example `kind: hubspot`",
    )


ELSEWHERE = """
approvals:
  tasks: [triage]
  mail: all
  slack: {channel: C1}
channels:
  mail: {kind: smtp, host: localhost, from: a@example.com}
web: {port: 8770}
hooks: {origin: "https://hooks.example.com", sources: {slack: {kind: slack}}}
"""


@pytest.mark.parametrize(
    ("without", "problem"),
    [
        ("", None),
        ("  tasks: [triage]", None),
        ("web: {port: 8770}", "letters link to the page"),
        ("  mail: {kind: smtp, host: localhost, from: a@example.com}", "needs a channel of kind smtp"),
        ('hooks: {origin: "https://hooks.example.com", sources: {slack: {kind: slack}}}', "hooks.sources.slack of kind"),
    ],
)
def test_asking_elsewhere_needs_what_answers_come_through(tmp_path, without, problem):
    file = tmp_path / "connector.yaml"
    text = ELSEWHERE.replace(without, "", 1) if without else ELSEWHERE
    if "\nchannels:\n\n" in text:
        text = text.replace("channels:\n", "")
    file.write_text(f"schema: 1\nconnections: {{crm: {{system: hubspot}}}}\n{text}")
    if problem is None:
        found = load_settings(file).approvals
        assert found.tasks.names("triage") is ("tasks" not in without)
        assert (found.mail.names("any"), found.slack.channel) == (True, "C1")
    else:
        with pytest.raises(SettingsError, match=problem):
            load_settings(file)


def test_a_problem_inside_a_section_names_the_section(refuse):
    said = refuse(GOOD + "web: {port: 0}\nhooks: {port: a}\nmodels: {concurrent: 0}\nprivacy: {local_only: [tickt]}\n")
    near = "privacy.local_only: there is no object `tickt`, did you mean `ticket`?"
    for wanted in ("web.port: must", "hooks.port: must", "models.concurrent: must", near):
        assert any(wanted in problem for problem in said), wanted


@pytest.mark.parametrize(
    ("held", "problem"),
    [(b"\xff\xfe", "not UTF-8 text"), (b"", "is empty"), (b" \n", "is empty"), (b"token\nanother\n", "more than one line")],
)
def test_a_secret_file_that_holds_no_secret_is_named(tmp_path, held, problem):
    file = tmp_path / "sales.access_token"
    file.write_bytes(held)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=problem) as refused:
        NamedSecrets("sales", tmp_path, {}).find("access_token")
    assert str(file) in refused.value.problems[0]


def test_a_key_in_pem_has_its_lines(tmp_path):
    file = tmp_path / "sales.private_key"
    file.write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")
    file.chmod(0o600)
    assert NamedSecrets("sales", tmp_path, {}).get("private_key").splitlines()[1] == "abc"
