"""How many refreshes many users make, and what they cost: the numbers of docs/scale.md.

Simulates one day of some users, second by second where it matters, and multiplies.
"""

import argparse
import math
import random
from collections import Counter

_DAY = 86_400
_ACCESS_TOKEN_SECONDS = 3600
# Measured: `benchmarks/store.py`.
_STORE_CALLS = 2  # scripts for each refresh that asks Spotify
_STORE_CORE = 20_000  # refreshes a second that one core of Redis carries
_ROTATION_BYTES = 1500  # one answer that is replayed
_COUNTER_BYTES = 150  # one counter of RATE_LIMIT
_SPOTIFY_SECONDS = 0.15  # of one exchange
_PROCESS_RATE = 1000  # refreshes a second that one process carries with a store, rounded down
_REPLAY_SECONDS = 30


def main() -> None:
    arguments = _arguments()
    minutes = _refreshes_by_minute(arguments)
    total = sum(minutes.values())
    per_hour = total / arguments.users / 24
    peak = _peak(minutes) / arguments.users
    print(
        f"{arguments.users} users, seed {arguments.seed}: {total / arguments.users:.2f} refreshes a"
        f" user and day, {per_hour:.3f} a user and hour, {60 * peak:.3f} in the busiest hour"
    )
    print(
        "| users | refreshes/s, mean | busiest hour | in flight | processes | store calls/s |"
        " cores of Redis | rotations, MB | rate counters, MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for users in (10**4, 10**5, 10**6, 10**7, 10**8):
        mean, busiest = users * per_hour / 3600, users * peak / 60
        row = (
            f"{users:,}",
            f"{mean:,.1f}",
            f"{busiest:,.1f}",
            f"{math.ceil(busiest * _SPOTIFY_SECONDS):,}",
            f"{max(2, math.ceil(2 * busiest / _PROCESS_RATE)):,}",
            f"{busiest * _STORE_CALLS:,.0f}",
            f"{busiest / _STORE_CORE:,.2f}",
            f"{busiest * _REPLAY_SECONDS * _ROTATION_BYTES / 1e6:,.1f}",
            f"{busiest * 60 * _COUNTER_BYTES / 1e6:,.1f}",
        )
        print("| " + " | ".join(row) + " |")


def _refreshes_by_minute(arguments: argparse.Namespace) -> Counter[int]:
    """Return the refreshes of all users in each minute of a day."""
    chance = random.Random(arguments.seed)
    minutes: Counter[int] = Counter()
    for _ in range(arguments.users):
        expires = -math.inf
        for start, end in _sessions(chance, arguments):
            moment = start
            while moment < end:
                if moment >= expires:
                    if 0 <= moment < _DAY:
                        minutes[int(moment) // 60] += 1
                    expires = moment + _ACCESS_TOKEN_SECONDS
                moment = expires
    return minutes


def _sessions(chance: random.Random, arguments: argparse.Namespace) -> list[tuple[float, float]]:
    """Return when one user listens, from the evening before."""
    count = sum(chance.random() < arguments.sessions / 20 for _ in range(20))
    starts = sorted(_moment(chance) - day * _DAY for day in (0, 1) for _ in range(count))
    ends = [start + chance.expovariate(1 / (60 * arguments.minutes)) for start in starts]
    return list(zip(starts, ends, strict=True))


def _moment(chance: random.Random) -> float:
    """Return a moment of the day: three times as many in the evening as at night."""
    while True:
        moment = chance.uniform(0, _DAY)
        share = 0.5 - 0.5 * math.cos(2 * math.pi * (moment / _DAY - 0.25 + 1 / 24))
        if chance.random() < 1 / 3 + 2 / 3 * share:
            return moment


def _peak(minutes: Counter[int]) -> float:
    """Return the refreshes a minute in the busiest hour."""
    return max(sum(minutes[m] for m in range(hour, hour + 60)) for hour in range(0, 1440, 15)) / 60


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--sessions", type=float, default=4, help="a user and day")
    parser.add_argument("--minutes", type=float, default=30, help="of one session, in the mean")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
