"""Starts the programs of a run, each on its own core, and ends them whatever happens."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tested import SECONDS_TO_START, Tested

HERE = Path(__file__).parent
_SECONDS_TO_STOP = 5.0
_POLL_SECONDS = 0.002
_PR_SET_PDEATHSIG = 1

# Members and sizes of what accounts.spotify.com answers today.
REFRESH_ANSWER = {
    "access_token": "BQ" + "aZ09_-k7" * 37 + "wxyz",
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "playlist-modify-private playlist-read-private streaming user-library-read"
    " user-modify-playback-state user-read-email user-read-private",
}
SWAP_ANSWER = {**REFRESH_ANSWER, "refresh_token": "AQ" + "b3-_Q" * 25 + "wxyz"}

_NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log {prefix}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  client_body_temp_path {prefix}/body;
  proxy_temp_path {prefix}/proxy;
  fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi;
  scgi_temp_path {prefix}/scgi;
  server {{ listen 127.0.0.1:{refresh}; location = /api/token {{ return 200 '{refreshed}'; }} }}
  server {{ listen 127.0.0.1:{swap}; location = /api/token {{ return 200 '{swapped}'; }} }}
}}
"""


@dataclass(frozen=True)
class Cores:
    """One core for the program under test, one for everything that serves or loads it."""

    tested: int
    others: int


class Programs:
    """
    The child processes of a run; none outlives this object's `with`, nor this process.

    Attributes:
        folder: A directory of the run, for logs and configuration.
    """

    def __init__(self, folder: Path, cores: Cores) -> None:
        self.folder = folder
        self.cores = cores
        self._children = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._children.close()

    def nginx(self) -> tuple[str, str]:
        """Start the instant accounts service; return its URLs for refreshes and for swaps."""
        refresh, swap = free_port(), free_port()
        config = self.folder / "nginx.conf"
        config.write_text(
            _NGINX.format(
                prefix=self.folder,
                refresh=refresh,
                swap=swap,
                refreshed=json.dumps(REFRESH_ANSWER),
                swapped=json.dumps(SWAP_ANSWER),
            )
        )
        command = [tool("nginx"), "-p", str(self.folder), "-c", str(config), "-e", "stderr"]
        self.start(command, self.cores.others, "nginx")
        _wait_for_port(refresh)
        _wait_for_port(swap)
        return f"http://127.0.0.1:{refresh}", f"http://127.0.0.1:{swap}"

    def slow_upstream(self, delay_seconds: float) -> str:
        """Start the slow accounts service; return its URL."""
        port = free_port()
        answer = self.folder / "answer.json"
        answer.write_text(json.dumps(REFRESH_ANSWER))
        script = str(HERE / "slow_upstream.py")
        command = [sys.executable, script, str(port), str(delay_seconds), str(answer)]
        self.start(command, self.cores.others, "slow_upstream")
        _wait_for_port(port)
        return f"http://127.0.0.1:{port}"

    def service(self, upstream: str, encryption_secret: str, **settings: str) -> Tested:
        """Start the service with its defaults and *settings*; return it at once."""
        port = free_port()
        environment = {
            "CLIENT_ID": "benchmark",
            "CLIENT_SECRET": "benchmark-secret",
            "CALLBACK_URL": "benchmark://callback",
            "ENCRYPTION_SECRET": encryption_secret,
            "SPOTIFY_ACCOUNTS_URL": upstream,
            "PORT": str(port),
            **settings,
        }
        command = [sys.executable, "-m", "sanic_swap", "serve"]
        return Tested(self.start(command, self.cores.tested, "service", environment), port)

    def floor(self, upstream: str) -> Tested:
        """Start the floor; return it at once."""
        port = free_port()
        command = [sys.executable, str(HERE / "floor.py"), str(port), upstream]
        return Tested(self.start(command, self.cores.tested, "floor"), port)

    def start(
        self, command: list[str], core: int, name: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start *command* on *core*, what it prints in a file of the run's directory."""
        kept = {key: os.environ[key] for key in ("PATH", "PYTHONPATH") if key in os.environ}
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=self.folder,  # where no .env of anybody's is read
                env={**kept, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: bound_to_us(core),
            )
        self._children.callback(stop, child)
        return child


def stop(child: subprocess.Popen[bytes]) -> None:
    """End *child*, gently first."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def tool(name: str) -> str:
    """Return where the program *name* is; Debian keeps servers off the usual path."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise SystemExit(f"{name} is not installed")
    return found


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise SystemExit(f"nothing listens on port {port}")


def bound_to_us(core: int) -> None:
    """Run in the child: its core, and its end if this process is killed."""
    os.sched_setaffinity(0, {core})
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
