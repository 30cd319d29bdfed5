"""Starts what the service needs around it: an accounts service that takes its time, a proxy."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contract.processes import free_port, launched, wait_until

_SLOW_UPSTREAM = Path(__file__).parents[2] / "benchmarks" / "slow_upstream.py"
_TOKENS = {"access_token": "BQ" + "x" * 120, "token_type": "Bearer", "expires_in": 3600}

_NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  upstream service {{ server 127.0.0.1:{behind}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
    }}
  }}
}}
"""
_HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  retries 0
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  default_backend service
backend service
  server one 127.0.0.1:{behind}
"""
PROXIES = {"nginx": _NGINX, "haproxy": _HAPROXY}


@contextmanager
def slow_spotify(seconds: float) -> Iterator[str]:
    """Run an accounts service that answers everything with tokens, *seconds* later."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        answer.write_text(json.dumps(_TOKENS))
        with _running(
            [sys.executable, str(_SLOW_UPSTREAM), str(port), str(seconds), str(answer)], port
        ):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def proxy(name: str, behind: int) -> Iterator[str]:
    """Run nginx or HAProxy, which retry nothing, in front of a port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config")
        config.write_text(PROXIES[name].format(folder=folder, behind=behind, port=port))
        more = ["-p", folder, "-e", "stderr", "-c"] if name == "nginx" else ["-f"]
        with _running([_found(name), *more, str(config)], port):
            yield f"http://127.0.0.1:{port}"


def _found(program: str) -> str:
    found = shutil.which(program, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin")))
    if found is None:
        sys.exit(f"{program} is not installed")
    return found


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with launched(command, stderr=subprocess.DEVNULL):
        wait_until(listens)
        yield
