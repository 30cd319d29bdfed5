"""Who may control a fake, and who may not: web pages of others, and hosts that are not loopback."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from fake_spotify import FakeSpotify
from fake_spotify.control.guard import Guard
from tests.chromium import opened
from tests.fake.browser import ask

HERE = "127.0.0.1:8090"
GUARD = Guard("127.0.0.1", frozenset({"fake.test"}))


def _refusal(*headers, guard=GUARD, method="POST", scheme="http", is_page=False):
    return guard.refusal(scheme, method, headers, is_page=is_page)


LINK = [("Host", HERE), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
ANYWHERE = {"guard": Guard("0.0.0.0")}
PAGE = {"method": "GET", "is_page": True}


@pytest.mark.parametrize(
    ("headers", "how"),
    [
        *(([("Host", host)], {}) for host in (HERE, "localhost:8090", "LOCALHOST.")),
        *(([("Host", host)], {}) for host in ("app.localhost:8090", "[::1]:8090", "127.8.9.1")),
        ([("Host", "fake.test:8090")], {}),
        ([("Host", HERE), ("Origin", f"http://{HERE}"), ("Sec-Fetch-Site", "same-origin")], {}),
        ([("Host", "localhost"), ("Origin", "http://localhost:80")], {}),
        ([("Host", HERE), ("Sec-Fetch-Site", "none")], {}),
        (LINK, PAGE),
        ([("Host", "fake:8090")], ANYWHERE),
    ],
)
def test_programs_links_to_a_page_and_the_fakes_own_page_may(headers, how):
    assert _refusal(*headers, **how) is None


@pytest.mark.parametrize(
    ("headers", "how", "named"),
    [
        ([], {}, "host"),
        *(
            ([("Host", host)], {}, "host")
            for host in ("evil.example:8090", "127.0.0.1.evil.example", "10.0.0.7")
        ),
        ([("Host", "user@127.0.0.1")], {}, "host"),
        ([("Host", HERE), ("Host", HERE)], {}, "host"),
        ([("Host", "evil.example"), *LINK[1:]], PAGE, "host"),
        *(
            ([("Host", HERE), ("Origin", origin)], {}, "origin")
            for origin in ("null", "https://evil.example", f"https://{HERE}")
        ),
        ([("Host", HERE), ("Origin", "http://127.0.0.1:3000")], {}, "origin"),
        ([("Host", HERE), ("Origin", "http://localhost:8090")], {}, "origin"),
        ([("Host", HERE), ("Origin", f"http://{HERE}"), ("Origin", "null")], {}, "origin"),
        ([("Host", "fake:8090"), ("Origin", "http://evil.example")], ANYWHERE, "origin"),
        ([("Host", HERE), ("Sec-Fetch-Site", "cross-site")], {}, "sec-fetch-site"),
        ([("Host", HERE), ("Sec-Fetch-Site", "same-site")], {}, "sec-fetch-site"),
        (LINK, {"method": "GET"}, "sec-fetch-site"),
        (LINK, {"method": "POST", "is_page": True}, "sec-fetch-site"),
    ],
)
def test_others_may_not_and_are_told_by_which_header(headers, how, named):
    assert _refusal(*headers, **how).startswith(f"{named}: ")


@pytest.fixture(scope="module")
def spotify():
    with FakeSpotify(allowed_hosts=["Fake.test"]) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("", "/", "/health", "/apps", "/events", "/openapi.json")),
        *(("POST", "/faults"), ("POST", "/reset"), ("PUT", "/clock"), ("DELETE", "/requests")),
        ("PATCH", "/nowhere"),
    ],
)
@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_every_control_path_is_guarded(spotify, method, path, headers):
    seen = ask(spotify.accounts_url, method, f"/_fake{path}", headers=headers, body="{}")

    assert seen.status == 403
    assert next(iter(headers)) in json.loads(seen.body)["error"]


def test_an_allowed_host_may(spotify):
    headers = {"host": "fake.test"}

    assert ask(spotify.accounts_url, "GET", "/_fake/apps", headers=headers).status == 200


def test_spotifys_own_endpoints_stay_open_to_every_origin(spotify):
    headers = {"origin": "https://app.example", "host": "accounts.example"}

    assert ask(spotify.accounts_url, "POST", "/api/token", headers=headers).status == 500


@pytest.mark.parametrize(
    ("method", "path", "status", "allow", "said"),
    [
        *(
            ("GET", path, 404, None, f"path: {path} is not known; ")
            for path in ("/nowhere", "/faults/1/2", "/clock/")
        ),
        ("POST", "/clock", 405, "GET, PUT", "method: /clock takes GET, PUT"),
    ],
)
def test_what_is_no_control_request_is_refused_as_json(spotify, method, path, status, allow, said):
    seen = ask(spotify.accounts_url, method, f"/_fake{path}")

    assert (seen.status, seen.header("allow")) == (status, allow)
    assert json.loads(seen.body)["error"].startswith(said)


class StrangeSite(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>a strange site</title>")

    def log_message(self, *_):
        pass


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    async with opened("about:blank", "--host-resolver-rules=MAP rebound.example 127.0.0.1") as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def strange(browser):
    """A browser that shows a page of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), StrangeSite) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        await browser.call("Page.navigate", url=f"http://127.0.0.1:{server.server_port}")
        await browser.until("document.title === 'a strange site'")
        yield browser
        server.shutdown()


