#!/usr/bin/env python3
"""One-step forecasts beside those published with the same loads (Gontarska et al., IC2E 2021), over the same times.

  bench/published_loads.py build/release/headroom FOLDER

FOLDER holds NAME_5min.csv and published/NAME_5min_classic.csv of that benchmark. Prints each method's mean absolute error relative to the last
value, and the geometric mean over the loads.
"""
import csv
import datetime
import glob
import math
import os
import subprocess
import sys

PUBLISHED = ["SimpleExpSmoothing", "ExpSmoothing", "ARIMA"]


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc).timestamp()


def measured(binary, path, first_target):
    """By method: from the step before the first published time on."""
    with open(path) as file:
        header, row = next(csv.reader(file)), next(csv.reader(file))
    since = int(first_target - 300 - seconds(row[0]))
    command = [binary, "forecast", "eval", "--series", path, "--time-column", header[0], "--value-column", header[1], "--from", f"{since}s"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    rows = [line.split() for line in lines[1:-1]]
    return {row[1]: float(row[2]) for row in rows if row[0] == "1"}


def published(rows):
    def error(method):
        return sum(abs(float(row[method]) - float(row["t"])) for row in rows)

    return {"published " + method: error(method) / error("LASTOBSERVED") for method in PUBLISHED}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, folder = sys.argv[1:]
    paths = sorted(glob.glob(os.path.join(folder, "*_5min.csv")))
    if not paths:
        sys.exit(f"published_loads: no *_5min.csv in {folder}")
    logs = {}
    for path in paths:
        name = os.path.basename(path)[: -len(".csv")]
        with open(os.path.join(folder, "published", name + "_classic.csv")) as file:
            rows = list(csv.DictReader(file))
        result = measured(binary, path, seconds(rows[0]["date"])) | published(rows)
        print(name, " ".join(f"{method}={value:.3f}" for method, value in result.items()))
        for method, value in result.items():
            logs.setdefault(method, []).append(math.log(value))
    for method, values in logs.items():
        print(f"{method:32} {math.exp(sum(values) / len(values)):.3f} over {len(values)} loads")


if __name__ == "__main__":
    main()
