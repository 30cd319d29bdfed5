"""Decides when and how Spotify's token endpoint is called, and what its answers mean.

Codes and refresh tokens come in; a `TokenAnswer` or one of the errors below `SpotifyError`
goes out. Retries, circuit breaker, deadlines and connections stay inside.
"""
