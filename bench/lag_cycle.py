"""Cycles of the lag source under load: see bench/lag_cycle.sh --help."""
import json
import re
import sys
import time

import rig

# groups, topics, partitions of a topic, topics a group reads
SHAPES = {"100x500": (100, 10, 50, 10), "2000x25": (2000, 100, 25, 1)}
INTERVAL = 5
PEERS = ("kminion", "kafka_exporter")
SOURCE = "headroom_lag_source_"


def arguments():
    p = rig.parser("bench/lag_cycle.sh", "Groups that commit every 5 s, a tenth of them an hour behind, on partitions that are all written to. In each round for so "
                   "many cycles: nobody watches, the lag source, and the requests of other exporters (bench/peers/lag_ways.cc). Broker CPU is what "
                   "comes on top of nobody's.")
    p.add_argument("--shapes", default=",".join(SHAPES), help=f"groups x partitions of each, of {', '.join(SHAPES)} (default: all)")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--cycles", type=int, default=12, help="of 5 s, a way and round (default 12)")
    p.add_argument("--peers", default=",".join(PEERS), help="empty: none")
    return p.parse_args()


class Source:
    """One `headroom lag-source`, and what its metrics say of each cycle."""

    def __init__(self, servers, prefix):
        self.config = servers.config(prefix)
        self.log = servers.folder / f"{prefix}.source.log"
        self.log.unlink(missing_ok=True)
        self.servers, self.prefix = servers, prefix
        self.process = servers.spawn([servers.build / "headroom", "lag-source", "--config", self.config, "--create-topics", "--set",
                                      f"lag_source.topic={prefix}.lag", "--set", f'lag_source.groups=["{prefix}.*"]'], self.log)
        self.worker = Metrics(self.log)

    def cycles(self, count):
        """Waits for so many more; each as {name: value}, counters since the cycle before."""
        found, last = [], self.read()
        while len(found) < count:
            if self.process.poll() is not None:
                rig.die(1, f"the lag source ended:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)
            now = self.read()
            if last and now and now["cycle_duration_seconds_count"] > last["cycle_duration_seconds_count"]:
                done = now["cycle_duration_seconds_count"] - last["cycle_duration_seconds_count"]
                one = {"seconds": (now["cycle_duration_seconds_sum"] - last["cycle_duration_seconds_sum"]) / done, "staleness": now["staleness_seconds"]}
                for name in ("requests_total", "look_ups_total", "reads_total", "overruns_total"):
                    one[name] = (now[name] - last[name]) / done
                for quality in ("exact", "interpolated", "bracketed", "unknown"):
                    name = f'samples_total{{quality="{quality}"}}'
                    one[quality] = (now[name] - last[name]) / done
                found.append(one)
            last = now or last
        return found

    def read(self):
        return {name.removeprefix(SOURCE): value for name, value in self.worker.metrics().items() if name.startswith(SOURCE)}

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


class Metrics(rig.Worker):
    """The scrape of a process that logs where it serves."""

    def __init__(self, path):  # not started here
        self.path, self.address, self.log_from = path, None, 0


def broker_seconds(servers, pid, body):
    """Broker CPU and the result of body()."""
    before = rig.cpu_seconds(pid)
    result = body()
    return rig.cpu_seconds(pid) - before, result


def peer(servers, way, seconds):
    process = servers.program("lag_ways", "--brokers", servers.kafka, "--way", way, "--seconds", seconds, background=True, cpu=servers.args.worker_cpu)
    out, err = process.communicate()
    if process.returncode != 0:
        rig.die(3, f"lag_ways failed: {err.strip()}")
    return [json.loads(line) for line in out.strip().splitlines()]


def idle(seconds):
    began = time.time()
    time.sleep(seconds)
    return time.time() - began


def measure(servers, name, args):
    groups, topics, partitions, topics_a_group = SHAPES[name]
    prefix = f"cycle{name}"
    rig.say(f"{name}: filling {topics * partitions} partitions with an hour")
    load = servers.program("lag_load", "--brokers", servers.kafka, "--prefix", prefix, "--groups", groups, "--topics", topics, "--partitions", partitions,
                           "--topics-a-group", topics_a_group, background=True, cpu=servers.args.worker_cpu)
    if load.stdout.readline().strip() != "ready":
        rig.die(3, f"lag_load failed: {load.stderr.read().strip()}")
    pid = int(re.search(r"HEADROOM_KAFKA_PID=(\d+)", (servers.folder / "cluster" / "env").read_text()).group(1))
    span = args.cycles * INTERVAL
    peers = [way for way in args.peers.split(",") if way]
    source = Source(servers, prefix)
    cold = source.cycles(1)[0]  # the second cycle: the first one's interval is not known
    source.cycles(11)
    source.stop()
    cycles, costs, asked = [], {way: [] for way in ("headroom", *peers)}, {}
    for number in range(args.rounds):
        cpu, seconds = broker_seconds(servers, pid, lambda: idle(span))
        base = cpu / seconds
        source = Source(servers, prefix)
        source.cycles(6)  # tables of an hour's offsets are learned again
        began = time.time()
        cpu, found = broker_seconds(servers, pid, lambda: source.cycles(args.cycles))
        costs["headroom"].append((cpu - base * (time.time() - began)) / args.cycles)
        source.stop()
        cycles += found
        for way in peers:
            began = time.time()
            cpu, scrapes = broker_seconds(servers, pid, lambda way=way: peer(servers, way, span))
            costs[way].append((cpu - base * (time.time() - began)) / len(scrapes))
            asked[way] = scrapes
        rig.say(f"{name}, round {number + 1}: nobody {base * INTERVAL:.2f} s of broker CPU in 5 s; on top a cycle: " +
                ", ".join(f"{way} {values[-1]:.2f} s" for way, values in costs.items()))
    load.kill()
    return {"shape": name, "cold_seconds": cold["seconds"], "cycles": cycles, "costs": costs, "asked": asked, "base": base * INTERVAL}


def row(result, way):
    cost = result["costs"][way]
    if way == "headroom":
        taken = [one["seconds"] for one in result["cycles"]]
        requests = rig.median([one["requests_total"] for one in result["cycles"]])
    else:
        taken = [one["seconds"] for one in result["asked"][way]]
        requests = rig.median([one["requests"] for one in result["asked"][way]])
    return [result["shape"], way, f"{rig.median(taken):.2f} / {max(taken):.2f}", f"{requests:.0f}", f"{rig.median(cost):.2f} ({min(cost):.2f} to {max(cost):.2f})"]


def main():
    args = arguments()
    shapes = args.shapes.split(",")
    if not set(shapes) <= set(SHAPES):
        rig.die(2, f"--shapes: {', '.join(SHAPES)}")
    if not set(filter(None, args.peers.split(","))) <= set(PEERS):
        rig.die(2, f"--peers: {', '.join(PEERS)}")
    with rig.Rig(args, ["lag_load", "lag_ways"]) as servers:
        results = [measure(servers, name, args) for name in shapes]
    print(f"\n{rig.machine()}; {args.rounds} rounds of {args.cycles} cycles a way\n")
    rig.table(["groups x partitions", "way", "seconds a cycle: p50 / most", "requests a cycle", "broker CPU-seconds a cycle: median (range)"],
              [row(result, way) for result in results for way in result["costs"]])
    for result in results:
        mean = {name: sum(one[name] for one in result["cycles"]) / len(result["cycles"]) for name in result["cycles"][0]}
        print(f"\n{result['shape']}, the lag source: {mean['look_ups_total']:.0f} look-ups and {mean['reads_total']:.1f} reads a cycle; of the samples "
              f"{mean['exact']:.0f} exact, {mean['interpolated']:.0f} interpolated, {mean['bracketed']:.0f} bracketed, {mean['unknown']:.0f} unknown; "
              f"staleness {max(one['staleness'] for one in result['cycles']):.2f} s at most, second cycle after a start {result['cold_seconds']:.2f} s; "
              f"beside it producing and committing take the broker {result['base']:.2f} s in 5 s")
    if args.json:
        print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
