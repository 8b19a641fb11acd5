"""Checkpoints of a million keys beside the loop, and their way back: see bench/checkpoint_stall.sh --help."""
import json
import signal
import sys

import rig


def arguments():
    p = rig.parser("bench/checkpoint_stall.sh", "A topic in which every container changes in every scrape; a worker takes it as fast as it can, checkpointing to "
                   "Redis. Counted from the moment at which all containers have state. Then the worker is killed and started again in its slot: how fast the state "
                   "comes back into memory.")
    p.add_argument("--containers", type=int, default=1_000_000)
    p.add_argument("--scrapes", type=int, default=5, help="of all containers, four samples each (default 5)")
    return p.parse_args()


def restore(worker):
    """Kills the worker, starts it again; bytes of pages loaded into states, and seconds from asking for the first manifest to the last page."""
    worker.wait("checkpoints of all that is committed", lambda lanes: all(lane["checkpoint"] == lane["committed"] for lane in lanes.values()), seconds=300)
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()
    worker.start()
    lanes = worker.wait_live(2)
    lines = worker.lines("lane live")
    loaded = sum(int(fields["restored_bytes"]) for _, fields in lines)
    # The lanes load at the same time: the work is done when the last one is.
    began = min(at - (int(fields["restore_ms"]) + int(fields["replay_ms"])) / 1000 for at, fields in lines)
    ended = max(at - int(fields["replay_ms"]) / 1000 for at, fields in lines)
    return {"restored_keys": sum(lane["keys"] for lane in lanes.values()), "restored_bytes": loaded, "restore_s": ended - began}


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
        restored = restore(worker)
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
              "batch_p99_s": rig.histogram_quantile(before, after, "headroom_batch_duration_seconds", 0.99), "resident_gib": resident, **restored}
    print(f"\n{rig.machine()}; {args.containers} containers, all of them changing, {filled['samples'] - first} samples counted\n")
    rig.table(["keys live", "longest stall by checkpoints", "p99 of them", "a batch, p99", "CPU for checkpoints in the loop", "written", "resident"],
              [[f"{result['keys']:.0f}", f"at most {longest * 1000:.1f} ms", f"{result['stall_p99_s'] * 1000:.2f} ms", f"{result['batch_p99_s'] * 1000:.1f} ms",
                f"{share:.1%}", f"{result['checkpoint_bytes'] / 2**20:.0f} MiB", f"{resident:.1f} GiB"]])
    print(f"\nrestored {restored['restored_keys']} keys, {restored['restored_bytes'] / 1e6:.0f} MB, in {restored['restore_s']:.2f} s: "
          f"{restored['restored_bytes'] / restored['restore_s'] / 1e9:.2f} GB/s, {restored['restored_bytes'] / restored['restored_keys']:.0f} bytes a key")
    if args.json:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
