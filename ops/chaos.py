"""Real kills on real servers: see ops/chaos.sh and ARCHITECTURE.md, "What is promised when"."""
import argparse
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import zlib
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def arguments():
    p = argparse.ArgumentParser(prog="ops/chaos.sh", description="Kill, freeze, restart; then verify. Exit 0 clean, 1 violations, 3 could not run.")
    p.add_argument("--kills", type=int, default=20, help="SIGKILLs of workers (default 20)")
    p.add_argument("--stops", type=int, default=5, help="SIGSTOP/SIGCONT of workers, 8-15 s each (default 5)")
    p.add_argument("--terms", type=int, default=2, help="graceful stops (SIGTERM) of workers (default 2)")
    p.add_argument("--kafka-restarts", type=int, default=2)
    p.add_argument("--redis-restarts", type=int, default=2)
    p.add_argument("--redis-away", type=float, default=60, metavar="SECONDS", help="one stretch without Redis under load (default 60; 0: none)")
    p.add_argument("--flushes", type=int, default=2, help="FLUSHALLs, in turn followed by a kill before and after the next checkpoint (default 2)")
    p.add_argument("--workers", type=int, default=3, help="worker processes (default 3)")
    p.add_argument("--partitions", type=int, default=6)
    p.add_argument("--containers", type=int, default=300)
    p.add_argument("--rate", type=int, default=3000, help="records a second (default 3000)")
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--dir", type=Path, default=ROOT / "build" / "chaos", help="where data and logs go")
    p.add_argument("--json", action="store_true", help="the result as one JSON line, too")
    return p.parse_args()


def say(text):
    print(f"{datetime.now(timezone.utc):%H:%M:%S} {text}", flush=True)


