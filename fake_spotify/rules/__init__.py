"""
How Spotify decides: whether a code, a token, a login or a profile is given, and in which words.

A request comes in as names and values; a status and members, or a redirect, go out.
"""
