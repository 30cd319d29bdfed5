"""What apps ask for, as values that have kept every rule."""

from dataclasses import dataclass

from sanic_swap.secret import Secret


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """A request to trade an authorization code."""

    code: Secret
    redirect_uri: str
    code_verifier: Secret | None


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """A request to refresh; *as_sent* still has the blanks that were around the token."""

    refresh_token: Secret
    as_sent: Secret
