"""Token swap and refresh service for apps that use Spotify's SDKs."""

__version__ = "0.2.0"
