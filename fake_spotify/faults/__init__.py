"""How the fake misbehaves: every fault by its class, and which request each planned one waits for.

A request comes in; another answer (`answers`) or damage on the connection (`wires`) goes out.
Import the classes from here.
"""

from fake_spotify.faults.answers import AbsentScope as AbsentScope
from fake_spotify.faults.answers import AgedIsRevoked as AgedIsRevoked
from fake_spotify.faults.answers import Agree as Agree
from fake_spotify.faults.answers import BadGateway as BadGateway
from fake_spotify.faults.answers import BadRequest as BadRequest
from fake_spotify.faults.answers import BlankScope as BlankScope
from fake_spotify.faults.answers import Cancel as Cancel
from fake_spotify.faults.answers import CaptivePortal as CaptivePortal
from fake_spotify.faults.answers import DoNotRotate as DoNotRotate
from fake_spotify.faults.answers import EmptyAnswer as EmptyAnswer
from fake_spotify.faults.answers import EmptyRefreshToken as EmptyRefreshToken
from fake_spotify.faults.answers import FalseInvalidGrant as FalseInvalidGrant
from fake_spotify.faults.answers import Forbidden as Forbidden
from fake_spotify.faults.answers import NoHealthyUpstream as NoHealthyUpstream
from fake_spotify.faults.answers import OAuthError as OAuthError
from fake_spotify.faults.answers import QuotaExceeded as QuotaExceeded
from fake_spotify.faults.answers import Redirected as Redirected
from fake_spotify.faults.answers import Rotate as Rotate
from fake_spotify.faults.answers import Status as Status
from fake_spotify.faults.answers import TooManyRequests as TooManyRequests
from fake_spotify.faults.answers import TooManyRequestsUntil as TooManyRequestsUntil
from fake_spotify.faults.answers import UpstreamReset as UpstreamReset
from fake_spotify.faults.answers import UpstreamTimeout as UpstreamTimeout
from fake_spotify.faults.queue import Fault as Fault
from fake_spotify.faults.wires import BrokenJson as BrokenJson
from fake_spotify.faults.wires import CloseBeforeHead as CloseBeforeHead
from fake_spotify.faults.wires import ContentType as ContentType
from fake_spotify.faults.wires import Dribble as Dribble
from fake_spotify.faults.wires import Garbage as Garbage
from fake_spotify.faults.wires import GzipBomb as GzipBomb
from fake_spotify.faults.wires import Huge as Huge
from fake_spotify.faults.wires import InformationalFlood as InformationalFlood
from fake_spotify.faults.wires import LongBody as LongBody
from fake_spotify.faults.wires import Members as Members
from fake_spotify.faults.wires import ResetBeforeHead as ResetBeforeHead
from fake_spotify.faults.wires import ResetInBody as ResetInBody
from fake_spotify.faults.wires import ResetInHead as ResetInHead
from fake_spotify.faults.wires import ShortBody as ShortBody
from fake_spotify.faults.wires import Silence as Silence
from fake_spotify.faults.wires import SlowBody as SlowBody
from fake_spotify.faults.wires import SlowHead as SlowHead
