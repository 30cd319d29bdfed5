"""Decides who may connect, for how long, and what counts as HTTP.

Sockets and signals come in; requests that have one meaning only go to the application, and a
process that is told to stop loses no answer.
"""
