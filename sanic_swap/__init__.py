"""Token swap and refresh for apps that use Spotify's SDKs.

The public interface of this package is its HTTP endpoints, its commands and its
environment variables; see the README.
"""
