"""How Spotify decides which request gets a code, a token or a profile, and how others are refused.

A request comes in as names and values; a status and members, or a redirect, go out.
"""
