"""What can be typed: `fake-spotify` serves, `run` wraps a command, the others drive a running fake.

Arguments and the environment come in; exit codes and lines of text go out.
"""
