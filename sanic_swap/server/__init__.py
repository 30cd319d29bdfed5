"""Decides how many connections there are, how long each lasts, and what valid HTTP is.

Sockets and signals come in, and unambiguous requests go to the application. A process that stops
loses no answer.
"""
