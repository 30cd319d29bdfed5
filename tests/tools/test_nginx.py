"""The service behind nginx, as deploy/nginx.conf has it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from fake_spotify import FakeSpotify
from tests.contract.http_client import Answer, post_form, send
from tests.contract.processes import free_port, launched, wait_until
from tests.programs import need
from tests.service.running import START_SECONDS, Running, running_service

pytestmark = pytest.mark.one_python

ROOT = Path(__file__).parents[2]
SITE = (ROOT / "deploy/nginx.conf").read_text()
AROUND_IT = """
daemon off;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


@contextmanager
def nginx(folder: Path, service: Running, site: str = SITE) -> Iterator[str]:
    """Run nginx in front of *service*, and give its URL."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    port = free_port()
    for ours, here in (
        (r"127\.0\.0\.1:4343", service.url.removeprefix("http://")),
        (r"listen 443", f"listen 127.0.0.1:{port}"),
        (r"\n *listen \[::\].*", ""),
        (r"/etc/letsencrypt\S+(?=;)", f"{folder}/server.pem"),
    ):
        site, changed = re.subn(ours, here, site)
        assert changed, ours
    (folder / "nginx.conf").write_text(AROUND_IT.format(folder=folder, site=site))
    command = [need("nginx"), "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "log"]
    url = f"https://127.0.0.1:{port}"
    with launched(command) as process:
        wait_until(lambda: process.poll() is not None or is_ready(url, folder), START_SECONDS)
        assert process.poll() is None, (folder / "log").read_text()
        yield url


def is_ready(url: str, folder: Path) -> bool:
    try:
        return send("GET", f"{url}/readyz", cafile=folder / "ca.pem").status == 200
    except OSError:
        return False


def swap(url: str, folder: Path, code: str, claimed: str) -> Answer:
    headers = {"X-Forwarded-For": claimed}
    return post_form(f"{url}/swap", {"code": code}, headers, cafile=folder / "ca.pem")


def test_nginx_adds_tls_and_tells_the_clients_own_address(
    spotify: FakeSpotify, tmp_path: Path
) -> None:
    limited = {"PROXIES_COUNT": "1", "RATE_LIMIT": "2/minute"}
    with (
        running_service(spotify.accounts_url, **limited) as service,
        nginx(tmp_path, service) as url,
    ):
        seen = [swap(url, tmp_path, spotify.code(), f"192.0.2.{n}") for n in range(3)]
        wait_until(lambda: service.log().count("POST /swap") == 3)
        log = service.log()

    assert [answer.status for answer in seen] == [200, 200, 429]
    assert json.loads(seen[0].body)["refresh_token"].startswith("s1.")
    assert "192.0.2." not in log


def test_the_documented_prefix_is_taken_off(spotify: FakeSpotify, tmp_path: Path) -> None:
    page = (ROOT / "docs/deploy-anywhere.md").read_text()
    [block] = re.findall(r"^location /spotify/ \{.*?^\}", page, re.MULTILINE | re.DOTALL)
    site = SITE.replace("    location / {", f"{block}\n    location / {{")
    with (
        running_service(spotify.accounts_url) as service,
        nginx(tmp_path, service, site) as url,
    ):
        swapped = swap(f"{url}/spotify", tmp_path, spotify.code(), "192.0.2.1")
        outside = send("GET", f"{url}/spotify/readyz/", cafile=tmp_path / "ca.pem")

    assert (swapped.status, outside.status) == (200, 200)
