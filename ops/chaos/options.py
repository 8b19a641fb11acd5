"""What the command line says, and what a profile stands for."""
import argparse
import time
from pathlib import Path

from faults import BY_NAME, FAULTS
from paths import ROOT

EPILOG = """profiles:
  (none)    20 kills, 5 freezes, 2 graceful stops, 2 restarts of each server, a minute without Redis, 2 FLUSHALLs: about five minutes
  quick     every fault once or twice: about five minutes
  long      every fault several times: about forty minutes
  thousand  1,000 SIGKILLs beside 100 restarts and kills of each server, two streams at once: under an hour

The faults are listed by --list. Exit 0: clean, 1: violations, 3: could not run."""

# Counts by fault, and options that a profile gives other defaults.
PROFILES = {
    "default": ({"kill": 18, "freeze": 5, "term": 2, "kafka_restart": 2, "redis_restart": 2, "redis_away": 1, "flush": 2}, {}),
    "quick": ({**{f.name: 1 for f in FAULTS}, "kill": 5, "kafka_restart": 2, "redis_restart": 2, "flush": 2},
              {"redis_away": 15.0, "rate": 2000, "workers": 4}),
    "long": ({**{f.name: 5 for f in FAULTS}, "kill": 80, "freeze": 10, "kafka_restart": 10, "redis_restart": 10, "flush": 6, "redis_away": 2},
             {"redis_away": 60.0, "rate": 2000, "workers": 4}),
    "thousand": ({"kill": 1000, "kafka_restart": 100, "redis_restart": 100},
                 {"rate": 1000, "workers": 6, "partitions": 6, "parallel": True, "pause": (1.5, 2.5), "server_pause": (4.0, 8.0), "away": 0.2}),
}
LEGACY = {"kills": "kill", "stops": "freeze", "terms": "term", "kafka_restarts": "kafka_restart", "redis_restarts": "redis_restart", "flushes": "flush"}


def span(text):
    low, _, high = text.partition(",")
    return float(low), float(high or low)


def chosen(text):
    """{fault: times} of `name=count,...`; a name alone is once."""
    counts = {}
    for one in text.split(","):
        name, _, count = one.partition("=")
        if name not in BY_NAME:
            raise argparse.ArgumentTypeError(f"no fault is called {name!r}; there are: {', '.join(BY_NAME)}")
        if count and not count.isdigit():
            raise argparse.ArgumentTypeError(f"{one!r}: a whole number belongs behind the =")
        counts[name] = int(count or 1)
    return counts


def parser():
    p = argparse.ArgumentParser(prog="ops/chaos.sh", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EPILOG,
                                description="Strikes workers, Kafka, Redis and the network under load; then proves from the topics that nothing was lost.")
    p.add_argument("--list", action="store_true", help="print the faults and what is promised, and do nothing")
    p.add_argument("--profile", choices=[name for name in PROFILES if name != "default"], default="default", metavar="quick|long|thousand")
    p.add_argument("--faults", type=chosen, metavar="NAME=COUNT,...", help="these, and no others")
    p.add_argument("--kills", type=int, help="SIGKILLs of workers, those beside a FLUSHALL among them (default 20)")
    p.add_argument("--stops", type=int, help="SIGSTOP/SIGCONT of workers, 8-15 s each (default 5)")
    p.add_argument("--terms", type=int, help="graceful stops (SIGTERM) of workers (default 2)")
    p.add_argument("--kafka-restarts", type=int, help="by SIGTERM or SIGKILL (default 2)")
    p.add_argument("--redis-restarts", type=int, help="by SIGTERM or SIGKILL (default 2)")
    p.add_argument("--redis-away", type=float, default=60, metavar="SECONDS", help="length of a stretch without Redis (default 60; 0: none)")
    p.add_argument("--flushes", type=int, help="FLUSHALLs, in turn followed by a kill before and after the next checkpoint (default 2)")
    p.add_argument("--workers", type=int, default=3, help="worker processes (default 3)")
    p.add_argument("--partitions", type=int, default=6)
    p.add_argument("--containers", type=int, default=300)
    p.add_argument("--rate", type=int, default=3000, help="records a second (default 3000)")
    p.add_argument("--kafka-nodes", type=int, choices=(1, 3), default=1, help="brokers (default 1)")
    p.add_argument("--pause", type=span, default=(1.0, 4.0), metavar="LOW,HIGH", help="seconds between faults (default 1,4)")
    p.add_argument("--server-pause", type=span, default=(4.0, 8.0), metavar="LOW,HIGH", help="the same for servers, with --parallel")
    p.add_argument("--parallel", action="store_true", help="faults of workers and of servers at the same time")
    p.add_argument("--away", type=float, default=0.5, help="share of killed workers that stay away until others have taken over (default 0.5)")
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--dir", type=Path, default=ROOT / "build" / "chaos", help="where data and logs go")
    p.add_argument("--json", action="store_true", help="the result as one JSON line, too")
    return p


def arguments(words=None):
    p = parser()
    counts, defaults = PROFILES[p.parse_known_args(words)[0].profile]
    p.set_defaults(**defaults)
    args = p.parse_args(words)
    args.dir = args.dir.resolve()
    if args.faults is not None:
        args.counts = args.faults
        return args
    args.counts = dict(counts)
    for option, name in LEGACY.items():
        if getattr(args, option) is not None:
            args.counts[name] = getattr(args, option)
    if args.kills is not None:
        args.counts["kill"] = max(0, args.kills - args.counts.get("flush", 0))
    if args.redis_away <= 0:
        args.counts.pop("redis_away", None)
    args.counts = {name: count for name, count in args.counts.items() if count > 0}
    return args
