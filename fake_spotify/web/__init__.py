"""Where the fake meets the network: the socket, Spotify's endpoints, the control API and the pages.

HTTP comes in; the answer of the rules, or what a fault makes of it, goes out.
"""
