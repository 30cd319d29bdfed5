"""
Every way to misbehave for a request, by its class.

    Fault
    ├── Replacement  another answer in place of Spotify's   fault_answers
    ├── Variation    a normal answer of a rarer kind        fault_variations
    └── Damage       damage on the way                      fault_wires
"""

from fake_spotify.fault_answers import (
    BadGateway,
    BadRequest,
    CaptivePortal,
    EmptyAnswer,
    FalseInvalidGrant,
    Forbidden,
    NoHealthyUpstream,
    OAuthError,
    Redirected,
    Status,
    TooManyRequests,
    TooManyRequestsUntil,
    UpstreamReset,
    UpstreamTimeout,
)
from fake_spotify.fault_queue import Fault
from fake_spotify.fault_variations import (
    AbsentScope,
    AgedIsRevoked,
    Agree,
    BlankScope,
    Cancel,
    DoNotRotate,
    EmptyRefreshToken,
    Rotate,
)
from fake_spotify.fault_wires import (
    BrokenJson,
    CloseBeforeHead,
    ContentType,
    Dribble,
    Garbage,
    GzipBomb,
    Huge,
    InformationalFlood,
    LongBody,
    Members,
    ResetBeforeHead,
    ResetInBody,
    ResetInHead,
    ShortBody,
    Silence,
    SlowBody,
    SlowHead,
)

__all__ = [
    "AbsentScope",
    "AgedIsRevoked",
    "Agree",
    "BadGateway",
    "BadRequest",
    "BlankScope",
    "BrokenJson",
    "Cancel",
    "CaptivePortal",
    "CloseBeforeHead",
    "ContentType",
    "DoNotRotate",
    "Dribble",
    "EmptyAnswer",
    "EmptyRefreshToken",
    "FalseInvalidGrant",
    "Fault",
    "Forbidden",
    "Garbage",
    "GzipBomb",
    "Huge",
    "InformationalFlood",
    "LongBody",
    "Members",
    "NoHealthyUpstream",
    "OAuthError",
    "Redirected",
    "ResetBeforeHead",
    "ResetInBody",
    "ResetInHead",
    "Rotate",
    "ShortBody",
    "Silence",
    "SlowBody",
    "SlowHead",
    "Status",
    "TooManyRequests",
    "TooManyRequestsUntil",
    "UpstreamReset",
    "UpstreamTimeout",
]
