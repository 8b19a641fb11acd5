"""Commits and commands at a steady rate: see bench/commit_latency.sh --help."""
import json
import sys
import time

import rig

# Every container that lies is told so in every bucket: a steady trickle of commands, a few hundred a second.
TALKATIVE = {"window": "10m", "min_history": "5m", "patience": 1, "cooldown": "0s", "min_change": 0.02, "repeat_after": "0s", "budget": 1_000_000}


def arguments():
    p = rig.parser("bench/commit_latency.sh", "A worker takes paced samples; a read_committed consumer takes the time from the moment a sample is handed "
                   "to its producer to the moment its command is there. Bare transactions run before it on the same broker.")
    p.add_argument("--rate", type=int, default=100_000, help="samples a second (default 100,000)")
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--warm-up", type=int, default=25, help="of these seconds, not counted; the first commands need 17 (default 25)")
    p.add_argument("--broker-warm-up", type=int, default=60, help="seconds of bare transactions before anything is counted: a broker just started "
                   "runs interpreted code (default 60)")
    p.add_argument("--containers", type=int, default=20_000)
    return p.parse_args()


def main():
    args = arguments()
    with rig.Rig(args, ["fill_topic", "command_latency", "bare_transaction"]) as servers:
        servers.program("bare_transaction", "--brokers", servers.kafka, "--seconds", args.broker_warm_up, cpu=args.worker_cpu)
        bare = servers.program("bare_transaction", "--brokers", servers.kafka, "--seconds", 15, cpu=args.worker_cpu)
        rig.say(f"bare transactions: p50 {bare['p50_ms']} ms, p99 {bare['p99_ms']} ms")
        config = servers.config("latency", right_sizing=TALKATIVE)
        servers.make_topic("latency.samples")
        worker = servers.worker(config)
        worker.wait_live(2)
        rig.say(f"{args.rate} samples a second for {args.seconds} s")
        # Beside the worker, which needs a seventh of its processor: the broker's would be taken by it.
        load = servers.program("command_latency", "--brokers", servers.kafka, "--topic", "latency.samples", "--action-topic", "latency.actions", "--rate",
                               args.rate, "--seconds", args.seconds, "--warm-up", args.warm_up, "--containers", args.containers, background=True,
                               cpu=args.worker_cpu)
        time.sleep(args.warm_up)
        before = worker.metrics()
        cpu = rig.cpu_seconds(worker.process.pid)
        commands = servers.result(load)
        after = worker.metrics()
        cpu = rig.cpu_seconds(worker.process.pid) - cpu
        worker.stop()
        rig.say(servers.verify(config))

    def ms(name, q):
        return round(rig.histogram_quantile(before, after, name, q) * 1000, 1)
    commit = {"p50_ms": ms("headroom_commit_duration_seconds", 0.5), "p99_ms": ms("headroom_commit_duration_seconds", 0.99)}
    own = {"p50_ms": ms("headroom_action_latency_seconds", 0.5), "p99_ms": ms("headroom_action_latency_seconds", 0.99)}
    print(f"\n{rig.machine()}; {args.rate} samples a second, {commands['commands']} commands in {args.seconds - args.warm_up} s, "
          f"{cpu / (args.seconds - args.warm_up):.0%} of a core\n")
    rig.table(["what", "p50", "p99"],
              [["a bare transaction, 5 ms between them", f"{bare['p50_ms']:.1f} ms", f"{bare['p99_ms']:.1f} ms"],
               ["a commit of the worker (its histogram)", f"{commit['p50_ms']} ms", f"{commit['p99_ms']} ms"],
               ["from a sample's timestamp to its commit (the worker's histogram)", f"{own['p50_ms']} ms", f"{own['p99_ms']} ms"],
               ["from producing a sample to reading its command", f"{commands['p50_ms']:.1f} ms", f"{commands['p99_ms']:.1f} ms"]])
    if args.json:
        print(json.dumps({"bare": bare, "commit": commit, "worker_latency": own, "commands": commands}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