class Cluster:
    """Kafka and Redis of its own, in its own folder."""

    def __init__(self, folder):
        self.folder = folder
        self.run("start", "--wipe")
        env = dict(line.split("=", 1) for line in (folder / "env").read_text().split() if "=" in line)
        self.kafka = env["HEADROOM_KAFKA"]
        self.redis = env["HEADROOM_REDIS"]

    def run(self, *command):
        done = subprocess.run(["bash", str(ROOT / "ops" / "cluster.sh"), *command, "--dir", str(self.folder)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.stderr.write(done.stdout + done.stderr)
            sys.exit(3 if done.returncode == 3 else 1)

    def flush_redis(self):
        host, port = re.match(r"redis://([^:]+):(\d+)", self.redis).groups()
        subprocess.run(["redis-cli", "-h", host, "-p", port, "FLUSHALL"], check=True, capture_output=True)

    def checkpoints_done(self, log):
        return len(re.findall(r'msg="checkpoint done"', log))


class Fleet:
    """Producer: containers with wandering use, one record a sample, in event time that runs 60 times faster than the clock."""

    def __init__(self, brokers, args):
        self.rate = args.rate
        self.random = random.Random(args.seed)
        self.containers = [(f"chaos/ns{i % 7}/Deployment/app-{i:05d}", self.random.uniform(0.2, 4)) for i in range(args.containers)]
        self.brokers = brokers
        self.kcat = None
        self.sent = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.produce, daemon=True)
        self.thread.start()

    def write(self, lines):
        # kcat gives up when every broker is away; what it had not delivered is then no part of the log, which is all that the proof goes by.
        while not self.stop.is_set():
            if self.kcat is None or self.kcat.poll() is not None:
                self.kcat = subprocess.Popen(
                    ["kcat", "-P", "-b", self.brokers, "-t", "headroom.samples", "-K", "\t", "-X", "enable.idempotence=true", "-X", "acks=all"],
                    stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                self.kcat.stdin.write("".join(lines))
                self.kcat.stdin.flush()
                return
            except BrokenPipeError:
                self.kcat.wait()
                self.stop.wait(0.5)

    def produce(self):
        started = time.monotonic()
        base_ms = int(time.time() * 1000) - 40 * 24 * 3600 * 1000
        while not self.stop.is_set():
            elapsed = time.monotonic() - started
            due = int(elapsed * self.rate)
            lines = []
            while self.sent < due:
                target, reserved = self.containers[self.sent % len(self.containers)]
                turn = self.sent // len(self.containers)
                # Each container: reserved, used, memory reserved, memory used in turn; now and then something broken.
                at = base_ms + int(self.sent / self.rate * 60_000)
                wave = 1 + 0.8 * math.sin(at / 5.4e6 + zlib.crc32(target.encode()) % 7)
                metric, value = [("cpu_reserved_cores", reserved), ("cpu_used_cores", reserved * wave * self.random.uniform(0.1, 0.9)),
                                 ("memory_reserved_bytes", 2**31), ("memory_used_bytes", 2**31 * wave * self.random.uniform(0.1, 0.6))][turn % 4]
                sample = {"target": target, "metric": metric, "time_ms": at, "value": value, "labels": {"container": "app", "instance": f"{target[-9:]}-0"}}
                text = json.dumps(sample, separators=(",", ":"))
                if self.random.random() < 0.0005:
                    text = text[: self.random.randrange(len(text))] or "{"
                lines.append(f"{target}\t{text}\n")
                self.sent += 1
            if lines:
                self.write(lines)
            self.stop.wait(0.05)

    def finish(self):
        self.stop.set()
        self.thread.join()
        if self.kcat is not None and self.kcat.poll() is None:
            self.kcat.stdin.close()
            self.kcat.wait(timeout=120)


class Worker:
    def __init__(self, slot, config, folder):
        self.slot = slot
        self.config = config
        self.path = folder / f"{slot}.log"
        self.process = None
        self.started_at = 0.0
        self.start()

    def start(self):
        self.started_at = time.time()
        with self.path.open("a") as log:
            self.process = subprocess.Popen([os.environ["HEADROOM_BIN"], "run", "--config", str(self.config), "--slot", self.slot, "--create-topics"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def log(self):
        return self.path.read_text(errors="replace")


class Run:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        args.dir.mkdir(parents=True, exist_ok=True)
        for old in args.dir.glob("*.log"):
            old.unlink()
        self.cluster = Cluster(args.dir / "cluster")
        self.config = self.write_config()
        self.kills = []  # (wall time, slot, kind)
        self.happened = []  # (began, ended, kind)
        self.workers = [Worker(f"w{i}", self.config, args.dir) for i in range(args.workers)]
        self.revive_at = {}

    def write_config(self):
        path = self.args.dir / "chaos.json"
        path.write_text(json.dumps({
            "installation": "chaos",
            "kafka": {"brokers": self.cluster.kafka, "partitions": self.args.partitions},
            "redis": {"url": self.cluster.redis},
            "http": {"listen": "127.0.0.1:0"},
            "engine": {"checkpoint_interval": "3s"},
            # Few things hold a command back, so that there are many to lose.
            "topologies": {"right_sizing": {"window": "10m", "patience": 1, "cooldown": "0s", "min_change": 0.02, "repeat_after": "0s", "budget": 10000}},
        }, indent=1))
        subprocess.run([os.environ["HEADROOM_BIN"], "check", "--config", str(path)], check=True, stdout=subprocess.DEVNULL)
        return path

    def events(self):
        a = self.args
        kinds = ["kill"] * max(0, a.kills - a.flushes) + ["stop"] * a.stops + ["term"] * a.terms
        kinds += ["kafka"] * a.kafka_restarts + ["redis"] * a.redis_restarts
        self.random.shuffle(kinds)
        for i in range(a.flushes):
            kinds.insert(self.random.randrange(len(kinds) + 1), "flush_kill_before" if i % 2 == 0 else "flush_kill_after")
        if a.redis_away > 0:
            kinds.insert(len(kinds) // 2, "redis_away")
        return kinds

    def pick(self):
        """One that runs; waits for one when all are dead."""
        while True:
            alive = [w for w in self.workers if w.alive()]
            if alive:
                return self.random.choice(alive)
            self.pause(0.2)

    def revive(self, force=False):
        now = time.time()
        for w in self.workers:
            if w.alive():
                continue
            if w.slot not in self.revive_at:
                self.revive_at[w.slot] = now + 1  # fenced or crashed by itself: as a supervisor does
            if force or now >= self.revive_at[w.slot]:
                del self.revive_at[w.slot]
                w.start()

    def pause(self, seconds):
        until = time.time() + seconds
        while time.time() < until:
            self.revive()
            time.sleep(0.05)

    def kill(self, kind="kill"):
        w = self.pick()
        w.signal(signal.SIGKILL)
        w.wait(10)
        self.kills.append((time.time(), w.slot, kind))
        self.happened.append((self.kills[-1][0], self.kills[-1][0], "kill"))
        # Half come back in their slot at once, half stay away until others have taken over.
        self.revive_at[w.slot] = time.time() + (self.random.uniform(0, 1) if self.random.random() < 0.5 else self.random.uniform(9, 14))

    def happen(self, kind):
        say(kind)
        if kind == "kill":
            self.kill()
        elif kind == "term":
            w = self.pick()
            w.signal(signal.SIGTERM)
            code = w.wait(30)
            if code != 0:
                say(f"a graceful stop of {w.slot} ended with {code}")
        elif kind == "stop":
            w = self.pick()
            w.signal(signal.SIGSTOP)
            self.pause(self.random.uniform(8, 15))
            w.signal(signal.SIGCONT)
        elif kind == "kafka":
            self.cluster.run(self.random.choice(["restart-kafka", "kill-kafka"]))
            self.cluster.run("start")
        elif kind == "redis":
            self.cluster.run(self.random.choice(["restart-redis", "kill-redis"]))
            self.cluster.run("start")
        elif kind == "redis_away":
            self.cluster.run("kill-redis")
            self.pause(self.args.redis_away)
            self.cluster.run("start")
        elif kind == "flush_kill_before":
            self.cluster.flush_redis()
            self.kill(kind)
        elif kind == "flush_kill_after":
            self.cluster.flush_redis()
            self.pause(8)
            self.kill(kind)

    def committed(self):
        done = subprocess.run([os.environ["HEADROOM_BIN"], "verify", "--config", str(self.config), "--json"], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def main(self):
        say(f"seed {self.args.seed}; Kafka {self.cluster.kafka}, Redis {self.cluster.redis}")
        wait_for_log(self.workers, 60)
        fleet = Fleet(self.cluster.kafka, self.args)
        started = time.time()
        self.pause(5)
        for kind in self.events():
            began = time.time()
            self.happen(kind)
            if "kill" not in kind:
                self.happened.append((began, time.time(), "redis" if kind.startswith("redis") else kind))
            self.pause(self.random.uniform(1.0, 4.0))
        fleet.finish()
        say(f"{fleet.sent} records produced; letting the workers finish")
        self.pause(3)
        self.revive(force=True)
        behind = self.drain()
        for w in self.workers:
            w.signal(signal.SIGTERM)
        codes = [w.wait(40) for w in self.workers]
        result = self.verify()
        return self.report(result, fleet, time.time() - started, behind, codes)

    def drain(self):
        """Waits until every lane has committed what the topic holds."""
        until = time.time() + 120
        while time.time() < until:
            self.revive()
            lags = lane_lags(self.workers)
            if lags is not None and sum(lags.values()) == 0 and len(lags) == self.args.partitions:
                return 0
            time.sleep(0.5)
        return lane_lags(self.workers)

    def verify(self):
        done = subprocess.run([os.environ["HEADROOM_BIN"], "verify", "--config", str(self.config), "--oracle", "--json"], capture_output=True, text=True)
        (self.args.dir / "verify.json").write_text(done.stdout)
        return {"exit": done.returncode, "text": done.stdout.strip(), "err": done.stderr.strip()[-2000:]}

    def takeovers(self):
        """Seconds from a SIGKILL until all lanes that the victim had were committed by their next owner: (of those that nothing else disturbed, of
        those that fell together with another death, a freeze or an outage of the broker)."""
        commits = []
        for w in self.workers:
            for line in w.log().splitlines():
                if 'msg="lane committed by its new owner"' in line:
                    stamp = re.search(r"ts=(\S+)", line).group(1)
                    commits.append((datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp(),
                                    re.search(r"lane=(\S+)", line).group(1), w.slot))
        commits.sort()
        plain, disturbed = [], []
        for at, victim, _ in self.kills:
            owner = {lane: slot for t, lane, slot in commits if t <= at}
            lanes = {lane for lane, slot in owner.items() if slot == victim}
            taken = [next((t for t, other, _ in commits if t > at and other == lane), None) for lane in lanes]
            if not lanes or None in taken:
                continue
            until = max(taken)
            others = [1 for began, ended, kind in self.happened if kind != "redis" and began < until and ended > at - 1 and not (kind == "kill" and ended == at)]
            (disturbed if others else plain).append(until - at)
        return sorted(plain), sorted(disturbed)

    def report(self, result, fleet, seconds, behind, codes):
        def percentile(values, q):
            return round(values[min(len(values) - 1, int(q * len(values)))], 2) if values else None
        plain, disturbed = self.takeovers()

        def seconds_of(times):
            return {"count": len(times), "p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "max": round(times[-1], 2) if times else None}
        crashes = sum(len(re.findall("broken invariant|terminate called|Segmentation|AddressSanitizer", w.log())) for w in self.workers)
        summary = {"kills": len(self.kills), "seconds": round(seconds), "records": fleet.sent, "verify_exit": result["exit"], "left_behind": behind,
                   "crashes": crashes, "exit_codes": codes, "takeover_s": seconds_of(plain), "disturbed_takeover_s": seconds_of(disturbed),
                   "seed": self.args.seed}
        print(result["text"])
        if result["err"]:
            print(result["err"])
        clean = result["exit"] == 0 and behind == 0 and crashes == 0 and all(c == 0 for c in codes)
        say(f"{summary['kills']} kills in {summary['seconds']} s, {fleet.sent} records, "
            f"{len(plain)} takeovers p50 {summary['takeover_s']['p50']} s, p99 {summary['takeover_s']['p99']} s, max {summary['takeover_s']['max']} s "
            f"(beside them {len(disturbed)} during other faults, max {summary['disturbed_takeover_s']['max']} s): {'clean' if clean else 'VIOLATIONS'}")
        if not clean:
            say(f"exit codes {codes}, left behind {behind}, crashes {crashes}; logs in {self.args.dir}")
        if self.args.json:
            print(json.dumps(summary))
        return 0 if clean else 1


def wait_for_log(workers, seconds):
    """Until all workers together own every partition."""
    until = time.time() + seconds
    while time.time() < until:
        if lane_lags(workers):
            return
        for w in workers:
            if not w.alive():
                sys.stderr.write(w.log()[-3000:])
                sys.exit(1)
        time.sleep(0.2)
    say("the workers did not come up")
    for w in workers:
        sys.stderr.write(w.log()[-2000:])
    sys.exit(1)


def lane_lags(workers):
    """Records each lane is behind, as the workers' own HTTP says; None when one does not answer."""
    import urllib.request
    lags = {}
    for w in workers:
        ports = re.findall(r'msg="serving metrics".*?address=(\S+)', w.log())
        if not ports or not w.alive():
            return None
        try:
            with urllib.request.urlopen(f"http://{ports[-1]}/api/v1/status", timeout=2) as answer:
                status = json.load(answer)
        except OSError:
            return None
        for worker in status["workers"]:
            for lane in worker["lanes"]:
                if lane["phase"] != "live":
                    return None
                lags[lane["lane"]] = max(0, lane["log_end"] - lane["committed"])
    return lags


def main():
    run = Run(arguments())
    try:
        return run.main()
    finally:
        for w in run.workers:
            if w.alive():
                w.process.kill()
        run.cluster.run("stop")


if __name__ == "__main__":
    sys.exit(main())
