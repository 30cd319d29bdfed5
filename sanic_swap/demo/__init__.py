"""Runs a fake Spotify and the service side by side on this machine, to be tried.

What the command line asks for comes in; two processes, a page to click through and curl lines
go out.
"""
