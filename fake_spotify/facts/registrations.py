"""What Spotify knows of a user and of an app."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class User:
    """A person with a Spotify account."""

    id: str
    display_name: str
    email: str
    country: str = "SE"
    product: str = "premium"
    picture: str = ""
    """The URL of a picture; one that begins with `/` is the fake's own."""


DEFAULT_USERS = (
    User("ada", "Ada Lovelace", "ada@example.com", picture="/images/ada.png"),
    User("grace", "Grace Hopper", "grace@example.com", country="US"),
    User("linus", "Linus Free", "linus@example.com", country="FI", product="free"),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What Spotify's dashboard knows of an app."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "An app"
    developer: str = "developer"
    """Whose app it is: Spotify counts the quota of the Web API for each developer."""
