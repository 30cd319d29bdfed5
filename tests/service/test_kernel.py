"""What the process asks of the kernel: its port, open files, and that no core dump shows a key."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.contract.http_client import send
from tests.service.running import (
    NOWHERE,
    SERVE,
    Running,
    environment,
    run_command,
    started,
    with_sitecustomize,
)

CHECK = [sys.executable, "-m", "sanic_swap", "check", "--offline"]
TELL = """
import atexit, ctypes, pathlib, resource
def tell():
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
    pathlib.Path({file!r}).write_text(f"{{dumpable}} {{resource.getrlimit(resource.RLIMIT_CORE)}}")
atexit.register(tell)
"""
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into the kernel")


@pytest.mark.parametrize(
    ("names", "host", "code"),
    [
        (("HOST", "PORT"), "127.0.0.1", 1),
        (("METRICS_PORT", "METRICS_HOST"), "127.0.0.1", 1),
        (("METRICS_PORT", "METRICS_HOST"), "no-such-host.invalid", 2),
    ],
)
def test_a_port_in_use_may_become_free_and_a_wrong_host_stays_wrong(
    names: tuple[str, str], host: str, code: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        settings = {name: host if name.endswith("HOST") else port for name in names}
        run = run_command("serve", env=environment(NOWHERE, **settings))

    assert run.returncode == code
    assert f"{', '.join(names)}: cannot listen on {host}:{port}: " in run.stderr
    assert "Traceback" not in run.stderr


@needs_linux
def test_serve_alone_keeps_its_memory_from_core_dumps(tmp_path: Path) -> None:
    file = tmp_path / "told"
    spy = with_sitecustomize(tmp_path, TELL.format(file=str(file)))
    with started(SERVE, environment(NOWHERE, **spy)) as service:
        service.process.terminate()
        assert service.exit_code() == 0
    served = file.read_text()
    run_command("keygen", env=spy)

    assert served == "0 (0, 0)"
    assert file.read_text().startswith("1 ")


@contextmanager
def with_open_files(limit: str, **settings: str) -> Iterator[Running]:
    """Run the service under a limit of open files, in the words of the shell's `ulimit`."""
    command = ["sh", "-c", f'ulimit {limit} && exec "$@"', "sh", *SERVE]
    with started(command, environment(NOWHERE, **settings)) as service:
        yield service


@needs_linux
def test_the_soft_limit_of_open_files_is_raised_as_far_as_needed() -> None:
    with with_open_files("-Sn 256") as service:
        limits = Path(f"/proc/{service.process.pid}/limits").read_text()
        assert "open files" not in service.log()

    assert re.search(r"Max open files +3100 ", limits)


@needs_linux
def test_a_hard_limit_that_is_too_low_is_told_and_locks_nobody_out() -> None:
    with ExitStack() as stack:
        service = stack.enter_context(with_open_files("-n 200"))
        for _ in range(300):
            stack.enter_context(socket.create_connection(service.address))
        assert send("GET", f"{service.url}/healthz").status == 200
        [line] = [line["message"] for line in service.lines() if "open files" in line["message"]]

    assert line.startswith(
        "MAX_CONNECTIONS, MAX_IN_FLIGHT: need 3100 open files, and this process may have 200;"
        " so it keeps at most 100 connections. "
    )


@needs_linux
def test_check_tells_a_hard_limit_that_is_too_low() -> None:
    command = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh", *CHECK]
    done = subprocess.run(command, env=environment(NOWHERE), capture_output=True, text=True)

    assert done.returncode == 1
    assert "this process may have 200" in " ".join(done.stdout.split())
