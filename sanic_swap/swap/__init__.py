"""Decides what becomes of a swap or refresh: sealing, sharing, limits, doubted revocations.

Requests that have kept every rule come in; the JSON body for the app goes out. Nothing here
knows HTTP, settings, or whether there is a store.
"""
