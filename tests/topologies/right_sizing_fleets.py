#!/usr/bin/env python3
"""Random fleets for right_sizing: settings and samples, as right_sizing_model.py reads them. Usage: right_sizing_fleets.py SEED COUNT

Churn, gaps, skewed clocks, duplicates, late samples, out-of-memory kills, extreme values, several instances and containers, every setting now
and then. The same seed gives the same bytes.
"""
import json
import random
import sys

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_767_571_200_000  # 2026-01-05T00:00:00Z


def duration(ms):
    return f"{ms}ms"


def resource_params(r, memory):
    params = {}
    if r.random() < 0.3:
        lower = r.choice([-0.5, -0.1, -0.05, 0.0, 0.1])
        upper = lower + r.choice([0.1, 0.3, 0.45])
        unit = r.choice(["ratio", "absolute"])
        scale = 2**28 if memory and unit == "absolute" else 1
        params["band"] = {"lower": lower * scale, "upper": upper * scale, "unit": unit}
    if r.random() < 0.2:
        params["min"] = f"{r.randint(1, 900)}MiB" if memory else round(r.uniform(0.05, 1), 3)
    if r.random() < 0.2:
        params["max"] = f"{r.randint(1000, 4000)}MiB" if memory else round(r.uniform(1, 4), 3)
    if r.random() < 0.1:
        params["multiple"] = r.choice(["1B", "4MiB", "64MiB"]) if memory else r.choice([0.000001, 0.001, 0.05, 0.25])
    return params


