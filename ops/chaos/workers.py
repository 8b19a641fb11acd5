"""The workers of a run: kept alive by a supervisor's thread, struck by the faults."""
import os
import signal
import threading
import time
from collections import namedtuple

from worker import Worker

Kill = namedtuple("Kill", "at slot fault")


class Workers:
    def __init__(self, args, config, say):
        self.args = args
        self.say = say
        self.lock = threading.RLock()
        self.config = config
        self.all = []
        self.guests = {}  # slot: one that a fault has started beside the others, and ends
        self.clocks = None  # when they are to be moved
        self.kills = []
        self.ended_alone = []  # (slot, exit code) of those that nobody had struck
        self.revive_at = {}
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.supervise, daemon=True)

    def start(self):
        for i in range(self.args.workers):
            own = {**os.environ, **self.clocks.environment(f"w{i}")} if self.clocks is not None else None
            self.all.append(Worker(f"w{i}", self.config, self.args.dir, own))

    def supervise(self):
        while not self.stop.wait(0.05):
            self.revive()

    def revive(self, force=False):
        now = time.time()
        with self.lock:
            for w in self.all:
                if w.alive():
                    continue
                if w.slot not in self.revive_at:  # fenced or crashed by itself: as a supervisor of processes does
                    self.ended_alone.append((w.slot, w.process.returncode))
                    self.say(f"{w.slot} ended by itself with {w.process.returncode}")
                    self.revive_at[w.slot] = now + 1
                if force or now >= self.revive_at[w.slot]:
                    del self.revive_at[w.slot]
                    w.start()

    def strike(self, chance, number, revive_in=None):
        """Signals one that runs, waiting for one when all are dead; `revive_in`: seconds until it is started again."""
        while not self.stop.wait(0.02):
            with self.lock:
                alive = [w for w in self.all if w.alive() and not w.frozen]
                if not alive:
                    continue
                w = chance.choice(alive)
                if revive_in is not None:
                    self.revive_at[w.slot] = time.time() + revive_in
                w.signal(number)
                return w
        raise KeyboardInterrupt

    def kill(self, chance, fault="kill"):
        # Some come back in their slot at once, some stay away until others have taken over.
        away = chance.random() < self.args.away
        w = self.strike(chance, signal.SIGKILL, chance.uniform(7, 12) if away else chance.uniform(0, 1))
        w.wait(10)
        self.kills.append(Kill(time.time(), w.slot, fault))
        return w

    def terminate(self, chance):
        """(worker, exit code) of a graceful stop; None for one that took more than 30 s."""
        w = self.strike(chance, signal.SIGTERM, 60)
        code = w.wait(30)
        if code is None:
            w.signal(signal.SIGKILL)
        with self.lock:
            self.revive_at[w.slot] = time.time() + chance.uniform(0, 2)
        return w, code

    def invite(self, slot, config=None):
        if slot in self.guests:
            self.guests[slot].start()
        else:
            self.guests = {**self.guests, slot: Worker(slot, config or self.config, self.args.dir)}  # others look through the old one meanwhile
        return self.guests[slot]

    def everyone(self):
        return [*self.all, *self.guests.values()]

    def lags(self):
        """Records each lane is behind; None while a worker does not answer or a lane is not live."""
        lags = {}
        for w in self.all:
            w.log.read()
            lanes = w.status()
            if lanes is None:
                return None
            for lane in lanes:
                if lane["phase"] != "live":
                    return None
                lags[lane["lane"]] = max(0, lane["log_end"] - lane["committed"])
        return lags

    def finish(self):
        """Graceful stop of all; their exit codes."""
        self.stop.set()
        self.thread.join()
        for w in self.all:
            w.signal(signal.SIGTERM)
        return [w.wait(40) for w in self.all]

    def clean_up(self):
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join()
        for w in self.everyone():
            if w.alive():
                w.process.kill()
                w.wait(10)
