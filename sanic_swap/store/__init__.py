"""Decides what machines tell each other through Redis or Valkey; imported only with STORE_URL.

Refreshes under way, their answers and counts of requests come in, by two protocols of the room
`swap`; what other machines stored comes out. Whatever goes to the store is sealed or hashed first.
"""