in_one_loop = pytest.mark.asyncio(loop_scope="module")


@in_one_loop
async def test_in_a_browser_a_strange_site_changes_and_reads_nothing(spotify, strange):
    script = """(async () => {
      const base = '%s';
      const tries = [
        fetch(base + '/faults', {method: 'POST', mode: 'no-cors', headers:
          {'content-type': 'text/plain'}, body: '{"kind": "status", "status": 200}'}),
        fetch(base + '/reset', {method: 'POST', mode: 'no-cors', body: '{}'}),
        fetch(base + '/requests', {mode: 'no-cors'}),
        new Promise(done => { const script = document.createElement('script');
          script.src = base + '/apps'; script.onload = script.onerror = done;
          document.head.append(script); }),
      ];
      await Promise.allSettled(tries);
      const read = await fetch(base + '/apps').then(answer => answer.text(), () => 'blocked');
      const live = await new Promise(done => { const source = new EventSource(base + '/events');
        source.onopen = () => done('open'); source.onerror = () => done('blocked'); });
      const frame = document.createElement('iframe'); frame.src = base + '/';
      document.body.append(frame); await new Promise(done => { frame.onload = done; });
      const form = document.createElement('form'), field = document.createElement('input');
      form.method = 'post'; form.enctype = 'text/plain'; form.action = base + '/faults';
      field.name = '{"kind": "huge", "times": "forever", "client_id": "'; field.value = '"}';
      form.append(field); document.body.append(form);
      let framed; try { framed = frame.contentDocument === null ? 'opaque' : 'readable'; }
      catch { framed = 'opaque'; }
      setTimeout(() => form.submit(), 100);
      return [read, live, framed];
    })()"""
    grant = spotify.grant()
    seen = await strange.run(script % spotify.control_url)
    await strange.until("location.href.includes('/_fake/faults')")
    shown = await strange.run("document.body.innerText")

    assert seen == ["blocked", "blocked", "opaque"]
    assert "other origins" in shown
    assert spotify.faults() == []
    assert grant in spotify.grants()


@in_one_loop
async def test_in_a_browser_a_link_from_elsewhere_leads_to_the_page(spotify, strange):
    await strange.run(f"location.href = {json.dumps(spotify.control_url + '/')}")
    await strange.until("document.querySelectorAll('#fault-list li').length > 40")


@in_one_loop
async def test_in_a_browser_a_name_that_was_rebound_gets_nothing(spotify, strange):
    port = urlsplit(spotify.accounts_url).port
    await strange.call("Page.navigate", url=f"http://rebound.example:{port}/_fake/")
    await strange.until("document.body && document.body.innerText.includes('loopback')")
    said = await strange.run("fetch('/_fake/apps').then(answer => answer.text())")

    assert "client_secret" not in said
    assert "--allow-host" in said
