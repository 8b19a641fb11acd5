"""Headroom beside other engines at the same job: see bench/run.sh --help."""
import json
import sys

import engines
import measures
import rig

MEASURES = ("commands", "throughput", "latency", "memory", "restore", "takeover")


def arguments():
    p = rig.parser("bench/run.sh", "The right_sizing job on Headroom, Kafka Streams, Flink and in a plain loop, in turn on the same broker and "
                   "data; and librdkafka alone. Their commands are compared: any difference ends the run with 1.")
    p.add_argument("--engines", default=",".join(engines.TITLES), help="which of them (default: all: %(default)s)")
    p.add_argument("--measures", default=",".join(MEASURES), help="which of them (default: all: %(default)s)")
    p.add_argument("--rounds", type=int, default=3, help="of throughput and latency (default 3)")
    p.add_argument("--containers", type=int, default=20_000, help="of all but memory and restore (default 20,000)")
    p.add_argument("--records", type=int, default=12_000_000, help="throughput: in the topic (default 12 million); the first commands need 544 "
                   "a container")
    p.add_argument("--warm-share", type=float, default=0.3, help="throughput: of the records, not counted (default 0.3)")
    p.add_argument("--rate", type=int, default=50_000, help="latency, takeover: samples a second (default 50,000)")
    p.add_argument("--seconds", type=int, default=120, help="latency: of load (default 120)")
    p.add_argument("--warm-up", type=int, default=60, help="latency, takeover: seconds of load before anything counts; the first commands need "
                   "5 minutes of the containers' time (default 60)")
    p.add_argument("--settle", type=int, default=12, help="latency: seconds from an engine's start to the load's (default 12)")
    p.add_argument("--keys", type=int, default=1_000_000, help="memory, restore: containers (default a million)")
    p.add_argument("--few-keys", type=int, default=1000, help="memory: containers of the run that it is held against (default 1000)")
    p.add_argument("--scrapes", type=int, default=4, help="memory, restore: of each container (default 4)")
    p.add_argument("--compaction", type=int, default=30, help="restore: seconds that the broker is given before it (default 30)")
    p.add_argument("--kills", type=int, default=5, help="takeover: of each engine (default 5)")
    p.add_argument("--between", type=int, default=15, help="takeover: seconds between two kills (default 15)")
    args = p.parse_args()
    args.engines, args.measures = args.engines.split(","), args.measures.split(",")
    for name, known in (("engines", engines.TITLES), ("measures", MEASURES)):
        unknown = set(getattr(args, name)) - set(known)
        if unknown:
            rig.die(2, f"--{name}: {', '.join(sorted(unknown))} unknown; there are {', '.join(known)}")
    return args


def ratio(found, engine, value, inverse=False):
    """Headroom's median over this engine's, or the other way round."""
    if "headroom" not in found or not found["headroom"] or not found[engine]:
        return "-"
    ours, theirs = (rig.median([value(one) for one in found[name]]) for name in ("headroom", engine))
    return f"{theirs / ours if inverse else ours / theirs:.2f}"


def print_throughput(found):
    print("\nRecords, exactly once where the engine can:\n")
    rig.table(["engine", "million records a CPU-second", "Headroom / it", "million a second, by the clock"],
              [[engines.TITLES[engine], measures.spread([r["per_cpu_s"] for r in rounds], 1e6), ratio(found, engine, lambda r: r["per_cpu_s"]),
                measures.spread([r["per_s"] for r in rounds], 1e6)] for engine, rounds in found.items()])


def print_latency(found, args):
    print(f"\nFrom a sample to its committed command, {args.rate} samples a second:\n")
    rig.table(["engine", "p50, ms", "p99, ms", "it / Headroom at p99", "commands"],
              [[engines.TITLES[engine], measures.spread([r["p50_ms"] for r in rounds], 1, 1), measures.spread([r["p99_ms"] for r in rounds], 1, 1),
                ratio(found, engine, lambda r: r["p99_ms"], inverse=True), sum(r["commands"] for r in rounds)] for engine, rounds in found.items()])


def print_keys(found, args):
    def cell(one, name, form):
        return form.format(one[name]) if one.get(name) is not None else "-"
    print(f"\n{args.keys} keys:\n")
    rows = []
    for engine, (one, *_) in found.items():
        restores = {name: rounds for name, rounds in found.items() if "restore_to_commit_s" in rounds[0]}
        rows.append([engines.TITLES[engine], cell(one, "bytes_a_key", "{:.0f}"), ratio(found, engine, lambda r: r["bytes_a_key"], inverse=True),
                     cell(one, "most_bytes_a_key", "{:.0f}"), cell(one, "restore_s", "{:.2f}"), cell(one, "restore_to_commit_s", "{:.2f}"),
                     ratio(restores, engine, lambda r: r["restore_to_commit_s"], inverse=True) if engine in restores else "-"])
    rig.table(["engine", "resident bytes a key", "it / Headroom", "at most", "restore as it says, s", "from start on a new machine to commit, s",
               "it / Headroom"], rows)


def print_takeover(found):
    print("\nSIGKILL, then the same slot on a new machine:\n")
    rig.table(["engine", "from start to first commit, s", "it / Headroom"],
              [[engines.TITLES[engine], measures.spread([r["seconds"] for r in rounds]), ratio(found, engine, lambda r: r["seconds"], inverse=True)]
               for engine, rounds in found.items()])


def main():
    args = arguments()
    results = {"machine": rig.machine()}
    with rig.Rig(args, ["fill_topic", "command_latency", "consume_floor", "commit_watch", "plain_loop"]) as servers:
        if any(engine in engines.JVM for engine in args.engines):
            engines.build_jars(servers)
        if "commands" in args.measures:
            results["commands"] = measures.same_commands(servers, args.engines)
        for name in ("throughput", "latency", "takeover"):
            if name in args.measures:
                results[name] = getattr(measures, name)(servers, args.engines, args)
        if {"memory", "restore"} & set(args.measures):
            results["keys"] = measures.memory_and_restore(servers, args.engines, args, args.measures)
    print(f"\n{results['machine']}; {args.containers} containers, {args.rounds} rounds in turn, medians (least to most)")
    if "commands" in results:
        print(f"\nThe same {results['commands']} commands from all of {', '.join(args.engines)}.")
    if "throughput" in results:
        print_throughput(results["throughput"])
    if "latency" in results:
        print_latency(results["latency"], args)
    if "keys" in results:
        print_keys(results["keys"], args)
    if "takeover" in results:
        print_takeover(results["takeover"])
    if args.json:
        print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
