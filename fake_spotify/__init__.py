"""A stand-in for accounts.spotify.com that is as strict as the real one."""
