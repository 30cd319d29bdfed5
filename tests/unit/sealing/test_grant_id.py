"""The id under which logs tell one grant's story."""

from base64 import urlsafe_b64encode
from hashlib import blake2b, sha256

from hypothesis import given

from sanic_swap.sealing.keys import GrantIds
from sanic_swap.secret import Secret
from tests import strategies

CLIENT_SECRET, TOKEN = "d41d8cd98f00b204e9800998ecf8427e", "AQguoV8FWnFbB0JxXujr4qqaaABvvLOzAx"


@given(strategies.printable(60), strategies.refresh_tokens())
def test_a_grant_id_is_the_first_8_characters_of_a_keyed_hash(client_secret, token):
    digest = blake2b(
        token.encode("ascii"),
        digest_size=32,
        key=sha256(client_secret.encode("ascii")).digest(),
        person=b"sanic_swap.grnt1",
    ).digest()

    grant = GrantIds(Secret(client_secret)).of(Secret(token))

    assert grant == urlsafe_b64encode(digest).decode()[:8]


def test_a_grant_id_is_the_same_on_every_machine_and_in_every_version():
    assert GrantIds(Secret(CLIENT_SECRET)).of(Secret(TOKEN)) == "wStKbXxn"


def test_the_ids_do_not_show_the_key_they_are_made_with():
    assert CLIENT_SECRET not in repr(GrantIds(Secret(CLIENT_SECRET)))
