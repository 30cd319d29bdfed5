"""Shares refreshes and rate limits between machines, through Redis or Valkey.

It fills two protocols of the room `swap`, and is imported only with STORE_URL. Whatever goes
to the store is sealed or hashed first.
"""
