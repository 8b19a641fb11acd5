"""Writes three days of a made-up fleet as CSV, for the worked example of the README: ten containers that reserve too much, too little or about right."""
import csv
import math
import random
import sys

random.seed(7)
APPS = [(f"app-{i}", random.choice([0.5, 1, 2, 4]), random.uniform(0.15, 1.1), random.uniform(0, 24)) for i in range(10)]
START_MS = 1_793_491_200_000  # 2026-11-01

out = csv.writer(sys.stdout)
out.writerow(["time", "app", "cpu_limit", "cpu", "memory_limit", "memory"])
for minute in range(3 * 24 * 60):
    for app, limit, share, peak in APPS:
        day = 1 + 0.4 * math.cos((minute / 60 - peak) * math.pi / 12)
        cpu = limit * share * day * random.uniform(0.9, 1.1)
        memory = 2**30 * limit * (0.3 + 0.2 * share * day)
        out.writerow([START_MS + minute * 60_000, app, limit, f"{cpu:.4f}", int(2**30 * limit), int(memory)])
