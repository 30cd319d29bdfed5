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
# A request has 32 hex digits as its id.
SWAP_ANSWER = {**REFRESH_ANSWER, "refresh_token": "AQ" + "b3-_Q" * 19 + "wx$request_id"}

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
  {rest}
}}
"""
# It refreshes without a rotation, and gives each swap a refresh token of its own. The forms of
# swaps are the longer ones.
_ACCOUNTS = """
  map $content_length $answer {{
    "~^[12]?[0-9]?[0-9]$" '{refreshed}';
    default '{swapped}';
  }}
  server {{ listen 127.0.0.1:{port}{tls}; location = /api/token {{ return 200 $answer; }} }}
"""
_RELAY = """
  upstream accounts {{ server {upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location = /swap {{
      proxy_pass http://accounts/api/token; proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


@dataclass(frozen=True)
class Cores:
    """One core for the program under test, one for everything that serves or loads it, or any."""

    tested: int | None = None
    others: int | None = None

    @classmethod
    def of_this_machine(cls) -> Self:
        """Return two cores that this process may use."""
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            raise SystemExit("needs two cores: one for the program under test, one for the load")
        return cls(*allowed[:2])


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

    def nginx(self, certificate: Path | None = None) -> tuple[str, Tested]:
        """
        Start an accounts service that answers at once; return its URL and itself.

        Args:
            certificate: A PEM file with its key; None for plain HTTP.
        """
        port, tls = free_port(), ""
        if certificate is not None:
            tls = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}"
            tls += "; ssl_session_cache shared:a:1m"
        answers = {"refreshed": json.dumps(REFRESH_ANSWER), "swapped": json.dumps(SWAP_ANSWER)}
        server = _ACCOUNTS.format(port=port, tls=tls, **answers)
        nginx = self._nginx(server, port, self.cores.others)
        return f"http{'s' if certificate else ''}://127.0.0.1:{port}", nginx

    def relay(self, upstream: str) -> Tested:
        """Start an nginx that only passes requests on, where programs under test run."""
        port = free_port()
        server = _RELAY.format(port=port, upstream=upstream.removeprefix("http://"))
        return self._nginx(server, port, self.cores.tested)

    def _nginx(self, server: str, port: int, core: int | None) -> Tested:
        prefix = self.folder / f"nginx-{port}"
        prefix.mkdir()
        config = prefix / "nginx.conf"
        config.write_text(_NGINX.format(prefix=prefix, rest=server))
        command = [tool("nginx"), "-p", str(prefix), "-c", str(config), "-e", "stderr"]
        nginx = Tested(self.start(command, core, "nginx"), port)
        _wait_for_port(port)
        return nginx

    def certificate(self) -> Path:
        """Make a certificate for 127.0.0.1, with its key in the same file."""
        path = self.folder / "certificate.pem"
        command = [tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt"]
        command += ["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=benchmark"]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out"]
        subprocess.run([*command, str(self.folder / "public.pem")], check=True, capture_output=True)
        path.write_bytes(path.read_bytes() + (self.folder / "public.pem").read_bytes())
        return path

    def slow_upstream(self, delay_seconds: float) -> str:
        """Start the slow accounts service, which knows swaps alone; return its URL."""
        port = free_port()
        answer = self.folder / "answer.json"
        answer.write_text(json.dumps(SWAP_ANSWER))
        script = str(HERE / "slow_upstream.py")
        command = [sys.executable, script, str(port), str(delay_seconds), str(answer)]
        self.start(command, self.cores.others, "slow_upstream")
        _wait_for_port(port)
        return f"http://127.0.0.1:{port}"

    def service(self, upstream: str, **settings: str) -> Tested:
        """Start the service with its defaults and *settings*; return it at once."""
        command = [sys.executable, "-m", "sanic_swap", "serve"]
        return self.other("service", command, upstream, **settings)

    def floor(self, upstream: str, **environment: str) -> Tested:
        """Start the floor; return it at once."""
        port = free_port()
        command = [sys.executable, str(HERE / "floor.py"), str(port), upstream]
        return Tested(self.start(command, self.cores.tested, "floor", environment), port)

    def other(self, name: str, command: list[str], upstream: str, **settings: str) -> Tested:
        """Start another swap service that is told by our settings what to do; return it at once."""
        port = free_port()
        environment = {
            "CLIENT_ID": "benchmark",
            "CLIENT_SECRET": "benchmark-secret",
            "CALLBACK_URL": "benchmark://callback",
            "ENCRYPTION_SECRET": "benchmark/benchmark/benchmark/benchmark/abc",
            "SPOTIFY_ACCOUNTS_URL": upstream,
            "PORT": str(port),
            **settings,
        }
        return Tested(self.start(command, self.cores.tested, name, environment), port)

    def start(
        self,
        command: list[str],
        core: int | None,
        name: str,
        environment: dict[str, str] | None = None,
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


def bound_to_us(core: int | None) -> None:
    """Run in the child: its core, and its end if this process is killed."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
