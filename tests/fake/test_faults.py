"""Faults as objects: what each does on the wire, and how a JSON object becomes one."""

import gzip
import json
from email.utils import parsedate_to_datetime

import pytest

from fake_spotify import choices, faults
from fake_spotify.apps.app import App
from fake_spotify.choices import ChoiceError
from fake_spotify.facts.registrations import Policy, Registration
from fake_spotify.faults import answers, kinds, wires
from fake_spotify.faults.queue import FaultQueue
from fake_spotify.matching import Match, Request
from fake_spotify.replies import Pause, Reply

BODY = b'{"access_token":"BQabc","expires_in":3600}'
NORMAL = Reply(200, (("content-type", "application/json"),), BODY)
PACKED = Reply(
    200, (("content-type", "application/json"), ("content-encoding", "gzip")), gzip.compress(BODY)
)
HEAD = wires.head(NORMAL)


def _bytes(steps):
    return b"".join(step for step in steps if isinstance(step, bytes))


def test_a_dribble_is_the_whole_answer_byte_by_byte():
    steps = list(wires.Dribble(0.5).steps(NORMAL))

    assert _bytes(steps) == HEAD + BODY
    assert steps[1::2] == [Pause(0.5)] * len(HEAD + BODY)


@pytest.mark.parametrize("normal", [NORMAL, PACKED], ids=["plain", "gzip"])
def test_a_changed_body_is_packed_as_before(normal):
    members = wires.Members({"new": 1, "expires_in": "soon"}, ("access_token",))
    (changed,), (broken,) = members.steps(normal), wires.BrokenJson().steps(normal)

    assert json.loads(changed.plain_body()) == {"expires_in": "soon", "new": 1}
    assert broken.plain_body() == BODY[: len(BODY) // 2]


def test_a_gzip_bomb_is_small_and_whole_gzip():
    head, *packed = wires.GzipBomb(megabytes=50).steps(NORMAL)
    packed = _bytes(packed)

    assert head.endswith(b"content-encoding: gzip\r\n\r\n")
    assert len(packed) < 100_000
    assert len(json.loads(gzip.decompress(packed))["access_token"]) == 50_000_000


def test_400_megabytes_are_never_in_memory_at_once():
    sizes = [len(step) for step in wires.Huge(400).steps(NORMAL)]

    assert sum(sizes) > 400_000_000
    assert max(sizes) <= 256 * 1024


def test_retry_after_can_be_a_date():
    reply = answers.TooManyRequestsUntil(30).reply(1_700_000_000)

    when = parsedate_to_datetime(dict(reply.headers)["retry-after"])
    assert when.timestamp() == 1_700_000_030


def test_every_fault_can_be_imported_from_one_place():
    found = {made.__name__: made for made in kinds.KINDS.values()}

    assert found == {name: getattr(faults, name, None) for name in found}


@pytest.mark.parametrize(
    "variation",
    [made for made in kinds.KINDS.values() if issubclass(made, answers.Variation)],
)
def test_a_variation_is_a_choice_of_policy(variation):
    assert variation().vary(Policy()) == choices.policy(variation.changes, Policy())


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
def test_every_fault_survives_the_way_over_http(kind):
    needed = {
        name: {"int": 200, "float": 1.5, "str": "text/html"}[type_.__name__]
        for name, (type_, is_needed) in kinds.parameters(kinds.KINDS[kind]).items()
        if is_needed
    }
    fault = kinds.from_members({"kind": kind, **needed})
    described = json.loads(json.dumps(kinds.members_of(fault)))

    assert kinds.from_members(described) == fault
    assert type(fault).__doc__


REFRESH = Request("POST", "/api/token", "an-app", {"grant_type": "refresh_token"})
SWAP = Request("POST", "/api/token", "an-app", {"grant_type": "authorization_code", "code": "AQ1"})
ONE, TWO = answers.Status(501), answers.Status(502)


def _played(queue, *requests):
    taken = [queue.take(request) for request in requests]
    return [planned and planned.fault for planned in taken]


def test_faults_are_played_in_the_order_of_planning_and_once_unless_more_was_said():
    queue = FaultQueue()
    queue.add(ONE)
    queue.add(TWO, times=2)
    queue.add(ONE, times=None)

    assert _played(queue, *[SWAP] * 5) == [ONE, TWO, TWO, ONE, ONE]


@pytest.mark.parametrize(
    "match",
    [
        Match(grant_type="authorization_code"),
        Match(token="AQ1"),
        Match(client_id="an-app", token="AQ1"),
    ],
    ids=str,
)
def test_a_fault_waits_for_the_request_it_is_for(match):
    queue = FaultQueue()
    queue.add(ONE, match=match)

    assert _played(queue, REFRESH, SWAP) == [None, ONE]


def test_a_fault_is_for_the_token_endpoint_unless_a_path_is_named():
    queue = FaultQueue()
    queue.add(ONE)
    queue.add(TWO, match=Match(path="/v1/me"))
    profile = Request("GET", "/v1/me", None)

    assert _played(queue, profile, profile) == [TWO, None]


def test_faults_that_were_not_reached_are_named():
    queue = FaultQueue()
    queue.add(ONE, times=2)
    queue.add(TWO, times=None)
    queue.take(SWAP)

    (complaint,) = queue.complaints()
    assert "Status(status=501" in complaint
    assert "2 times, played it 1" in complaint


def _by_name(*arguments, **keywords):
    app = App(Registration("an-app", "hush", ("https://a.example/",)), Policy())
    return app.fault(*arguments, **keywords)


def test_a_fault_goes_by_its_name_with_its_parameters_as_keywords():
    match = {"grant_type": "refresh_token"}
    planned = _by_name("slow_body", seconds=0.3, match=match, times="forever")

    assert planned.fault == wires.SlowBody(0.3)
    assert planned.match == Match(grant_type="refresh_token")
    assert planned.times is None


@pytest.mark.parametrize(
    ("fault", "keywords", "said"),
    [
        ("NoHealthyUpstream", {}, "did you mean no_healthy_upstream?"),
        ("no-healthy-upstream", {}, "did you mean no_healthy_upstream?"),
        ("nonsense", {}, "kind: .*connection_refused, .*upstream_timeout"),
        ("silence", {"seconds": 3}, "^seconds: is not for silence"),
        ("slow_body", {"secnds": 1}, "did you mean seconds?"),
        ("slow_body", {}, "seconds: is needed"),
        ("slow_body", {"seconds": 601}, "seconds: must be from 0 to 600"),
        ("slow_head", {"seconds": -1}, "seconds: must not be negative"),
        ("slow_head", {"seconds": "3"}, "^seconds: must be a number"),
        ("slow_head", {"seconds": True}, "^seconds: must be a number"),
        ("dribble", {"seconds_per_byte": 3600}, "seconds_per_byte: must be from 0 to 600"),
        ("status", {"status": 2.5}, "^status: must be a whole number"),
        ("status", {"status": 99}, "^status: must be a number of three digits"),
        ("status", {"status": 1000}, "^status: must be a number of three digits"),
        ("status", {"status": 200, "headers": {"x": 1}}, "^headers: must be a string"),
        ("status", {"status": 200, "headers": {"a": "b\nc"}}, "^headers: must not"),
        ("status", {"status": 200, "headers": "x"}, "^headers: must be an object"),
        ("members", {"drop": "scope"}, "^drop: must be a list of strings"),
        ("members", {"drop": [1]}, "^drop: must be a string"),
        ("silence", {"mach": {"grant_type": "x"}}, "did you mean match?"),
        ("silence", {"match": {"grant": "x"}}, "did you mean grant_type?"),
        ("silence", {"times": 0}, "times: must be"),
        ("connection_refused", {"seconds": 1}, "for the whole fake"),
        (ONE, {"match": Match(status=200)}, "by the answer"),
        (ONE, {"status": 502}, "belongs into the fault"),
        (wires.ShortBody(), {"is_processed": False}, "the request is processed"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_what_is_wrong_with_it(fault, keywords, said):
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        _by_name(fault, **keywords)


def test_a_missing_kind_is_said_to_be_missing_and_the_list_is_complete():
    with pytest.raises(ChoiceError, match="kind: is missing") as caught:
        kinds.from_members({})

    for kind in (*kinds.KINDS, *kinds.OUTAGES):
        assert f" {kind}" in str(caught.value)
