"""
Every way to misbehave for a request, by its class.

    Fault
    ├── Replacement  another answer in place of Spotify's   fault_answers
    ├── Variation    a normal answer of a rarer kind        fault_variations
    └── Damage       damage on the way                      fault_wires
"""

from fake_spotify.fault_answers import BadGateway as BadGateway
from fake_spotify.fault_answers import BadRequest as BadRequest
from fake_spotify.fault_answers import CaptivePortal as CaptivePortal
from fake_spotify.fault_answers import EmptyAnswer as EmptyAnswer
from fake_spotify.fault_answers import FalseInvalidGrant as FalseInvalidGrant
from fake_spotify.fault_answers import Forbidden as Forbidden
from fake_spotify.fault_answers import NoHealthyUpstream as NoHealthyUpstream
from fake_spotify.fault_answers import OAuthError as OAuthError
from fake_spotify.fault_answers import Redirected as Redirected
from fake_spotify.fault_answers import Status as Status
from fake_spotify.fault_answers import TooManyRequests as TooManyRequests
from fake_spotify.fault_answers import TooManyRequestsUntil as TooManyRequestsUntil
from fake_spotify.fault_answers import UpstreamReset as UpstreamReset
from fake_spotify.fault_answers import UpstreamTimeout as UpstreamTimeout
from fake_spotify.fault_queue import Fault as Fault
from fake_spotify.fault_variations import AbsentScope as AbsentScope
from fake_spotify.fault_variations import AgedIsRevoked as AgedIsRevoked
from fake_spotify.fault_variations import Agree as Agree
from fake_spotify.fault_variations import BlankScope as BlankScope
from fake_spotify.fault_variations import Cancel as Cancel
from fake_spotify.fault_variations import DoNotRotate as DoNotRotate
from fake_spotify.fault_variations import EmptyRefreshToken as EmptyRefreshToken
from fake_spotify.fault_variations import Rotate as Rotate
from fake_spotify.fault_wires import BrokenJson as BrokenJson
from fake_spotify.fault_wires import CloseBeforeHead as CloseBeforeHead
from fake_spotify.fault_wires import ContentType as ContentType
from fake_spotify.fault_wires import Dribble as Dribble
from fake_spotify.fault_wires import Garbage as Garbage
from fake_spotify.fault_wires import GzipBomb as GzipBomb
from fake_spotify.fault_wires import Huge as Huge
from fake_spotify.fault_wires import InformationalFlood as InformationalFlood
from fake_spotify.fault_wires import LongBody as LongBody
from fake_spotify.fault_wires import Members as Members
from fake_spotify.fault_wires import ResetBeforeHead as ResetBeforeHead
from fake_spotify.fault_wires import ResetInBody as ResetInBody
from fake_spotify.fault_wires import ResetInHead as ResetInHead
from fake_spotify.fault_wires import ShortBody as ShortBody
from fake_spotify.fault_wires import Silence as Silence
from fake_spotify.fault_wires import SlowBody as SlowBody
from fake_spotify.fault_wires import SlowHead as SlowHead
