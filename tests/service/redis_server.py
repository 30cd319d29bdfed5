"""A Redis server of a test's own, that can be killed, paused and started again."""

import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.contract import patience
from tests.contract.processes import launch, wait_until
from tests.programs import need
from tests.service.running import START_SECONDS


class RedisServer:
    """Listens on a Unix socket in a folder of its own; nothing is written to disk."""

    def __init__(self) -> None:
        self._program = need("redis-server")
        self._folder = tempfile.TemporaryDirectory()
        self._socket = Path(self._folder.name, "redis.sock")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, as STORE_URL has it."""
        return f"unix://{self._socket}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [self._program, "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = launch([*command, "--dir", self._folder.name], stdout=subprocess.DEVNULL)
        wait_until(lambda: self.ask("PING") == b"+PONG", START_SECONDS)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)

    def pause(self) -> None:
        """Let connections hang."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End the pause."""
        self._signal(signal.SIGCONT)

    def names(self) -> list[bytes]:
        """Return the names of all that is stored."""
        return self.ask("KEYS", "*").split(b"\r\n")[2::2]

    def everything(self) -> bytes:
        """Return all that is stored, names and values, as far as a value is text."""
        return b"\n".join((*self.names(), *(self.ask("GET", key.decode()) for key in self.names())))

    def ask(self, *words: str) -> bytes:
        """Return the answer to one command as it comes; nothing if it does not listen."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(patience.seconds(5))
            try:
                connection.connect(str(self._socket))
            except OSError:
                return b""
            command = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            connection.sendall(f"*{len(words)}\r\n{command}*1\r\n$4\r\nQUIT\r\n".encode())
            answer = b""
            while received := connection.recv(65_536):
                answer += received
        return answer.removesuffix(b"+OK\r\n").removesuffix(b"\r\n")

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
