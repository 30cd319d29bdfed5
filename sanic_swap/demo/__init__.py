"""Runs a fake Spotify and the service in front of it on this machine, to try it or for an app.

Options of the command line come in; two processes, a page to click through, values and code to
paste into an app, and a line for each of its requests go out.
"""
