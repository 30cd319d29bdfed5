"""Decides what `sanic-swap check` says of the settings, and with what exit code.

Settings as they were read, environment and older settings come in; findings, of which each start
logs some, and whose tokens would no longer open go out, as text or JSON.
"""
