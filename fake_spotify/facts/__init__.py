"""
What is known of Spotify: its words, scopes, redirect rules, lifetimes and the shapes of its tokens.

It takes plain values and returns plain values; it keeps no state and answers no request.
"""
