"""One run: servers, workers and load are started, faults strike, everything must get done, and the topics are audited."""
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import datetime, timezone

from cluster import Cluster, ClusterFailed
from fault import Occurrence
from faults import BY_NAME
from fleet import Fleet
from kafka_faults import affordable_nodes
from paths import BINARY
from progress import Progress
from proxy import Proxy
from report import report
from worker_faults import Clocks
from workers import Workers

START_S = 60
DRAIN_S = 120
VERIFY_S = 1800


def say(text):
    print(f"{datetime.now(timezone.utc):%H:%M:%S} {text}", flush=True)


class Stream(threading.Thread):
    """Faults one after the other. An exception ends it and is kept for whoever joins."""

    def __init__(self, run, names, seed, pause):
        super().__init__(daemon=True)
        self.run_of = run
        self.names = names
        self.chance = random.Random(seed)
        self.pause = pause
        self.failure = None

    def run(self):
        try:
            for done, name in enumerate(self.names):
                say(f"{name} ({done + 1} of {len(self.names)})")
                self.run_of.strike(BY_NAME[name], self.chance)
                # Now and then the next one comes at once.
                if self.run_of.stop.wait(0 if self.chance.random() < 0.1 else self.chance.uniform(*self.pause)):
                    return
        except BaseException as failure:  # pylint: disable=broad-except
            self.failure = failure


