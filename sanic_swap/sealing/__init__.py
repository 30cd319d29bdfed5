"""Decides how refresh tokens are sealed, and which sealed or imported tokens open here.

Secrets of operators and tokens of apps come in; sealed tokens, plain refresh tokens for
Spotify, and public ids of keys and grants go out. Nothing here knows a network or a setting.
"""
