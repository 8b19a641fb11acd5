"""Real faults on real servers: see ops/chaos.sh and ARCHITECTURE.md, "What is promised when"."""
import signal
import sys

from faults import FAULTS
from options import arguments
from report import print_list
from run import Run


def main():
    args = arguments()
    if args.list:
        print_list(FAULTS)
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    run = Run(args)
    try:
        return run.main()
    except KeyboardInterrupt:
        return 130
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        run.clean_up()


if __name__ == "__main__":
    sys.exit(main())
