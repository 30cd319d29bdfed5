"""Decides which room answers a request: the rules, the control API, or a page for a browser.

HTTP comes in at the fake's sockets; the answer, or what a fault makes of it, goes out.
"""
