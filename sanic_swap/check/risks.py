"""Warnings: settings that work and may do harm, the environment, Spotify's and a store's answer."""

import stat
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from urllib.parse import urlsplit

from sanic_swap.errors import CredentialsRefused, SpotifyError
from sanic_swap.logs import iso_utc
from sanic_swap.sealing.keys import is_fernet_key, is_published
from sanic_swap.sealing.legacy import UNAUTHENTICATED
from sanic_swap.secret import Secret
from sanic_swap.settings.reading import Finding, Level, Reading, is_of_kubernetes, similar
from sanic_swap.settings.table import Settings, known_names, variables
from sanic_swap.settings.urls import SPOTIFY, is_loopback

_CLIENT_PATIENCE = 10  # seconds after which Android's usual HTTP client gives up
_LONG_SECONDS = 366 * 86_400
_PLATFORMS = {"FLY_MACHINE_ID": "fly.io", "DYNO": "Heroku"}
# Spotify takes these two literals with plain http, and no other host (since 2025-11-27).
_LOOPBACK_LITERALS = ("127.0.0.1", "::1")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC")


def risks(
    reading: Reading,
    environ: Mapping[str, str],
    *,
    now: Callable[[], float] = time.time,  # Unix seconds, for tests
) -> Iterator[Finding]:
    """Yield everything that may do harm, and names in the file that are no settings."""
    settings = reading.as_far_as_read
    yield from _about_keys(settings)
    if settings.revoke_before:
        written, moment = reading.written["revoke_before"].text, iso_utc(settings.revoke_before)
        if datetime.fromisoformat(written.reveal()).tzinfo is None:
            yield _warning("REVOKE_BEFORE", f"has no time zone; read as {moment}")
    yield from _about_imports(settings, now())
    yield from _about_spotify(settings)
    yield from _about_clients(settings)
    yield from _about_environment(settings, environ)
    yield from _about_file(reading)


def _warning(variable: str, text: str) -> Finding:
    """Return what each start logs."""
    return Finding(Level.RISKY, variable, text, at_start=True)


def _risk(variable: str, text: str) -> Finding:
    """Return what `check` alone says."""
    return Finding(Level.RISKY, variable, text)


def _about_keys(settings: Settings) -> Iterator[Finding]:
    current, older = settings.current_key, "PREVIOUS_ENCRYPTION_SECRETS"
    if current is None:
        text = "is not set: using a temporary key. Every restart logs out the users who logged in"
        text += " since the last one. If you had a secret, set it again; only if you never had one,"
        yield _warning("ENCRYPTION_SECRET", f"{text} make it with `sanic-swap keygen`")
    elif current.from_passphrase:
        yield _warning("ENCRYPTION_SECRET", "is a passphrase; use a key from `sanic-swap keygen`")
    elif len(set(current.root)) == 1:
        text = "repeats one byte, so it can be guessed; use a key from `sanic-swap keygen`"
        yield _risk("ENCRYPTION_SECRET", text)
    for one in settings.previous_secrets:
        if one.key is None:
            why = "published" if is_published(one.secret.reveal()) else "too short to have sealed"
            text = f"one is {why}; it opens only legacy tokens, and only without LEGACY_SECRETS"
            yield _warning(older, text)
        elif one.key.from_passphrase:
            yield _warning(older, "one is a passphrase; put several secrets on one line each")
    for key_id, times in Counter(map(settings.key_id, settings.previous_keys)).items():
        if times > 1:
            text = f"key {key_id} is listed {times} times, perhaps spelled differently"
            yield _warning(older, text)
        if current and key_id == settings.key_id(current):
            why = "is ENCRYPTION_SECRET too; remove it here once all machines have it"
            yield _warning(older, f"key {key_id} {why}")
        if key_id in settings.retired_key_ids:
            yield _warning("RETIRED_KEY_IDS", f"key {key_id} is in {older} too; it is refused")


def _about_imports(settings: Settings, now: float) -> Iterator[Finding]:
    closes_at = settings.legacy_closes_at
    if closes_at is not None and closes_at > now + _LONG_SECONDS:
        yield _risk("LEGACY_TOKENS_UNTIL", "is more than a year away; six months are enough")
    formats = set(settings.legacy_tokens) - {"none"}
    if settings.legacy_secrets and not settings.legacy_tokens:
        yield _warning("LEGACY_SECRETS", "opens nothing, because LEGACY_TOKENS is not set")
    if formats and settings.revoke_before:
        yield _warning("REVOKE_BEFORE", "refuses all LEGACY_TOKENS, because their age is unknown")
    if formats and closes_at is not None and now >= closes_at:
        yield _warning("LEGACY_TOKENS_UNTIL", "has passed, so tokens of other services are refused")
    secrets = settings.legacy_opening_secrets
    if "fernet" in formats and not any(is_fernet_key(secret.reveal()) for secret in secrets):
        yield _warning("LEGACY_SECRETS", "has no Fernet key, so no Fernet token opens")


