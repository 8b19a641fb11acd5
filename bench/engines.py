"""The engines that bench/run.sh lays side by side: how each is built, started and ended. What they run is in bench/peers."""
import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import rig

TITLES = {
    "headroom": "Headroom", "streams_memory": "Kafka Streams 3.9, in memory", "streams_rocksdb": "Kafka Streams 3.9, RocksDB",
    "flink": "Flink 1.20, heap state", "plain": "a plain loop, no guarantees", "floor": "librdkafka alone",
}
JOBS = [engine for engine in TITLES if engine != "floor"]  # those that decide something
EXACTLY_ONCE = [engine for engine in JOBS if engine != "plain"]  # those that come back with their state
JVM = ("streams_memory", "streams_rocksdb", "flink")

# One processor: the serial collector takes the least CPU time there (the parallel and the concurrent ones pay for threads that cannot run).
# For speed a heap that is there from the start, half of it young: what a batch leaves behind dies there.
FAST_HEAP = ["-XX:+UseSerialGC", "-Xms2g", "-Xmx2g", "-Xmn1g"]
# For many keys one that grows as it must and is given back, which costs time.
TIGHT_HEAP = ["-XX:+UseSerialGC", "-Xmx10g", "-XX:MinHeapFreeRatio=10", "-XX:MaxHeapFreeRatio=20"]
# Flink on Java 17 looks into packages that Java has closed.
FLINK_FLAGS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in
               ("java.lang", "java.lang.reflect", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util", "java.util.concurrent",
                "java.util.concurrent.atomic", "java.util.concurrent.locks")]


def build_jars(servers):
    """The Java jobs, from Maven Central when they are first needed."""
    if shutil.which("mvn") is None or shutil.which("javac") is None:
        rig.die(3, "Maven and a JDK (17) are needed for the Java jobs: install maven default-jdk-headless")
    folder = rig.ROOT / "bench" / "peers"
    rig.say("building the Java jobs")
    done = subprocess.run(["mvn", "-q", "-B", f"-Dpeers.build={jars(servers)}", "-f", str(folder / "pom.xml"), "package"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        rig.die(3, f"Maven could not build bench/peers:\n{done.stdout[-3000:]}")


def jars(servers):
    return servers.build.parent / "peers"


class Job:
    """One engine at work for one installation: a topic in, a topic of its own out, state of its own."""

    def __init__(self, servers, engine, name, topic, rules=None, heap=FAST_HEAP):
        self.servers, self.engine, self.name, self.topic = servers, engine, name, topic
        self.config = servers.config(name, right_sizing={"topic": topic, **(rules or {})})
        self.actions = f"{name}.actions"
        # Headroom has a topic and an operator in the name of its group; the others are told the installation's.
        self.group = f"{name}.right_sizing" if engine == "headroom" else name
        self.folder = servers.folder / f"{name}.state"
        self.path = servers.folder / f"{name}.log"
        self.heap = heap
        self.process = None
        self.path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        servers.make_topic(self.actions)

    def command(self):
        if self.engine == "headroom":
            return [self.servers.build / "headroom", "run", "--config", self.config, "--slot", "a", "--create-topics"]
        if self.engine == "plain":
            return [self.servers.build / "bench" / "plain_loop", self.config]
        if self.engine == "flink":
            return self.java("flink", FLINK_FLAGS, "headroom.peers.flink.FlinkJob", self.config, self.folder)
        return self.java("streams", [], "headroom.peers.streams.StreamsJob", self.config, self.folder, self.engine.split("_")[1], "a")

    def java(self, module, flags, main, *arguments):
        folder = jars(self.servers) / module
        log = f"-Dlog4j.configuration=file:{rig.ROOT / 'bench' / 'peers' / 'log4j.properties'}"
        return ["java", *self.heap, *flags, log, "-cp", f"{folder / f'{module}-1.jar'}:{folder / 'libs'}/*", main, *arguments]

    def start(self):
        self.log_from = self.path.stat().st_size if self.path.exists() else 0
        self.started = time.time()
        self.process = self.servers.spawn(self.command(), self.path)
        return self

    def stop(self):
        """As asked to. A mini cluster has no such way but with a savepoint: what Flink goes on from is its last checkpoint."""
        if self.engine == "flink":
            return self.kill()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def new_machine(self):
        """Nothing is left on the disk, but for checkpoints: those stand for a store that outlives machines."""
        if self.engine != "flink":
            shutil.rmtree(self.folder, ignore_errors=True)

    def end(self):
        """For good."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with self.path.open(errors="replace") as log:
            log.seek(self.log_from)
            return log.read()

    def restore_seconds(self):
        """What it says itself that it took to load its state since its last start; None when it does not."""
        found = re.findall(r"\brestore_ms=(\d+)", self.log())
        return max(map(int, found)) / 1000 if found else None

    def committed(self, until, seconds=3600, every_ms=100):
        """What it committed and what CPU time it had used by then, until `until` records are: [{time, committed, cpu_s}]."""
        watch = self.watch(until=until, every_ms=every_ms, pid=self.process.pid)
        try:
            out, err = watch.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            rig.die(1, f"{self.name} did not commit {until} records in {seconds} s:\n{self.log()[-3000:]}")
        if watch.returncode != 0:
            rig.die(1, f"{self.name}: {err.strip()}\n{self.log()[-3000:]}")
        return [json.loads(line) for line in out.splitlines()]

    def watch(self, **options):
        arguments = [part for key, value in options.items() for part in (f"--{key.replace('_', '-')}", value)]
        return self.servers.program("commit_watch", "--brokers", self.servers.kafka, "--group", self.group, "--topic", self.topic, *arguments,
                                    background=True)

    def resident(self):
        """Resident and most ever resident, in bytes; of a JVM after a full collection, which is in its favour."""
        if self.engine in JVM:
            subprocess.run(["jcmd", str(self.process.pid), "GC.run"], capture_output=True, check=True)
            time.sleep(2)
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s*(\d+)", status).group(1)) * 1024 for name in ("VmRSS", "VmHWM"))
