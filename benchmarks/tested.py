"""A running service or floor, and what can be seen of it from outside."""

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

SECONDS_TO_START = 300.0  # one that hangs; one that ends is seen at once
_POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Tested:
    """One process under test, and the loopback port it listens on."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu_seconds(self) -> float:
        """Return the processor time used so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory_mb(self) -> float:
        """Return the resident memory."""
        return self._status_mb("VmRSS")

    def forget_peak(self) -> None:
        """Let `peak_mb` begin anew."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_mb(self) -> float:
        """Return the most resident memory since the start, or since `forget_peak`."""
        return self._status_mb("VmHWM")

    def _status_mb(self, name: str) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        (kilobytes,) = (line.split()[1] for line in lines if line.startswith(name))
        return int(kilobytes) / 1024

    def wait_for_success(self, request: bytes) -> None:
        """Send *request* every few milliseconds until it is answered with 200."""
        last = "no connection"
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.process.args} ended with {self.process.returncode}")
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                    connection.sendall(request)
                    answer = connection.recv(65536)
            except OSError as error:
                last = str(error)
            else:
                if answer.startswith(b"HTTP/1.1 200 "):
                    return
                last = answer[:200].decode(errors="replace")
            time.sleep(_POLL_SECONDS)
        raise SystemExit(f"{self.process.args} never answered with 200; at last: {last}")
