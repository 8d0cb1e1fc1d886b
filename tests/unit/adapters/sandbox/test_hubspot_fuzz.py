"""Whatever a client sends, the HubSpot face answers with a status of its own and never breaks."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sandbox.hubspot import build_hubspot
from adapters.sandbox.wire import WireRequest

PATHS = [
    ("GET", "/crm/v3/objects/contacts"),
    ("POST", "/crm/v3/objects/contacts"),
    ("POST", "/crm/v3/objects/contacts/search"),
    ("POST", "/crm/v3/objects/contacts/merge"),
    ("POST", "/crm/v3/objects/contacts/gdpr-delete"),
    ("PATCH", "/crm/v3/objects/contacts/100002"),
    ("GET", "/crm/objects/2026-09/nothing/1"),
    ("GET", "/crm/v3/objects/contacts/../100002"),
    *(("POST", f"/crm/objects/2026-09/contacts/batch/{word}") for word in ("read", "create", "update", "upsert")),
    ("POST", "/crm/v3/objects/contacts/batch/archive"),
    *(("POST", f"/crm/v4/associations/contacts/deals/batch/{word}") for word in ("read", "create", "archive")),
    ("POST", "/crm/v4/associations/contacts/deals/batch/associate/default"),
    ("POST", "/crm/v4/associations/contacts/deals/batch/labels/archive"),
    ("POST", "/crm/v4/associations/contacts/deals/labels"),
    ("PUT", "/crm/v4/objects/contacts/100002/associations/deals/14000002"),
    ("POST", "/crm/v3/properties/contacts"),
    ("PATCH", "/crm/v3/properties/contacts/city"),
    ("POST", "/oauth/v1/token"),
]  # fmt: skip
WORDS = [
    "inputs", "id", "properties", "filterGroups", "filters", "propertyName", "operator", "value", "values", "sorts",
    "associations", "to", "from", "types", "associationTypeId", "email", "idProperty", "limit", "after", "options",
    "propertiesWithHistory", "primaryObjectId", "objectIdToMerge", "label", "name", "lifecyclestage", "query",
    "EQ", "BETWEEN", "IN", "100002", "hs_object_id", "objectWriteTraceId",
]  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 200), st.floats(allow_nan=False), st.sampled_from(WORDS))
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=5)),
    max_leaves=8,
)


def some(**keys):
    """A body that knows the words of one call and holds anything under them."""
    return st.fixed_dictionaries({}, optional={name: st.one_of(value, ANYTHING) for name, value in keys.items()})


IDS = st.sampled_from(["100002", "14000002", "ada@acme.example", "999", 100002, None])
TYPES = st.lists(some(associationTypeId=st.sampled_from([4, 279, "x"])), max_size=2)
PROPERTIES = st.dictionaries(st.sampled_from(["email", "city", "lifecyclestage", "createdate", "x"]), ANYTHING)
LINKS = st.lists(some(to=some(id=IDS), types=TYPES), max_size=2)
ENDS = st.one_of(some(id=IDS), st.lists(some(id=IDS), max_size=2))
INPUT = some(
    id=IDS,
    idProperty=st.sampled_from(["email", "city", "hs_object_id"]),
    properties=PROPERTIES,
    objectWriteTraceId=st.sampled_from(["t1", "t2"]),
    associations=LINKS,
    to=ENDS,
    types=TYPES,
    **{"from": some(id=IDS)},
)
FILTER = some(
    propertyName=st.sampled_from(["email", "createdate", "associations.deal", "associations.x", "hs_object_id"]),
    operator=st.sampled_from(["EQ", "IN", "BETWEEN", "GT", "CONTAINS_TOKEN", "HAS_PROPERTY"]),
    value=IDS,
    values=st.lists(IDS, max_size=2),
    highValue=IDS,
)
FILTERS = st.lists(FILTER, max_size=2)
BODIES = st.one_of(
    ANYTHING,
    some(inputs=st.lists(INPUT, max_size=3), properties=st.lists(st.sampled_from(WORDS)), idProperty=IDS),
    some(filterGroups=st.lists(some(filters=FILTERS), max_size=2), sorts=st.lists(st.just("email")), query=IDS),
    some(properties=PROPERTIES, associations=LINKS, primaryObjectId=IDS, objectIdToMerge=IDS, objectId=IDS),
    some(name=st.sampled_from(["city", "mine"]), type=IDS, options=st.lists(some(value=IDS, label=IDS), max_size=2)),
    TYPES,
)
QUERIES = st.sampled_from(
    ["", "limit=0", "limit=x", "after=-1", "after=999999999", "archived=Maybe", "idProperty=city"]
)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(PATHS), BODIES, QUERIES)
def test_no_body_breaks_the_face(path, body, query):
    sandbox = build_hubspot()
    sandbox.org.create("contacts", {"email": "ada@acme.example"}, actor=sandbox.rep)
    sandbox.org.create("deals", {"dealname": "Big", "dealstage": "contractsent"}, actor=sandbox.rep)
    response = sandbox.call(path[0], path[1], body, query=query)
    assert response.status in {200, 201, 204, 207, 400, 404, 409}
    if response.headers.get("Content-Type", "").startswith("application/json"):
        json.loads(response.body)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PATHS), st.binary(max_size=60))
def test_no_bytes_break_the_face(path, raw):
    sandbox = build_hubspot()
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    request = WireRequest(method=path[0], path=path[1], headers=headers, body=raw)
    assert sandbox.face.respond(request).status in {200, 201, 204, 207, 400, 404, 409}
