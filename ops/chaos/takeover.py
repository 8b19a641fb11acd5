"""How long lanes stood still after a SIGKILL, from the workers' own logs."""
import bisect
from collections import namedtuple

# Seconds until all lanes of a victim were committed by their next owner: from the kill when another worker took over, from the start of the new
# process when it came back in its slot. `alone`: nothing else died, froze or was away meanwhile.
Takeover = namedtuple("Takeover", "seconds same_slot alone")


def takeovers(workers, occurrences):
    by_lane = {}  # lane: [(time, slot)] of first commits by a new owner
    for w in workers.everyone():
        for commit in w.log.commits:
            by_lane.setdefault(commit.lane, []).append((commit.at, commit.slot))
    for commits in by_lane.values():
        commits.sort()
    starts = {w.slot: w.starts for w in workers.all}
    return [found for kill in workers.kills if (found := one(kill, by_lane, starts.get(kill.slot, []), workers.kills, occurrences)) is not None]


def one(kill, by_lane, starts, kills, occurrences):
    next_commits = []
    for commits in by_lane.values():
        index = bisect.bisect_right(commits, (kill.at, ""))
        if index == 0 or commits[index - 1][1] != kill.slot:
            continue
        if index == len(commits):
            return None
        next_commits.append(commits[index])
    if not next_commits:
        return None  # it had no lane
    until = max(at for at, _ in next_commits)
    same_slot = all(slot == kill.slot for _, slot in next_commits)
    begin = kill.at
    if same_slot:
        index = bisect.bisect_right(starts, kill.at)
        begin = starts[index] if index < len(starts) else kill.at
    # Redis is no part of a takeover's way but for the restore; kills are looked at one by one.
    others = any(k is not kill and kill.at - 1 < k.at < until for k in kills) or any(
        o.name != "kill" and not o.name.startswith("redis") and o.began < until and o.ended > kill.at - 1 for o in occurrences)
    return Takeover(until - begin, same_slot, not others)


def spread(times):
    times = sorted(times)

    def percentile(q):
        return round(times[min(len(times) - 1, int(q * len(times)))], 2) if times else None
    return {"count": len(times), "p50": percentile(0.5), "p99": percentile(0.99), "max": round(times[-1], 2) if times else None}
