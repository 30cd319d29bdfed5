"""A swap service with the faults that such services have, to see whether the suite finds them.

CLIENT_ID=… CLIENT_SECRET=… CALLBACK_URL=… python careless_service.py PORT ACCOUNTS_URL
"""

import base64
import http.client
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

_PAD = b"one pad for all users, " * 10
_CREDENTIALS = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode()
_BASIC = base64.b64encode(_CREDENTIALS).decode()


def seal(token: str) -> str:
    """Hide a token under a keystream that is always the same, and prove nothing."""
    return bytes(a ^ b for a, b in zip(token.encode(), _PAD, strict=False)).hex()


def unseal(sealed: str) -> str:
    """Return whatever comes out."""
    hidden = bytes.fromhex(sealed)
    return bytes(a ^ b for a, b in zip(hidden, _PAD, strict=False)).decode("latin-1")


class Careless(BaseHTTPRequestHandler):
    """Swaps and refreshes, as long as nothing goes wrong."""

    accounts = ""

    def do_GET(self) -> None:
        """Answer as web servers do by themselves."""
        self._answer(404, b"<h1>Not Found</h1>", "text/html")

    def do_POST(self) -> None:
        """Ask Spotify whatever came, and hand on whatever it says."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("latin-1")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/swap":
            asked = {
                "grant_type": "authorization_code",
                "code": form.get("code", ""),
                "redirect_uri": os.environ["CALLBACK_URL"],
            }
        else:
            plain = unseal(form.get("refresh_token", ""))
            asked = {"grant_type": "refresh_token", "refresh_token": plain}
        print("asking", asked, file=sys.stderr)
        status, answer = self._ask_spotify(asked)
        if status == 200 and self.path == "/swap":
            members = json.loads(answer)
            members["refresh_token"] = seal(members["refresh_token"])
            answer = json.dumps(members).encode()
        self._answer(status, answer, "application/json")

    def _ask_spotify(self, form: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.accounts)
        headers = {
            "Authorization": f"Basic {_BASIC}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection.request("POST", "/api/token", urlencode(form), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            os._exit(1)  # an error that nobody handles
        finally:
            connection.close()

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet about requests."""


if __name__ == "__main__":
    Careless.accounts = urlsplit(sys.argv[2]).netloc
    ThreadingHTTPServer.request_queue_size = 50  # twenty logins at once find their places
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Careless).serve_forever()
