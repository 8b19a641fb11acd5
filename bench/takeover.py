"""Deaths and hand-overs under load: see bench/takeover.sh --help."""
import json
import random
import signal
import sys
import time

import rig

PARTS = ("detection", "kafka", "restore", "replay", "commit", "total")
CASES = {"same_slot": "restart in the same slot, from its start", "other": "another worker, from the SIGKILL", "leave": "another worker, from the SIGTERM"}


def arguments():
    p = rig.parser("bench/takeover.sh", "Two workers under a steady load. Each round: one is killed and started again in its slot; one is killed and the other "
                   "takes over; one is asked to stop and the other takes over. Until the first commit of the victim's lane by its new owner.")
    p.add_argument("--rounds", type=int, default=10, help="of each case (default 10)")
    p.add_argument("--warm-up", type=int, default=60, help="seconds of load before the first round: a broker just started runs interpreted code (default 60)")
    p.add_argument("--cases", default="same_slot,other,leave")
    p.add_argument("--rate", type=int, default=50_000, help="samples a second (default 50,000)")
    p.add_argument("--containers", type=int, default=20_000)
    p.add_argument("--seed", type=int, default=1, help="of the moments (default 1)")
    return p.parse_args()


def owned(worker):
    return {lane for lane, status in worker.lanes().items() if status["phase"] == "live"}


def settle(workers):
    """Both live with a lane each, a checkpoint of each taken, and at the log's end."""
    for worker in workers:
        worker.wait("a lane of its own, checkpointed and caught up",
                    lambda lanes: len(lanes) == 1 and all(lane["phase"] == "live" and lane["checkpoint"] > 0 and
                                                          lane["log_end"] - lane["committed"] < 100_000 for lane in lanes.values()))


def first_after(lines, since, lane=None):
    """The first log line not before `since`, of this lane when one is named (the log names it with the installation in front)."""
    return next(((at, fields) for at, fields in lines if at >= since - 0.001 and (lane is None or fields["lane"].endswith(lane))), None)


def parts(worker, since, lane):
    """Seconds from `since` to the lane's first commit by this worker, and where they went."""
    until = time.time() + 60
    while (committed := first_after(worker.lines("lane committed by its new owner"), since, lane)) is None:
        if time.time() > until:
            rig.die(1, f"{worker.slot} did not commit {lane}:\n{worker.log()[-3000:]}")
        time.sleep(0.05)
    live = [(at, fields) for at, fields in worker.lines("lane live") if since - 0.001 <= at <= committed[0] + 0.001 and fields["lane"].endswith(lane)][-1]
    assigned = [at for at, _ in worker.lines("partitions assigned") if since - 0.001 <= at <= live[0] + 0.001][-1]
    restore, replay = (int(live[1][name]) / 1000 for name in ("restore_ms", "replay_ms"))
    return {"detection": assigned - since, "kafka": max(0.0, live[0] - assigned - restore - replay), "restore": restore, "replay": replay,
            "commit": committed[0] - live[0], "total": committed[0] - since, "replayed": int(live[1].get("replayed", 0))}


def play(case, victim, other):
    lane = next(iter(owned(victim)))
    if case == "leave":
        since = time.time()
        victim.process.send_signal(signal.SIGTERM)
        result = parts(other, since, lane)
        victim.process.wait(timeout=60)
    else:
        victim.process.send_signal(signal.SIGKILL)
        since = time.time()
        victim.process.wait()
        if case == "same_slot":
            victim.start()
            return parts(victim, victim.started, lane)
        result = parts(other, since, lane)
    victim.start()
    return result


def main():
    args = arguments()
    cases = args.cases.split(",")
    if not set(cases) <= set(CASES):
        rig.die(2, f"--cases: {', '.join(CASES)}")
    moments = random.Random(args.seed)
    found = {case: [] for case in cases}
    with rig.Rig(args, ["fill_topic"]) as servers:
        config = servers.config("takeover")
        servers.make_topic("takeover.samples")
        workers = [servers.worker(config, slot) for slot in ("a", "b")]
        load = servers.fill("takeover.samples", background=True, rate=args.rate, seconds=3600 * 12, containers=args.containers, partitions=2)
        time.sleep(args.warm_up)
        for number in range(args.rounds):
            for case in cases:
                settle(workers)
                time.sleep(moments.uniform(0.5, 3))  # any moment between two checkpoints
                victim, other = moments.sample(workers, 2)
                found[case].append(play(case, victim, other))
                rig.say(f"round {number + 1}, {case}: " + ", ".join(f"{part} {found[case][-1][part]:.2f}" for part in PARTS) +
                        f" s; {found[case][-1]['replayed']} records replayed")
                if load.poll() is not None:
                    rig.die(3, f"the load ended: {load.stderr.read()}")
        settle(workers)
        load.kill()
        for worker in workers:
            worker.stop()
        rig.say(servers.verify(config))
    print(f"\n{rig.machine()}; {args.containers} containers, {args.rate} samples a second, {args.rounds} rounds; seconds: p50, p99, most\n")
    rig.table(["case", *PARTS],
              [[CASES[case], *(" / ".join(f"{rig.quantile([one[part] for one in found[case]], q):.2f}" for q in (0.5, 0.99, 1.0)) for part in PARTS)]
               for case in cases])
    if args.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
