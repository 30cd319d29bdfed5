# A user logs in at the fake; a script gets the code without a browser.
CODE=$(curl -s -d '{"redirect_uri": "my-app://callback"}' http://127.0.0.1:8090/_fake/codes | jq -r .code)

# The app swaps the code for tokens.
TOKENS=$(curl -s -d code="$CODE" -d redirect_uri=my-app://callback http://127.0.0.1:4343/swap)
echo "$TOKENS" | jq .

# An hour later it trades its refresh token for a new access token. It keeps the refresh_token of each
# answer; it logs out only if .error is invalid_grant, and otherwise waits for Retry-After seconds.
TOKENS=$(echo "$TOKENS" | jq -r .refresh_token | curl -s --data-urlencode refresh_token@- http://127.0.0.1:4343/refresh)
echo "$TOKENS" | jq .

# Real Spotify: open https://accounts.spotify.com/authorize?client_id=YOURS&response_type=code&redirect_uri=…
# in a browser, take the code out of the address it ends at, and send it to https://YOUR-SERVICE/swap.
