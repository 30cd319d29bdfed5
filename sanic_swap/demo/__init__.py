"""Runs a fake Spotify and the service in front of it on this machine, to try the flow.

Options of the command line come in; two processes, a page to click through and curl lines go out.
"""
