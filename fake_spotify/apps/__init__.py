"""What each registered app has been given, and what was planned, expected and received for it.

Tests and rules come in with an app; codes, grants, tokens, journal entries and complaints go out.
"""
