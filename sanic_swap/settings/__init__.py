"""Decides what the operator's variables mean, and what is wrong or risky about them.

The environment and a file come in; one `Settings` value, or findings that each name their
variable, go out.
"""
