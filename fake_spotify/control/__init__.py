"""What tests and people do to a running fake over HTTP: the control API, and its page.

A request to /_fake/ comes in; an app changes, and its state goes out as JSON, or live as events.
"""
