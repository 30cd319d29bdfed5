"""Decides what `sanic-swap` does on a command line.

Arguments, settings and standard input come in; text, JSON and an exit code go out. Each
command's module is imported when it is needed.
"""
