"""Watches what the workers commit, lane by lane, from beside."""
import bisect
import threading
import time

EVERY_S = 0.25


class Progress:
    def __init__(self, workers):
        self.workers = workers
        self.lanes = {}  # lane: [(wall time, committed offset)], one for every advance seen
        self.checkpoints = {}  # the same of the offset that its checkpoint holds
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stop.wait(EVERY_S):
            for w in self.workers.everyone():
                w.log.read()
                now = time.time()
                for lane in w.status() or []:
                    self.advance(self.lanes, lane, "committed", now)
                    self.advance(self.checkpoints, lane, "checkpoint", now)

    @staticmethod
    def advance(lanes, lane, what, now):
        seen = lanes.setdefault(lane["lane"], [])
        if not seen or lane[what] > seen[-1][1]:
            seen.append((now, lane[what]))

    def finish(self):
        self.stop.set()
        self.thread.join()

    def at(self, lane, when):
        index = bisect.bisect_right(self.lanes[lane], (when, 1 << 62))
        return self.lanes[lane][index - 1][1] if index else 0

    def committed_between(self, began, ended):
        """Input records committed, over all lanes."""
        return sum(self.at(lane, ended) - self.at(lane, began) for lane in self.lanes)

    @staticmethod
    def advanced_after(lanes, when):
        """Seconds until every lane has something new; None when one has not any more."""
        last = when
        for seen in lanes.values():
            index = bisect.bisect_right(seen, (when, 1 << 62))
            if index == len(seen):
                return None
            last = max(last, seen[index][0])
        return last - when

    def longest_silence(self, began, ended):
        """The longest time within which no lane committed anything."""
        times = sorted({at for seen in self.lanes.values() for at, _ in seen if began <= at <= ended})
        times = [began, *times, ended]
        return max(after - before for before, after in zip(times, times[1:]))
