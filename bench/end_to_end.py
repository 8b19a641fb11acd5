"""The worker against the floor of its client library: see bench/end_to_end.sh --help."""
import json
import sys
import time

import rig


def arguments():
    p = rig.parser("bench/end_to_end.sh", "A topic is filled once; then, in turn, librdkafka alone and `headroom run` (exactly once, checkpoints "
                   "on) take all of it, several times. CPU time is that of the whole process.")
    p.add_argument("--records", type=int, default=20_000_000, help="samples a topic (default 20 million)")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--containers", type=int, default=20_000)
    p.add_argument("--array", type=int, default=50, help="samples a record in the second topic; 0: leave it out (default 50)")
    return p.parse_args()


def floor(servers, topic):
    """Samples cannot be told apart here: CPU seconds for the whole topic."""
    done = servers.program("consume_floor", servers.kafka, topic, "library", cpu=servers.args.worker_cpu)
    return {"cpu_s": done["cpu_s"], "wall_s": done["wall_s"], "records": done["records"]}


def run(servers, topic, name, records):
    """A worker of a new installation from the topic's start until all of it is committed."""
    config = servers.config(name, right_sizing={"topic": topic})
    worker = servers.worker(config)
    worker.wait("all committed", lambda lanes: sum(lane["committed"] for lane in lanes.values()) >= records, seconds=1800)
    ended = time.time()
    cpu = rig.cpu_seconds(worker.process.pid)
    metrics = worker.metrics()
    began = min(at for at, _ in worker.lines("lane live"))
    worker.stop()
    rig.say(f"{name}: {servers.verify(config)}")
    checkpoints = sum(value for series, value in metrics.items() if series.startswith("headroom_checkpoint_stall_seconds_sum"))
    stall = rig.longest_bucket({}, metrics, "headroom_checkpoint_stall_seconds")
    return {"cpu_s": cpu, "wall_s": ended - began, "checkpoint_share": checkpoints / cpu, "longest_stall_s": stall}


def measure(servers, form, topic, samples_a_record):
    args = servers.args
    rig.say(f"filling {topic} with {args.records} samples, {samples_a_record} a record")
    filled = servers.fill(topic, samples=args.records, containers=args.containers, samples_a_record=samples_a_record, partitions=2)
    rounds = []
    for number in range(args.rounds):
        below = floor(servers, topic)
        above = run(servers, topic, f"e2e-{form}-{number}", filled["records"])
        rounds.append({"floor": filled["samples"] / below["cpu_s"], "run": filled["samples"] / above["cpu_s"], "wall": filled["samples"] / above["wall_s"],
                       "ratio": below["cpu_s"] / above["cpu_s"], "checkpoint_share": above["checkpoint_share"], "longest_stall_s": above["longest_stall_s"]})
        rig.say(f"{form} round {number + 1}: librdkafka alone {rounds[-1]['floor'] / 1e6:.2f}, headroom {rounds[-1]['run'] / 1e6:.2f} million samples a "
                f"CPU-second, ratio {rounds[-1]['ratio']:.2f}, checkpoints {above['checkpoint_share']:.1%}")
    return rounds


def row(job, rounds):
    def millions(key):
        values = [one[key] for one in rounds]
        return f"{rig.median(values) / 1e6:.2f} ({min(values) / 1e6:.2f} to {max(values) / 1e6:.2f})"
    ratio = rig.median([one["ratio"] for one in rounds])
    share = rig.median([one["checkpoint_share"] for one in rounds])
    return [job, millions("run"), millions("floor"), f"{ratio:.2f}", millions("wall"), f"{share:.1%}"]


def main():
    args = arguments()
    with rig.Rig(args, ["fill_topic", "consume_floor"]) as servers:
        results = {"single": measure(servers, "single", "e2e.single", 1)}
        if args.array > 0:
            results["array"] = measure(servers, "array", "e2e.array", args.array)
    print(f"\n{rig.machine()}; {args.records} samples of 154 bytes, {args.containers} containers, {args.rounds} rounds in turn, medians (least to most)\n")
    rig.table(["exactly once, checkpoints on", "million samples a CPU-second", "librdkafka alone", "ratio", "million a second, by the clock", "CPU for checkpoints"],
              [row({"single": "one sample a record", "array": f"{args.array} samples a record"}[form], rounds) for form, rounds in results.items()])
    if args.json:
        print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
