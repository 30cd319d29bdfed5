"""A certificate authority for HTTPS, new for each run."""

import ssl
from pathlib import Path


def make(host: str, ca_file: Path) -> ssl.SSLContext:
    """Make a certificate for *host* and loopback, and write to *ca_file* what clients must trust.

    Needs trustme (the extra `https`).
    """
    # Imported here: only HTTPS needs it.
    import trustme  # type: ignore[import-not-found, unused-ignore]  # optional

    authority = trustme.CA(organization_name="fake_spotify")
    names = {"localhost", "127.0.0.1", "::1", host} - {"0.0.0.0", "::"}  # noqa: S104 (a name, not listened on)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*sorted(names)).configure_cert(context)
    ca_file.write_bytes(authority.cert_pem.bytes())
    return context
