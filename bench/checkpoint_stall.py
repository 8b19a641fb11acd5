"""Checkpoints of a million keys beside the loop: see bench/checkpoint_stall.sh --help."""
import json
import sys

import rig


def arguments():
    p = rig.parser("bench/checkpoint_stall.sh", "A topic in which every container changes in every scrape; a worker takes it as fast as it can, checkpointing to "
                   "Redis. Counted from the moment at which all containers have state.")
    p.add_argument("--containers", type=int, default=1_000_000)
    p.add_argument("--scrapes", type=int, default=5, help="of all containers, four samples each (default 5)")
    return p.parse_args()


def main():
    args = arguments()
    total = args.containers * 4 * args.scrapes
    with rig.Rig(args, ["fill_topic"]) as servers:
        rig.say(f"filling a topic with {total} samples of {args.containers} containers")
        filled = servers.fill("stall.samples", samples=total, containers=args.containers, partitions=2)
        config = servers.config("stall")
        worker = servers.worker(config)
        first = args.containers * 4
        worker.wait("state of all containers", lambda lanes: sum(lane["committed"] for lane in lanes.values()) >= first, seconds=1800)
        before, cpu_before = worker.metrics(), rig.cpu_seconds(worker.process.pid)
        worker.wait("all committed", lambda lanes: sum(lane["committed"] for lane in lanes.values()) >= filled["records"], seconds=1800)
        after, cpu = worker.metrics(), rig.cpu_seconds(worker.process.pid) - cpu_before
        resident = int(next(line.split()[1] for line in open(f"/proc/{worker.process.pid}/status") if line.startswith("VmRSS"))) / 2**20
        worker.stop()
        rig.say(servers.verify(config))

    def grown(series):
        return sum(value - before.get(name, 0) for name, value in after.items() if name.startswith(series))
    stall = "headroom_checkpoint_stall_seconds"
    longest = rig.longest_bucket(before, after, stall)
    share = grown(f"{stall}_sum") / cpu
    result = {"keys": sum(value for name, value in after.items() if name.startswith("headroom_keys")), "longest_stall_at_most_s": longest,
              "stall_p99_s": rig.histogram_quantile(before, after, stall, 0.99), "checkpoint_share": share, "cpu_s": cpu,
              "checkpoint_bytes": grown("headroom_checkpoint_bytes_total"), "checkpoint_pages": grown("headroom_checkpoint_pages_total"),
              "batch_p99_s": rig.histogram_quantile(before, after, "headroom_batch_duration_seconds", 0.99), "resident_gib": resident}
    print(f"\n{rig.machine()}; {args.containers} containers, all of them changing, {filled['samples'] - first} samples counted\n")
    rig.table(["keys live", "longest stall by checkpoints", "p99 of them", "a batch, p99", "CPU for checkpoints in the loop", "written", "resident"],
              [[f"{result['keys']:.0f}", f"at most {longest * 1000:.1f} ms", f"{result['stall_p99_s'] * 1000:.2f} ms", f"{result['batch_p99_s'] * 1000:.1f} ms",
                f"{share:.1%}", f"{result['checkpoint_bytes'] / 2**20:.0f} MiB", f"{resident:.1f} GiB"]])
    if args.json:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