class Run:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.stop = threading.Event()
        self.occurrences = []
        self.skipped = {}  # fault: why
        self.cluster = self.workers = self.progress = self.fleet = None
        self.poisoned = Counter()  # kind: records that the broker took
        self.notices = []  # seconds from a spot notice to the end of the process
        self.kafka_proxies = []
        self.redis_proxy = None
        self.striking = []  # streams
        self.cleaners = []  # of what faults have started

    def prepare(self):
        self.args.dir.mkdir(parents=True, exist_ok=True)
        for old in self.args.dir.glob("*.log"):
            old.unlink()
        self.args.kafka_nodes, self.one_node_why = affordable_nodes(self.args.kafka_nodes)
        wanted = {want for name in self.args.counts for want in BY_NAME[name].wants}
        self.cluster = Cluster(self.args.dir / "cluster")
        if "kafka_proxy" in wanted:
            self.kafka_proxies = [Proxy() for _ in range(self.args.kafka_nodes)]
        options = ["--nodes", str(self.args.kafka_nodes)]
        if self.kafka_proxies:
            options += ["--advertise", ",".join(str(proxy.port) for proxy in self.kafka_proxies)]
        self.cluster.start(*options)
        for proxy, port in zip(self.kafka_proxies, self.cluster.proxied_ports):
            proxy.target_port = port
        if "redis_proxy" in wanted:
            self.redis_proxy = Proxy(int(self.cluster.redis_port))
        self.config = self.write_config()
        self.workers = Workers(self.args, self.config, say)
        if "clocks" in wanted and BY_NAME["clock"].missing(self) is None:
            self.workers.clocks = Clocks(self.args.dir)
        self.workers.start()

    def write_config(self):
        path = self.args.dir / "chaos.json"
        brokers = ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.kafka_proxies) or self.cluster.kafka
        redis = f"redis://127.0.0.1:{self.redis_proxy.port}/0" if self.redis_proxy is not None else self.cluster.redis
        path.write_text(json.dumps({
            "installation": "chaos",
            "kafka": {"brokers": brokers, "partitions": self.args.partitions},
            "redis": {"url": redis},
            "http": {"listen": "127.0.0.1:0"},
            "engine": {"checkpoint_interval": "3s"},
            # Few things hold a command back, so that there are many to lose.
            "topologies": {"right_sizing": {"window": "10m", "patience": 1, "cooldown": "0s", "min_change": 0.02, "repeat_after": "0s", "budget": 10000}},
        }, indent=1))
        subprocess.run([BINARY, "check", "--config", str(path)], check=True, stdout=subprocess.DEVNULL)
        return path

    say = staticmethod(say)

    def pause(self, seconds):
        if self.stop.wait(seconds):
            raise KeyboardInterrupt

    def strike(self, fault, chance):
        occurrence = Occurrence(fault.name, time.time())
        occurrence.remark = fault.inject(self, chance)
        occurrence.ended = time.time()
        self.occurrences.append(occurrence)
        if occurrence.remark:
            say(f"{fault.name}: {occurrence.remark}")

    def streams(self):
        names = {"workers": [], "servers": []}
        for name, count in self.args.counts.items():
            why = BY_NAME[name].missing(self)
            if why:
                self.skipped[name] = why
                say(f"{name} skipped: {why}")
            else:
                names[BY_NAME[name].stream if self.args.parallel else "workers"] += [name] * count
        for some in names.values():
            self.random.shuffle(some)
        pauses = {"workers": self.args.pause, "servers": self.args.server_pause}
        return [Stream(self, some, f"{self.args.seed} {which}", pauses[which]) for which, some in names.items() if some]

    def main(self):
        try:
            self.prepare()
            return self.under_load()
        except ClusterFailed as failure:
            say(str(failure))
            return failure.code

    def under_load(self):
        say(f"seed {self.args.seed}; Kafka {self.cluster.kafka}, Redis {self.cluster.redis}")
        self.wait_until_owned()
        self.workers.thread.start()
        self.progress = Progress(self.workers)
        self.fleet = Fleet(self.cluster.kafka, self.args)
        started = time.time()
        self.pause(5)
        self.striking = self.streams()
        for stream in self.striking:
            stream.start()
        # Not join(): interrupted, it takes a running thread for an ended one, and the server that it was starting is left behind.
        while any(stream.is_alive() for stream in self.striking):
            if any(stream.failure is not None for stream in self.striking):
                break
            self.stop.wait(0.2)
        for stream in self.striking:
            if stream.failure is not None:
                raise stream.failure
        self.fleet.finish()
        say(f"{self.fleet.sent} records produced; letting the workers finish")
        behind = self.drain()
        codes = self.workers.finish()
        self.progress.finish()
        self.afterwards = {o.name: BY_NAME[o.name].after(self) for o in self.occurrences if BY_NAME[o.name].after is not None}
        return report(self, {"seconds": time.time() - started, "left_behind": behind, "exit_codes": codes, **self.verify()})

    def wait_until_owned(self):
        """Until all workers together own every partition."""
        until = time.time() + START_S
        while time.time() < until:
            if self.workers.lags():
                return
            for w in self.workers.all:
                if not w.alive():
                    sys.stderr.write(w.path.read_text(errors="replace")[-3000:])
                    sys.exit(1)
            self.pause(0.2)
        say("the workers did not come up")
        for w in self.workers.all:
            sys.stderr.write(w.path.read_text(errors="replace")[-2000:])
        sys.exit(1)

    def drain(self):
        """Waits until every lane has committed what the topic holds; the lags that are left, 0 for none."""
        self.pause(3)
        self.workers.revive(force=True)
        until = time.time() + DRAIN_S
        while time.time() < until:
            lags = self.workers.lags()
            if lags is not None and sum(lags.values()) == 0 and len(lags) == self.args.partitions:
                return 0
            self.pause(0.5)
        return self.workers.lags()

    def verify(self):
        done = subprocess.run([BINARY, "verify", "--config", str(self.config), "--oracle", "--json", "--set", f"kafka.brokers={self.cluster.kafka}"],
                              capture_output=True, text=True, timeout=VERIFY_S)
        (self.args.dir / "verify.json").write_text(done.stdout)
        return {"verify_exit": done.returncode, "verify_text": done.stdout.strip(), "verify_error": done.stderr.strip()[-2000:]}

    def clean_up(self):
        self.stop.set()
        for stream in self.striking:
            if stream.is_alive():
                stream.join()  # a fault ends at its next pause; a server that it was starting would be left behind
        if self.fleet is not None:
            self.fleet.kill()
        if self.progress is not None:
            self.progress.finish()
        if self.workers is not None:
            self.workers.clean_up()
        for clean in reversed(self.cleaners):
            clean()
        for proxy in [*self.kafka_proxies, self.redis_proxy]:
            if proxy is not None:
                proxy.close()
        if self.cluster is not None:
            self.cluster.run("stop")
