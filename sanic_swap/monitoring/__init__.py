"""Decides what operators can see: access log, Prometheus metrics, New Relic.

One `Answered` for each request and the state of the service's parts come in; log lines and
metrics go out. No secret, and no label or path that a caller chose, is among them.
"""
