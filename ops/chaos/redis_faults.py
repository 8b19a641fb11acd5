"""What happens to Redis: what it has forgotten, and what it cannot write."""
import resource
import shutil
import socket
import subprocess
import time

from fault import Fault
from proxy import Proxy

SYNC_S = 30


def redis_restart(run, chance):
    run.cluster.run(chance.choice(["restart-redis", "kill-redis"]))
    run.cluster.run("start")


def redis_away(run, _chance):
    run.cluster.run("kill-redis")
    run.pause(run.args.redis_away)
    run.cluster.run("start")


def flush(run, chance):
    """In turn with a kill before the next checkpoint and after it."""
    run.cluster.redis_cli("FLUSHALL")
    before = sum(o.name == "flush" for o in run.occurrences) % 2 == 0
    if not before:
        run.pause(8)
    run.workers.kill(chance, "flush")


def until(run, what, true, seconds=SYNC_S):
    end = time.time() + seconds
    while not true():
        if time.time() > end:
            raise RuntimeError(f"{what}: not within {seconds} s")
        run.pause(0.1)


def without_aof(run, chance):
    """Restores what the last SAVE held: everything since is lost."""
    cluster = run.cluster
    cluster.redis_cli("SAVE")
    cluster.run("restart-redis", "--no-aof")
    run.pause(chance.uniform(6, 10))
    cluster.run("kill-redis")
    if chance.random() < 0.5:
        run.workers.kill(chance, "redis_without_aof")
    cluster.run("start", "--no-aof")
    run.pause(chance.uniform(3, 6))
    cluster.redis_cli("CONFIG", "SET", "appendonly", "yes")
    until(run, "an AOF for Redis", lambda: "aof_rewrite_in_progress:0" in cluster.redis_cli("INFO", "persistence")
          and "aof_rewrite_scheduled:0" in cluster.redis_cli("INFO", "persistence"))


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


class Replica:
    """A second Redis, whose replication goes through a proxy of its own."""

    def __init__(self, run):
        self.cluster = run.cluster
        self.link = Proxy(int(run.cluster.redis_port))
        self.port = free_port()
        folder = run.args.dir / "replica"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with (folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "no", "--save", "",
                 "--replicaof", "127.0.0.1", str(self.link.port)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        run.cleaners.append(self.end)
        until(run, "the replica", lambda: self.answers() and in_step(self.cluster, self.port))

    def answers(self):
        return subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True, text=True, timeout=10).stdout.strip() == "PONG"

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.link.close()


def in_step(cluster, port):
    return "master_link_status:up" in cluster.redis_cli("INFO", "replication", port=port)


def replicated(cluster, port, field):
    for line in cluster.redis_cli("INFO", "replication", port=port).splitlines():
        if line.startswith(field + ":"):
            return int(line.partition(":")[2])
    return 0


def failover(run, chance):
    """A replica without the last seconds becomes the one that the workers' address leads to; later the first one, copied from it, is back."""
    cluster, first = run.cluster, int(run.cluster.redis_port)
    cluster.redis_cli("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    replica = Replica(run)
    try:
        replica.link.hold()
        run.pause(chance.uniform(4, 9))
        lacking = replicated(cluster, first, "master_repl_offset") - replicated(cluster, replica.port, "slave_repl_offset")
        run.redis_proxy.cut()
        cluster.run("kill-redis")
        cluster.redis_cli("REPLICAOF", "NO", "ONE", port=replica.port)
        if chance.random() < 0.5:
            run.workers.kill(chance, "redis_failover")
        run.redis_proxy.lead_to(replica.port)
        run.redis_proxy.join()
        run.pause(chance.uniform(5, 9))
        cluster.run("start")
        cluster.redis_cli("REPLICAOF", "127.0.0.1", str(replica.port))
        cluster.redis_cli("CONFIG", "SET", "repl-diskless-sync-delay", "0", port=replica.port)
        until(run, "the first Redis as a copy", lambda: in_step(cluster, first))
        run.redis_proxy.cut()
        cluster.redis_cli("REPLICAOF", "NO", "ONE")
    finally:
        run.redis_proxy.lead_to(first)
        run.redis_proxy.join()
        replica.end()
    return "the replica lacked a tail" if lacking > 0 else "the replica lacked nothing"


def full_disk(run, chance):
    """A limit on the file size, at what the AOF has: every write to it fails, as on a full disk, and Redis refuses writes."""
    cluster = run.cluster
    pid = int((cluster.folder / "redis.pid").read_text().split()[0])
    largest = max((file.stat().st_size for file in (cluster.folder / "redis").rglob("*.aof")), default=0)
    kept = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, kept[1]))
    try:
        run.pause(chance.uniform(8, 15))
        refused = "aof_last_write_status:err" in cluster.redis_cli("INFO", "persistence")
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, kept)
    until(run, "Redis writing its AOF again", lambda: "aof_last_write_status:ok" in cluster.redis_cli("INFO", "persistence"))
    return "Redis refused writes" if refused else "Redis had nothing to write"


FAULTS = [
    Fault("redis_restart", "commits go on; with its AOF Redis has lost a second at most: the next flip is refused and everything written anew",
          "SIGTERM or SIGKILL, then a start on the same data", redis_restart),
    Fault("redis_away", "decisions and commits go on; only the replay that a crash would cost grows", "SIGKILL; nobody starts it for --redis-away seconds", redis_away),
    Fault("flush", "a living worker's next flip is refused and everything written anew; a dead one's lanes are rebuilt from the log",
          "FLUSHALL, in turn followed by a SIGKILL before and after the next checkpoint", flush),
    Fault("redis_without_aof", "a living worker's next flip is refused and everything written anew; a dead one's lanes replay from an older checkpoint",
          "Redis without AOF is killed 6 to 10 s after its last SAVE and loads that; half of the times a worker is killed with it", without_aof),
    Fault("redis_failover", "the same", "a replica, cut off for 4 to 9 s, is promoted in the killed one's place; half of the times a worker is killed with it; "
          "then back to the first, in step", failover, wants=("redis_proxy",)),
    Fault("redis_full_disk", "commits go on; checkpoints fail until there is room, then succeed",
          "the AOF can grow no further (RLIMIT_FSIZE) for 8 to 15 s, and Redis refuses writes", full_disk),
]