def _about_spotify(settings: Settings) -> Iterator[Finding]:
    for uri in settings.callback_urls:
        try:
            scheme, host = urlsplit(uri).scheme, urlsplit(uri).hostname
        except ValueError:
            continue
        if scheme in ("http", "https") and host == "localhost":
            why = "Spotify refuses localhost since 2025-11-27; register 127.0.0.1 or [::1] instead"
            yield _risk("CALLBACK_URL", f"{uri}: {why}")
        elif scheme == "http" and host not in _LOOPBACK_LITERALS:
            why = "Spotify refuses http since 2025-11-27, except for 127.0.0.1 and [::1]; use https"
            yield _risk("CALLBACK_URL", f"{uri}: {why}")
    if settings.accounts_url.origin != SPOTIFY:
        yield _risk("SPOTIFY_ACCOUNTS_URL", f"is {settings.accounts_url.host}, not Spotify's")
    if not settings.accounts_url.is_private:
        yield _warning("SPOTIFY_ACCOUNTS_INSECURE", "the client secret is sent without encryption")
    if settings.spotify_timeout >= _CLIENT_PATIENCE:
        text = f"is {_CLIENT_PATIENCE} s or more; Android's usual HTTP client gives up before that"
        yield _risk("SPOTIFY_TIMEOUT", text)
    if settings.drain_seconds < settings.spotify_timeout:
        yield _risk("DRAIN_TIMEOUT", "is below SPOTIFY_TIMEOUT; a restart can abort slow requests")


def _about_clients(settings: Settings) -> Iterator[Finding]:
    if settings.rate_limit and settings.address_header is None:
        text = "counts by connecting address; behind a proxy, set REAL_IP_HEADER or PROXIES_COUNT"
        yield _warning("RATE_LIMIT", text)
    if "*" in settings.cors_origins:
        yield _risk("CORS_ORIGINS", "* lets every web page read answers; list your own origins")
    if "null" in settings.cors_origins:
        yield _risk("CORS_ORIGINS", "null lets every sandboxed frame and local file read answers")
    if settings.store_url and "ssl_cert_reqs=none" in settings.store_url.reveal():
        yield _risk("STORE_URL", "ssl_cert_reqs=none trusts whoever answers; use ssl_ca_certs=FILE")
    if settings.connection_limit < settings.max_in_flight:
        text = "is below MAX_IN_FLIGHT; clients beyond it, health checks too, get no answer"
        yield _risk("MAX_CONNECTIONS", text)


def _about_environment(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in _PROXIES:
        if found := next((one for one in (name, name.lower()) if environ.get(one)), None):
            yield _warning(found, "is ignored; Spotify is called directly")
    if environ.get("SSLKEYLOGFILE"):
        text = "connection keys are written to that file; whoever has it can read the client secret"
        yield _warning("SSLKEYLOGFILE", f"{text} and every token. Unset it")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if environ.get(name):
            yield _risk(name, "replaces the trusted CA certificates for connections to Spotify")
    for name, platform in _PLATFORMS.items():
        if not environ.get(name):
            continue
        if settings.address_header is None and UNAUTHENTICATED & set(settings.legacy_tokens):
            text = f"imports are counted by address, and on {platform} all come from the proxy's"
            yield _risk("LEGACY_TOKENS", f"{text}; set REAL_IP_HEADER or PROXIES_COUNT")
        if is_loopback(settings.host):
            yield _risk("HOST", f"is loopback; {platform} needs HOST=0.0.0.0 ({name} is set)")
    # fly.io reads metrics by the app's private network, and lets nobody else in.
    is_read_inside = is_loopback(settings.metrics_host) or environ.get("FLY_MACHINE_ID")
    if settings.metrics_port is not None and not is_read_inside:
        yield _risk("METRICS_HOST", "other machines can read the metrics; allow Prometheus alone")
    for variable in variables().values():
        if is_of_kubernetes(variable.name, environ):
            service = variable.name.removesuffix("_PORT").lower()
            text = f"is ignored: Kubernetes sets it for its Service `{service}`. Rename the Service"
            yield _warning(variable.name, f"{text}, or set enableServiceLinks: false")


def _about_file(reading: Reading) -> Iterator[Finding]:
    known = known_names()
    others = [name for name in reading.names_in_file if name not in known]
    meant = {name: similar(name.upper(), known) for name in others}
    for name, setting in meant.items():
        if setting:
            yield _warning(name, f"is not a setting; did you mean {setting}?")
    if unlike := ", ".join(name for name in others if not meant[name]):
        yield Finding(Level.NOT_KNOWN, unlike, "in the file, but not a setting")
    with suppress(OSError):
        mode = reading.env_file.stat().st_mode if reading.env_file else 0
        if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
            text = "other users of this machine can read it; chmod 600 prevents that"
            yield Finding(Level.NOTE, str(reading.env_file), text)


async def ask_store(settings: Settings) -> tuple[Level, str]:
    """Say whether the store answers."""
    # Imported here: it is an optional extra.
    from sanic_swap.store.redis import RedisStore

    store = RedisStore(settings.store_url or Secret(""))
    async with AsyncExitStack() as closing:
        closing.push_async_exit(store)  # entered, it would ask and log until it is answered
        reason = await store.failure()
    return (Level.RISKY, f"unreachable: {reason}") if reason else (Level.FINE, "answers")


async def ask_spotify(settings: Settings) -> tuple[Level, str]:
    """Say whether Spotify takes the credentials."""
    # Imported here: it is, to `serve`, no part of the settings.
    from sanic_swap.spotify.accounts import SpotifyAccounts

    host, seconds = settings.accounts_url.host, settings.spotify_timeout
    app = (settings.client_id, settings.client_secret)
    async with SpotifyAccounts(settings.accounts_url.url, *app, timeout_seconds=seconds) as spotify:
        try:
            await spotify.verify_credentials(seconds)
        except CredentialsRefused:
            return Level.WRONG, f"refused by {host}"
        except SpotifyError as error:
            return Level.RISKY, f"could not be tried at {host}: {error}"
    return Level.FINE, f"accepted by {host}"
