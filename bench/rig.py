"""Real servers and worker processes on processors of their own, and what they cost: for the scripts of this folder."""
import argparse
import ctypes
import datetime
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


def parser(program, text):
    p = argparse.ArgumentParser(prog=program, description=text)
    p.add_argument("--dir", type=Path, default=ROOT / "build" / "bench-run", help="where servers, data and logs go (default build/bench-run)")
    p.add_argument("--build", type=Path, default=None, help="a build folder to take the programs from (default: build/native, built first)")
    p.add_argument("--worker-cpu", default="0", help="processor of the worker (default 0)")
    p.add_argument("--server-cpu", default="1", help="processor of Kafka and Redis (default 1)")
    p.add_argument("--json", action="store_true", help="the results as one JSON line, too")
    return p


def say(text):
    print(f"{datetime.datetime.now(datetime.timezone.utc):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def die(code, text):
    print(f"bench: {text}", file=sys.stderr)
    sys.exit(code)


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))] if ordered else None


def median(values):
    return statistics.median(values) if values else None


def die_with_parent():
    """Between fork and exec: SIGKILL when the script ends, however that comes about."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def machine():
    """One line: what the figures were measured on."""
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text()).group(1)) / 2**20
    return (f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}; "
            f"librdkafka {version('librdkafka1')}, Redis {version('redis-server')}, Kafka 3.9")


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
    return done.stdout.split("-")[0].split(":")[-1] if done.returncode == 0 else "?"


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def cpu_seconds(pid):
    """User and system time of all threads of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Rig:
    """Kafka and Redis of its own in args.dir, pinned; ended and wiped with the block."""

    def __init__(self, args, programs=()):
        self.args = args
        self.folder = args.dir.resolve()
        self.build = (args.build or ROOT / "build" / "native").resolve()
        if args.build is None:
            self.make(programs)
        for program in ("headroom", *(f"bench/{name}" for name in programs)):
            if not (self.build / program).exists():
                die(3, f"{self.build / program} is missing; build it: ninja -C {self.build} {Path(program).name}")
        self.workers = []
        self.others = []

    def make(self, programs):
        for command in (["bash", "ops/install.sh"], ["cmake", "--preset", "native", "-B", str(self.build), "-DHEADROOM_BENCH=ON"],
                        ["ninja", "-C", str(self.build), "headroom", *programs]):
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                die(3, f"{' '.join(command)} failed:\n{done.stdout[-3000:]}")

    def __enter__(self):
        # A request to end leaves through __exit__, as Ctrl-C does.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.cluster("stop", "--wipe")
        self.cluster("start")
        env = dict(line.split("=", 1) for line in (self.folder / "cluster" / "env").read_text().split() if "=" in line)
        self.kafka, self.redis = env["HEADROOM_KAFKA"], env["HEADROOM_REDIS"]
        return self

    def __exit__(self, *_):
        for process in [w.process for w in self.workers] + self.others:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.cluster("stop", "--wipe")

    def cluster(self, *command):
        # The heap that Kafka's own start script gives a broker: with less of it, collections of 15 ms twice a second are what one measures.
        env = {"HEADROOM_KAFKA_HEAP": "1g", **os.environ, "HEADROOM_CLUSTER_CPUS": self.args.server_cpu}
        done = subprocess.run(["bash", str(ROOT / "ops" / "cluster.sh"), *command, "--dir", str(self.folder / "cluster")],
                              capture_output=True, text=True, env=env)
        if done.returncode != 0:
            die(3, done.stderr.strip() or f"ops/cluster.sh {' '.join(command)} ended with {done.returncode}")

    def config(self, name, **changes):
        """A configuration of one installation; its topics begin with its name, so that rounds do not see one another. Sections are merged."""
        config = {
            "installation": name,
            "rejected_topic": f"{name}.rejected", "alert_topic": f"{name}.alerts",
            "kafka": {"brokers": self.kafka, "partitions": 2}, "redis": {"url": self.redis}, "http": {"listen": "127.0.0.1:0"}, "engine": {},
            "topologies": {"right_sizing": {"topic": f"{name}.samples", "action_topic": f"{name}.actions"}},
        }
        for section, values in changes.items():
            target = config["topologies"]["right_sizing"] if section == "right_sizing" else config[section]
            target.update(values)
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(config, indent=1))
        return path

    def program(self, name, *arguments, background=False, cpu=None, json_line=True):
        """Runs a program of bench/ beside the servers; gives the JSON line that it ends with, or in the background the process."""
        command = ["taskset", "-c", cpu or self.args.server_cpu, str(self.build / "bench" / name), *map(str, arguments)]
        if background:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
            self.others.append(process)
            return process
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            die(3, f"{name} failed: {done.stderr.strip()}")
        return json.loads(done.stdout.strip().splitlines()[-1]) if json_line else None

    def spawn(self, command, log, cpu=None):
        """Starts any command in the background, pinned; what it says is added to a file."""
        with log.open("a") as out:
            process = subprocess.Popen(["taskset", "-c", cpu or self.args.worker_cpu, *map(str, command)], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out, preexec_fn=die_with_parent)
        self.others.append(process)
        return process

    def result(self, process):
        """Waits for a program in the background; gives the JSON line that it ends with."""
        out, err = process.communicate()
        if process.returncode != 0:
            die(3, f"{process.args[3]} failed: {err.strip()}")
        return json.loads(out.strip().splitlines()[-1])

    def fill(self, topic, background=False, **options):
        """fill_topic with these options (rate=1: --rate 1); gives what it says it wrote, or in the background, then beside the workers, the process."""
        arguments = [part for key, value in options.items() for part in (f"--{key.replace('_', '-')}", value)]
        return self.program("fill_topic", "--brokers", self.kafka, "--topic", topic, *arguments, background=background,
                            cpu=self.args.worker_cpu if background else None)

    def make_topic(self, topic, partitions=2):
        self.program("fill_topic", "--brokers", self.kafka, "--topic", topic, "--partitions", partitions, "--create-only", json_line=False)

    def worker(self, config, slot="w0", settings=()):
        worker = Worker(self, config, slot, settings)
        self.workers.append(worker)
        return worker

    def verify(self, config, *more):
        done = subprocess.run([str(self.build / "headroom"), "verify", "--config", str(config), *more], capture_output=True, text=True)
        if done.returncode != 0:
            die(1, f"verify found violations:\n{done.stdout}{done.stderr}")
        return done.stdout.strip().splitlines()[-1]


