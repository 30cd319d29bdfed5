"""Decides what each endpoint answers: parameters, errors, headers, CORS.

Sanic's requests come in; finished answers go out, and one `Answered` for each to access log
and metrics. The rules of tokens and of Spotify are elsewhere.
"""