def sizing_params(r, window):
    """Some settings, and the window that holds with them; `window` is the one that holds when they set none."""
    params = {}
    if r.random() < 0.6:
        window = r.choice([HOUR, 10 * MINUTE, 10 * MINUTE, 20 * MINUTE, 6 * HOUR])
        params.update(window=duration(window), min_history=duration(window // r.choice([2, 2, 3])))
    choices = {
        "min_history": duration(r.choice([0, window // 60, window // 10, window])),
        "patience": r.choice([1, 2, 5]),
        "policy": "quantile",
        "min_change": r.choice([0, 0.02, 0.3]),
        "cooldown": duration(r.choice([0, window // 60, window // 7])),
        "repeat_after": duration(r.choice([0, window // 10, window])),
        "budget": r.choice([0, 1, 2]),
        "max_shrink": r.choice([0, 0.1, 0.9]),
        "max_grow": r.choice([0.1, 1, 10]),
        "memory_floor": r.choice([0, 1, 1.5]),
        "quantile": r.choice([0.5, 0.9, 1]),
        "margin": r.choice([0, 0.5]),
        "half_life": duration(r.choice([HOUR, 3 * HOUR])),
        "oom_factor": r.choice([1, 2]),
        "oom_step": r.choice(["0B", "1GiB"]),
        "mode": "propose",
        "max_instances": r.choice([1, 2, 3]),
    }
    odds = {"policy": 0.25, "patience": 0.5, "max_instances": 0.1}
    for name, value in choices.items():
        if r.random() < odds.get(name, 0.15):
            params[name] = value
    for name in ("cpu", "memory"):
        part = resource_params(r, name == "memory")
        if part:
            params[name] = part
    return params, window


class Pod:
    """One instance, with a clock that may be wrong."""

    def __init__(self, r, target, container, number):
        self.labels = {"instance": f"{target.split('/')[-1]}-{r.randrange(16**5):05x}-{number}"} if r.random() < 0.95 else {}
        if container or r.random() < 0.5:
            self.labels["container"] = container
        if r.random() < 0.3:
            self.labels.update(host=f"10.0.0.{number}", env="production", instance_type="c5.xlarge")
        self.target = target
        self.skew = r.choice([0, 0, 0, -3000, 7000, 45_000, -200_000])
        self.cores = r.choice([0.1, 0.5, 1, 2, 4])
        self.bytes = r.choice([64, 256, 1024, 3000]) * 2**20
        self.load = r.choice([0.05, 0.3, 0.7, 0.95, 1.3])
        self.kills = 0

    def sample(self, r, metric, time, value):
        return {"target": self.target, "metric": metric, "time_ms": time + self.skew, "value": value, "labels": self.labels}

    def tell(self, r, time):
        if r.random() < 0.02:
            self.load = r.choice([0.01, 0.2, 0.6, 0.9, 1.2, 2.5])
        if r.random() < 0.01:
            self.cores, self.bytes = r.choice([0, 0.25, 1, 3]), r.choice([0, 100, 500, 2000]) * 2**20
        if r.random() < 0.01:
            self.kills = r.choice([0, self.kills + 1, self.kills + 3])
        noise = r.choice([1, r.uniform(0.7, 1.3), r.uniform(0.9, 1.1)])
        out = [self.sample(r, "cpu_used_cores", time, self.cores * self.load * noise)]
        out.append(self.sample(r, "memory_used_bytes", time + r.choice([0, 1]), float(int(self.bytes * min(self.load, 1.4) * noise))))
        if r.random() < 0.3:
            out.append(self.sample(r, "cpu_reserved_cores", time, self.cores))
            out.append(self.sample(r, "memory_reserved_bytes", time, self.bytes))
        if r.random() < 0.15:
            out.append(self.sample(r, "oom_kills", time, self.kills))
        if r.random() < 0.02:
            out.append(self.sample(r, r.choice(["replicas", "gpu_used", "requests_per_second"]), time, 3))
        if r.random() < 0.004:
            extreme = r.choice([0, 1e-12, 4e5, 999999.9999995, -0.0])
            out.append(self.sample(r, "cpu_used_cores", time + 2, extreme))
            out.append(self.sample(r, "memory_used_bytes", time + 2, r.choice([0, 0.5, 2.0**50, 8.9e15])))
        return out


def unsettle(r, samples):
    """Repeats some samples, moves some back in the order of arrival."""
    out = []
    for sample in samples:
        out.append(sample)
        if r.random() < 0.01:
            out.append(sample)
        if r.random() < 0.02 and len(out) > 8:
            out.insert(len(out) - r.randint(2, 8), out.pop())
        if r.random() < 0.003:
            out.append({**sample, "time_ms": max(946_684_800_000, sample["time_ms"] - r.choice([1, MINUTE, HOUR, 7 * HOUR]))})
    return out


def fleet(seed):
    r = random.Random(seed)
    params, window = sizing_params(r, HOUR)
    targets = [f"prod-{r.choice(['eu1', 'us2'])}/shop/Deployment/{name}" for name in ("api", "web", "worker")[: r.randint(1, 3)]]
    if r.random() < 0.2:
        override, _ = sizing_params(r, window)
        for name in ("mode", "max_instances"):
            override.pop(name, None)
        params["overrides"] = [{"target": r.choice(["prod-eu1/**", "**/api", "*/shop/*/w*"]), **override}]
    if r.random() < 0.2:
        params["modes"] = [{"target": r.choice(["prod-us2/**", "**/web"]), "mode": r.choice(["apply", "propose"])}]
    makes_pod = lambda number: Pod(r, r.choice(targets), r.choice(["app", "app", "sidecar", ""]), number)
    pods = [makes_pod(i) for i in range(r.randint(1, 4))]
    step = r.choice([window // 60, window // 60, window // 150, window // 40])
    time, samples = START + r.randrange(20) * HOUR + r.choice([0, 0, r.randrange(HOUR)]), []
    for number in range(r.randint(60, 160)):
        time += step
        if r.random() < 0.004:
            time += r.choice([window // 4, window, 2 * window, 6 * HOUR, 26 * HOUR, 9 * 24 * HOUR])
        if r.random() < 0.02:
            pods[r.randrange(len(pods))] = makes_pod(100 + number)
        for pod in pods:
            if r.random() < 0.9:
                samples += pod.tell(r, time)
    return params, unsettle(r, samples)


def main():
    first, count = int(sys.argv[1]), int(sys.argv[2])
    for seed in range(first, first + count):
        params, samples = fleet(seed)
        print(json.dumps({"fleet": seed, "params": params}))
        for sample in samples:
            print(json.dumps(sample, separators=(",", ":")))


if __name__ == "__main__":
    main()