class Worker:
    """One `headroom run`, pinned."""

    def __init__(self, rig, config, slot, settings=()):
        self.rig, self.config, self.slot = rig, config, slot
        self.settings = [word for setting in settings for word in ("--set", setting)]
        self.path = rig.folder / f"{config.stem}.{slot}.log"
        self.path.unlink(missing_ok=True)
        self.address = None
        self.start()

    def start(self):
        self.address = None
        self.log_from = self.path.stat().st_size if self.path.exists() else 0
        self.started = time.time()
        with self.path.open("a") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", self.rig.args.worker_cpu, str(self.rig.build / "headroom"), "run", "--config", str(self.config), "--slot", self.slot,
                 "--create-topics", *self.settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def log(self):
        with self.path.open(errors="replace") as log:
            log.seek(self.log_from)
            return log.read()

    def lines(self, message):
        """Log lines with this message since the last start: [(wall seconds, {field: text})]."""
        found = []
        for line in self.log().splitlines():
            if f'msg="{message}"' in line:
                fields = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line))
                found.append((wall_seconds(fields["ts"]), fields))
        return found

    def wait_line(self, message, seconds=60):
        """The fields of the first such log line since the last start."""
        until = time.time() + seconds
        while not (found := self.lines(message)):
            if time.time() > until:
                die(1, f"{self.slot} did not log \"{message}\" within {seconds} s:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return found[0][1]

    def get(self, path):
        if self.address is None:
            found = re.findall(r'msg="serving metrics".*?address=(\S+)', self.log())
            if not found:
                return None
            self.address = found[-1]
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def lanes(self):
        """{lane: its status}; empty while it does not answer."""
        text = self.get("/api/v1/status")
        return {lane["lane"]: lane for worker in json.loads(text)["workers"] for lane in worker["lanes"]} if text else {}

    def metrics(self):
        """{series: value} of /metrics."""
        values = {}
        for line in (self.get("/metrics") or "").splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def wait(self, what, holds, seconds=120):
        """Until holds(lanes) of /api/v1/status."""
        until = time.time() + seconds
        while time.time() < until:
            if self.process.poll() is not None:
                die(1, f"{self.slot} ended with {self.process.returncode} while waiting for {what}:\n{self.log()[-3000:]}")
            lanes = self.lanes()
            if lanes and holds(lanes):
                return lanes
            time.sleep(0.1)
        die(1, f"{self.slot}: no {what} within {seconds} s:\n{self.log()[-3000:]}")

    def wait_live(self, count):
        return self.wait(f"{count} live lanes", lambda lanes: sum(lane["phase"] == "live" for lane in lanes.values()) >= count)

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=60)
        if code != 0:
            die(1, f"{self.slot} ended with {code}:\n{self.log()[-3000:]}")


class StandInCloud:
    """ops/spot_stand_in.py: the metadata service of one machine."""

    def __init__(self, rig, provider):
        self.process = subprocess.Popen([sys.executable, str(ROOT / "ops" / "spot_stand_in.py"), "--provider", provider], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        rig.others.append(self.process)
        self.address = self.process.stdout.readline().strip()

    def control(self, method):
        request = urllib.request.Request(f"{self.address}/control/notice", method=method, data=b"{}" if method == "POST" else None)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def give(self):
        """The machine is to go; wall seconds of the notice."""
        return self.control("POST")["given"]

    def withdraw(self):
        self.control("DELETE")


def wall_seconds(stamp):
    stamp = stamp.strip('"')
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if "." in stamp else "%Y-%m-%dT%H:%M:%SZ"
    return datetime.datetime.strptime(stamp, form).replace(tzinfo=datetime.timezone.utc).timestamp()


def buckets_between(before, after, name):
    """{upper bound: how many at or below it} of what a Prometheus histogram took between two readings, over all its labels."""
    buckets = {}
    for series, value in after.items():
        bound = re.match(re.escape(name) + r'_bucket\{.*?le="([^"]+)"', series)
        if bound:
            le = float(bound.group(1).replace("+Inf", "inf"))
            buckets[le] = buckets.get(le, 0) + value - before.get(series, 0)
    return buckets


def longest_bucket(before, after, name):
    """The bound that nothing in between was above."""
    buckets = buckets_between(before, after, name)
    return min((le for le, count in buckets.items() if count >= buckets[float("inf")]), default=0.0)


def histogram_quantile(before, after, name, q):
    """Of what a histogram took between two readings, in its unit; interpolated within a bucket, as Prometheus does."""
    buckets = buckets_between(before, after, name)
    total = buckets.get(float("inf"), 0)
    lower, below = 0.0, 0.0
    for le in sorted(buckets):
        if total and buckets[le] >= q * total:
            return lower if le == float("inf") else lower + (le - lower) * (q * total - below) / max(buckets[le] - below, 1e-9)
        lower, below = le, buckets[le]
    return None
