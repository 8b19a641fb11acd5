"""What bench/run.sh measures of each engine. Each function gives {engine: [figures of a round]}."""
import json
import statistics
import time

import rig
from engines import EXACTLY_ONCE, JOBS, TIGHT_HEAP, Job
from same_commands import Comparison

# Every container that lies is told so in every bucket of ten seconds: many commands from few records.
TALKATIVE = {"window": "10m", "min_history": "5m", "patience": 1, "cooldown": "0s", "min_change": 0.02, "repeat_after": "0s", "budget": 1_000_000}
# A bucket a scrape: every part of a container's state has been written after a few.
SHORT_BUCKETS = {"window": "15m"}
METRICS = 4  # samples a container and scrape, see bench/sample_load.h


def in_turn(engines, rounds):
    """(round, engine), each round beginning with another one: none has the quiet or the warm minutes for itself."""
    for number in range(rounds):
        shift = number % len(engines)
        for engine in engines[shift:] + engines[:shift]:
            yield number, engine


def same_commands(servers, engines):
    """Many commands of a small fleet, compared in full; what promises exactly once is killed on the way and goes on with an empty disk."""
    jobs = [engine for engine in engines if engine in JOBS]
    filled = servers.fill("same.samples", samples=400_000, containers=500, partitions=2)
    comparison = Comparison(servers)
    for engine in jobs:
        job = Job(servers, engine, f"same-{engine.replace('_', '-')}", "same.samples", TALKATIVE).start()
        if engine in EXACTLY_ONCE:
            job.committed(filled["records"] // 4, seconds=600, every_ms=10)
            job.kill()
            job.new_machine()
            job.start()
        job.committed(filled["records"], seconds=600)
        comparison.take(job.name, job.actions)
        job.end()
    return sum(map(len, comparison.commands.values()))


def throughput(servers, engines, args):
    """Records a CPU-second and a second of the clock, from `warm_share` of the topic on to the last commit but one."""
    rig.say(f"filling a topic with {args.records} records of {args.containers} containers")
    records = servers.fill("peers.samples", samples=args.records, containers=args.containers, partitions=2)["records"]
    found = {engine: [] for engine in engines}
    comparison = Comparison(servers)
    for number, engine in in_turn(engines, args.rounds):
        if engine == "floor":
            done = servers.program("consume_floor", servers.kafka, "peers.samples", "library", cpu=args.worker_cpu)
            figures = {"per_cpu_s": done["records"] / done["cpu_s"], "per_s": done["records"] / done["wall_s"]}
        else:
            figures = one_throughput(servers, engine, number, records, args, comparison)
        found[engine].append(figures)
        rig.say(f"round {number + 1}, {engine}: {figures['per_cpu_s'] / 1e6:.3f} million records a CPU-second, {figures['per_s'] / 1e6:.3f} a second")
    return found


def one_throughput(servers, engine, number, records, args, comparison):
    job = Job(servers, engine, f"peers-{engine.replace('_', '-')}-{number}", "peers.samples").start()
    lines = job.committed(records)
    comparison.take(job.name, job.actions)
    job.end()
    # The last commit may wait for an interval, or a silent topic, that has nothing to do with the work.
    counted = [line for line in lines[:-1] if line["committed"] >= args.warm_share * records]
    if len(counted) < 2:
        rig.die(1, f"{job.name} was done before three of its commits were seen: more records")
    warm, last = counted[0], counted[-1]
    done = last["committed"] - warm["committed"]
    return {"per_cpu_s": done / (last["cpu_s"] - warm["cpu_s"]), "per_s": done / (last["time"] - warm["time"])}


def latency(servers, engines, args):
    """From producing a sample to reading its committed command, at a steady rate."""
    engines = [engine for engine in engines if engine in JOBS]
    found = {engine: [] for engine in engines}
    for number, engine in in_turn(engines, args.rounds):
        name = f"latency-{engine.replace('_', '-')}-{number}"
        servers.make_topic(f"{name}.samples")
        job = Job(servers, engine, name, f"{name}.samples", TALKATIVE).start()
        time.sleep(args.settle)
        # The load's processor is the worker's: the broker's would be taken by it. All engines are hindered alike.
        load = servers.program("command_latency", "--brokers", servers.kafka, "--topic", job.topic, "--action-topic", job.actions,
                               "--rate", args.rate, "--seconds", args.seconds, "--warm-up", args.warm_up, "--containers", args.containers,
                               background=True, cpu=args.worker_cpu)
        found[engine].append(servers.result(load))
        job.end()
        rig.say(f"round {number + 1}, {engine}: p50 {found[engine][-1]['p50_ms']} ms, p99 {found[engine][-1]['p99_ms']} ms of "
                f"{found[engine][-1]['commands']} commands")
    return found


def memory_and_restore(servers, engines, args, measures):
    """Resident bytes a key, from few keys to many; then a new machine that has to load the state of the many."""
    engines = [engine for engine in engines if engine in JOBS]
    # The few get records enough to fill every queue and compile every method, too: what is left is the keys.
    fills = {args.few_keys: min(args.keys * METRICS * args.scrapes, 2_000_000), args.keys: args.keys * METRICS * args.scrapes}
    for keys, records in fills.items():
        rig.say(f"filling a topic with {records} records of {keys} containers")
        servers.fill(f"keys-{keys}.samples", samples=records, containers=keys, partitions=2)
    found = {engine: [] for engine in engines}
    for engine in engines:
        found[engine].append(keys_of(servers, engine, fills, args, measures))
        rig.say(f"{engine}: {found[engine][-1]}")
    return found


def keys_of(servers, engine, fills, args, measures):
    figures, resident = {}, {}
    for keys, filled in fills.items():
        job = Job(servers, engine, f"keys-{keys}-{engine.replace('_', '-')}", f"keys-{keys}.samples", SHORT_BUCKETS, heap=TIGHT_HEAP).start()
        job.committed(filled)
        resident[keys] = job.resident()
        if keys == args.keys and "restore" in measures and engine in EXACTLY_ONCE:
            figures.update(restore(servers, job, args))
        job.end()
    between = args.keys - args.few_keys
    figures["bytes_a_key"] = (resident[args.keys][0] - resident[args.few_keys][0]) / between
    figures["most_bytes_a_key"] = (resident[args.keys][1] - resident[args.few_keys][1]) / between
    return figures


def restore(servers, job, args):
    """From its start on a new machine to its first commit, and what it says itself of the loading."""
    time.sleep(args.compaction)  # the broker compacts a changelog in its own time
    job.stop()
    job.new_machine()
    # A trickle, so that there is something to commit at any time: on a silent topic Flink's reader waits for ten seconds.
    load = servers.fill(job.topic, background=True, rate=1000, seconds=3600, containers=args.keys, partitions=2)
    seconds = start_to_commit(job)
    load.kill()
    return {"restore_to_commit_s": seconds, "restore_s": job.restore_seconds()}


def takeover(servers, engines, args):
    """SIGKILL under load; from the start of the same slot on a new machine to its first commit."""
    engines = [engine for engine in engines if engine in EXACTLY_ONCE]
    found = {engine: [] for engine in engines}
    for engine in engines:
        name = f"takeover-{engine.replace('_', '-')}"
        servers.make_topic(f"{name}.samples")
        job = Job(servers, engine, name, f"{name}.samples").start()
        load = servers.fill(job.topic, background=True, rate=args.rate, seconds=3600 * 12, containers=args.containers, partitions=2)
        time.sleep(args.warm_up)
        for number in range(args.kills):
            time.sleep(args.between)
            job.kill()
            job.new_machine()
            found[engine].append({"seconds": start_to_commit(job), "restore_s": job.restore_seconds()})
            rig.say(f"{engine}, kill {number + 1}: {found[engine][-1]}")
            if load.poll() is not None:
                rig.die(3, f"the load ended: {load.stderr.read()}")
        load.kill()
        job.end()
    return found


def start_to_commit(job):
    """Starts it; seconds until its group commits something new."""
    watch = job.watch(every_ms=5)
    watch.stdout.readline()  # where it left off
    job.start()
    line = watch.stdout.readline()
    watch.kill()
    if not line:
        rig.die(1, f"{job.name} never committed:\n{job.log()[-3000:]}")
    return json.loads(line)["time"] - job.started


def spread(values, scale=1.0, digits=2):
    """Median (least to most)."""
    return f"{statistics.median(values) / scale:.{digits}f} ({min(values) / scale:.{digits}f} to {max(values) / scale:.{digits}f})"
