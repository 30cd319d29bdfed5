"""Decides what the operator's variables mean, and with which of them the service does not start.

The environment and a file come in; one `Settings` value, or findings that each name their
variable, go out.
"""
