"""What forecasts of many targets cost through real Kafka and Redis: see bench/forecast_fleet.sh --help."""
import json
import time

import rig


def arguments():
    p = rig.parser("bench/forecast_fleet.sh", "Targets whose load comes once a minute are forecast and decided on at their own pace, once without "
                   "checkpoints (none is due while it is measured) and once with them. CPU time is that of the whole worker process.")
    p.add_argument("--targets", type=int, default=100_000)
    p.add_argument("--size", default="headroom_small", choices=["headroom", "headroom_small"])
    p.add_argument("--history", type=int, default=15, help="minutes that are there before (default 15)")
    p.add_argument("--minutes", type=int, default=3, help="minutes that are measured (default 3)")
    p.add_argument("--no-forecasts", action="store_true", help="no forecasts are written, only commands")
    return p.parse_args()


def configure(servers, name, checkpoints):
    args = servers.args
    path = servers.config(name, engine={} if checkpoints else {"checkpoint_interval": "1h", "recovery_target": "1h"})
    config = json.loads(path.read_text())
    config["topologies"] = {"predictive_scaling": {
        "topic": f"{name}.samples", "action_topic": f"{name}.actions", "forecast_topic": f"{name}.forecasts",
        "write_forecasts": not args.no_forecasts, "targets": [{"target": "**", "capacity": 100, "size": args.size}]}}
    path.write_text(json.dumps(config, indent=1))
    return path


def measure(servers, name, checkpoints):
    args = servers.args
    config = configure(servers, name, checkpoints)
    options = ["--brokers", servers.kafka, "--topic", f"{name}.samples", "--targets", args.targets]
    start_ms = int(time.time() // 60 - args.history) * 60_000
    filled = servers.program("load_fleet", *options, "--start-ms", start_ms, "--minutes", args.history)
    worker = servers.worker(config)
    worker.wait("history read", lambda lanes: sum(lane["committed"] for lane in lanes.values()) >= filled["samples"], seconds=900)
    rig.say(f"{name}: history read with {rig.cpu_seconds(worker.process.pid):.1f} s of CPU")
    start_ms += args.history * 60_000
    # What was missed meanwhile is caught up before it counts.
    missed = max(int(time.time() // 60) - start_ms // 60_000 + 1, 1)
    servers.program("load_fleet", *options, "--start-ms", start_ms, "--minutes", missed, "--paced")
    before, began = rig.cpu_seconds(worker.process.pid), time.time()
    servers.program("load_fleet", *options, "--start-ms", start_ms + missed * 60_000, "--minutes", args.minutes, "--paced")
    seconds = time.time() - began
    cpu = rig.cpu_seconds(worker.process.pid) - before
    metrics = worker.metrics()
    pages = sum(value for series, value in metrics.items() if series.startswith("headroom_checkpoint_bytes_total"))
    worker.stop()
    rig.say(f"{name}: {servers.verify(config, '--topology', 'predictive_scaling')}")
    return {"checkpoints": checkpoints, "core": cpu / seconds, "seconds": seconds, "checkpoint_bytes": pages}


def main():
    args = arguments()
    with rig.Rig(args, ["load_fleet"]) as servers:
        results = [measure(servers, "without", False), measure(servers, "with", True)]
        print(rig.machine())
        rig.table(["targets", "size", "checkpoints", "of a core"],
                  [[args.targets, args.size, "every 10 s" if r["checkpoints"] else "none", f"{r['core']:.1%}"] for r in results])
        if args.json:
            print(json.dumps({"targets": args.targets, "size": args.size, "results": results}))


main()
