"""Deaths and hand-overs under load: see bench/takeover.sh --help."""
import json
import random
import signal
import sys
import time

import rig

PARTS = ("detection", "kafka", "restore", "replay", "commit", "total")
CASES = {"same_slot": "restart in the same slot, from its start", "other": "another worker, from the SIGKILL", "leave": "another worker, from the SIGTERM",
         "notice": "another worker, from a spot notice"}


def arguments():
    p = rig.parser("bench/takeover.sh", "Two workers under a steady load. Each round: one is killed and started again in its slot; one is killed and the other "
                   "takes over; one is asked to stop and the other takes over; one is told by a stand-in of its cloud that its machine goes. Until the first "
                   "commit of the victim's lane by its new owner.")
    p.add_argument("--rounds", type=int, default=10, help="of each case (default 10)")
    p.add_argument("--warm-up", type=int, default=60, help="seconds of load before the first round: a broker just started runs interpreted code (default 60)")
    p.add_argument("--cases", default=",".join(CASES))
    p.add_argument("--rate", type=int, default=50_000, help="samples a second (default 50,000)")
    p.add_argument("--containers", type=int, default=20_000)
    p.add_argument("--provider", choices=("aws", "gcp", "azure"), default="aws", help="whose notices (default aws)")
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


def hand_over(victim, other, lane, since):
    """As parts(), and from the victim's own last commit."""
    result = parts(other, since, lane)
    result["gap"] = since + result["total"] - int(victim.wait_line("worker stopped")["last_commit_ms"]) / 1000
    return result


def heed_notice(cloud, victim, other, lane):
    """From the notice; the victim must stay up without lanes until SIGTERM."""
    result = hand_over(victim, other, lane, cloud.give())
    result["leave"] = int(victim.wait_line("left on a spot notice")["took_ms"]) / 1000
    if victim.process.poll() is not None or victim.lanes():
        rig.die(1, f"{victim.slot} did not stay up without lanes after the notice:\n{victim.log()[-3000:]}")
    victim.stop()
    cloud.withdraw()
    return result


def play(case, victim, other, clouds):
    lane = next(iter(owned(victim)))
    if case == "notice":
        result = heed_notice(clouds[victim.slot], victim, other, lane)
    elif case == "leave":
        since = time.time()
        victim.process.send_signal(signal.SIGTERM)
        result = hand_over(victim, other, lane, since)
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


def three(values):
    return " / ".join(f"{rig.quantile(values, q):.2f}" for q in (0.5, 0.99, 1.0))


def main():
    args = arguments()
    cases = args.cases.split(",")
    if not set(cases) <= set(CASES):
        rig.die(2, f"--cases: {', '.join(CASES)}")
    moments = random.Random(args.seed)
    found = {case: [] for case in cases}
    with rig.Rig(args, ["fill_topic"]) as servers:
        # A window short enough for commands within the first minute: without any, no record could be found in the output twice.
        config = servers.config("takeover", right_sizing={"window": "10m"})
        servers.make_topic("takeover.samples")
        clouds = {slot: rig.StandInCloud(servers, args.provider) for slot in ("a", "b")} if "notice" in cases else {}
        watch = {slot: [f"spot.provider={args.provider}", f"spot.endpoint={cloud.address}"] for slot, cloud in clouds.items()}
        workers = [servers.worker(config, slot, watch.get(slot, ())) for slot in ("a", "b")]
        load = servers.fill("takeover.samples", background=True, rate=args.rate, seconds=3600 * 12, containers=args.containers, partitions=2)
        time.sleep(args.warm_up)
        for number in range(args.rounds):
            for case in cases:
                settle(workers)
                time.sleep(moments.uniform(0.5, 3))  # any moment between two checkpoints
                victim, other = moments.sample(workers, 2)
                found[case].append(play(case, victim, other, clouds))
                one = found[case][-1]
                rig.say(f"round {number + 1}, {case}: " + ", ".join(f"{name} {one[name]:.2f}" for name in (*PARTS, "gap", "leave") if name in one) +
                        f" s; {one['replayed']} records replayed")
                if load.poll() is not None:
                    rig.die(3, f"the load ended: {load.stderr.read()}")
        settle(workers)
        load.kill()
        for worker in workers:
            worker.stop()
        rig.say(servers.verify(config, "--oracle"))
    print(f"\n{rig.machine()}; {args.containers} containers, {args.rate} samples a second, {args.rounds} rounds; seconds: p50, p99, most\n")
    rig.table(["case", *PARTS],
              [[CASES[case], *(three([one[part] for one in found[case]]) for part in PARTS)] for case in cases])
    asked = [case for case in cases if case in ("leave", "notice")]
    if asked:
        print()
        rig.table(["case", "from the leaver's last commit to its successor's first", "from the notice seen until it had left"],
                  [[CASES[case], *(three([one[name] for one in found[case]]) if name in found[case][0] else "" for name in ("gap", "leave"))] for case in asked])
    if args.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
