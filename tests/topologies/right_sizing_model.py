#!/usr/bin/env python3
"""The rules of right_sizing, once more and as plainly as they can be said: lists and dictionaries, everything looked up anew.

Reads lines of JSON. A line {"fleet": N, "params": {...}} starts a new fleet with these settings (those of the topology's section in a
configuration); any other line is one sample. Prints the commands of each fleet, one JSON a line, after a line {"fleet": N}.

Quantities are integers: micro-cores for cpu, bytes for memory, micro-units for ratios.
"""
import json
import sys

HOUR = 3_600_000
DAY = 24 * HOUR
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": HOUR, "d": DAY}
SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
METRICS = {
    "cpu_reserved_cores": ("cpu", "reserved"),
    "cpu_used_cores": ("cpu", "used"),
    "memory_reserved_bytes": ("memory", "reserved"),
    "memory_used_bytes": ("memory", "used"),
    "oom_kills": ("memory", "oom"),
}


def with_unit(text, units):
    for unit in sorted(units, key=len, reverse=True):
        if text.endswith(unit):
            return round(float(text[: -len(unit)]) * units[unit])
    raise ValueError(text)


def to_units(resource, value):
    return round(value * 1e6) if resource == "cpu" else round(value)


def up_to(value, multiple):
    return -(-value // multiple) * multiple


def fits(pattern, text):
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(fits(pattern[2:], text[i:]) for i in range(len(text) + 1))
    if pattern[0] == "*":
        for i in range(len(text) + 1):
            if fits(pattern[1:], text[i:]):
                return True
            if i < len(text) and text[i] == "/":
                return False
        return False
    return bool(text) and (pattern[0] == text[0] or (pattern[0] == "?" and text[0] != "/")) and fits(pattern[1:], text[1:])


class Rules:
    def __init__(self, params):
        get = params.get
        self.window = with_unit(get("window", "1h"), UNITS)
        self.bucket = self.window // 60
        self.min_history = with_unit(params["min_history"], UNITS) if "min_history" in params else self.window // 2
        self.patience = get("patience", 3)
        self.policy = get("policy", "recentre")
        self.quantile = get("quantile", 0.95)
        self.margin = get("margin", 0.15)
        self.half_life = with_unit(get("half_life", "24h"), UNITS)
        self.min_change = get("min_change", 0.1)
        self.cooldown = with_unit(get("cooldown", "10m"), UNITS)
        self.repeat_after = with_unit(get("repeat_after", "6h"), UNITS)
        self.budget = get("budget", 12)
        self.max_shrink = get("max_shrink", 0.5)
        self.max_grow = get("max_grow", 3.0)
        self.memory_floor = get("memory_floor", 1.1)
        self.oom_factor = get("oom_factor", 1.2)
        self.oom_step = with_unit(get("oom_step", "100MiB"), SIZES)
        cpu, memory = get("cpu", {}), get("memory", {})
        self.band = {
            "cpu": {"lower": -0.1, "upper": 0.6, "unit": "absolute", **cpu.get("band", {})},
            "memory": {"lower": -0.05, "upper": 0.35, "unit": "ratio", **memory.get("band", {})},
        }
        self.least = {"cpu": round(cpu.get("min", 0) * 1e6), "memory": with_unit(memory.get("min", "0B"), SIZES)}
        self.most = {"cpu": round(cpu.get("max", 0) * 1e6), "memory": with_unit(memory.get("max", "0B"), SIZES)}
        self.multiple = {"cpu": round(cpu.get("multiple", 0.01) * 1e6), "memory": with_unit(memory.get("multiple", "1MiB"), SIZES)}

    def bound(self, resource, name):
        value = self.band[resource][name]
        return round(value * 1e6) if self.band[resource]["unit"] == "ratio" else to_units(resource, value)

    def lying_factor(self, resource, reserved, mean):
        if self.band[resource]["unit"] == "ratio":
            return round((reserved - mean) / reserved * 1e6)
        return reserved - mean

    def recentred(self, resource, mean):
        band = self.band[resource]
        if band["unit"] == "ratio":
            return round(mean / (1 - (band["lower"] + band["upper"]) / 2))
        return round(mean + (self.bound(resource, "lower") + self.bound(resource, "upper")) / 2)

    def gates_and_rounding(self, resource, size):
        multiple = self.multiple[resource]
        if self.least[resource]:
            size = max(size, up_to(self.least[resource], multiple))
        if self.most[resource]:
            size = min(size, self.most[resource] // multiple * multiple)
        return up_to(size, multiple)

    def limits(self, resource, size, current, used_max):
        floor = round(self.memory_floor * used_max) if resource == "memory" and self.memory_floor else None
        if floor is not None:
            size = max(size, floor)
        size = max(size, round(current * (1 - self.max_shrink)))
        size = min(size, round(current * (1 + self.max_grow)))
        if floor is not None:
            size = max(size, floor)
        return self.gates_and_rounding(resource, size)


def histogram_bounds(resource):
    bound, bounds = (10_000.0 if resource == "cpu" else 10 * 1024 * 1024.0), []
    while not bounds or bounds[-1] < 10**18:
        bounds.append(round(bound))
        bound *= 1.05
    return bounds


BOUNDS = {"cpu": histogram_bounds("cpu"), "memory": histogram_bounds("memory")}


class Instance:
    """One resource of one instance."""

    def __init__(self):
        self.times = {}  # kind -> time of the last accepted sample
        self.reserved = None
        self.oom = None
        self.buckets = {}  # number -> [sum, count, largest]

    def greatest(self):
        return max(self.times.values())

    def window(self, first, last):
        """(sum, count, largest, oldest bucket) of the buckets first..last."""
        held = [b for b in sorted(self.buckets) if first <= b <= last]
        total, count = 0.0, 0
        for b in held:
            total += self.buckets[b][0]
            count += self.buckets[b][1]
        return (total, count, max(self.buckets[b][2] for b in held), held[0]) if held else None


class Track:
    """One resource of one container."""

    def __init__(self):
        self.newest = None
        self.agreed = 0
        self.direction = None
        self.last = None  # the last command
        self.spent = {}  # day -> commands
        self.start = None  # UTC midnight of the first used sample, for the quantile
        self.weights = {}  # upper bound of a bucket of the histogram -> weight


class Container:
    def __init__(self):
        self.tracks = {"cpu": Track(), "memory": Track()}
        self.instances = {}  # (name, resource) -> Instance
        self.touched = 0


class Fleet:
    def __init__(self, params):
        self.params = params
        self.default = Rules(params)
        self.overrides = [(o["target"], Rules({**params, **o, **{r: {**params.get(r, {}), **o.get(r, {}), "band": {
            **params.get(r, {}).get("band", {}), **o.get(r, {}).get("band", {})}} for r in ("cpu", "memory")}}))
            for o in params.get("overrides", [])]
        every = [self.default] + [rules for _, rules in self.overrides]
        self.idle = max([8 * DAY if any(r.policy == "quantile" for r in every) else 25 * HOUR] + [2 * r.window for r in every])
        self.max_instances = params.get("max_instances", 1000)
        self.lane_time = 0
        self.containers = {}
        self.commands = []

    def rules_of(self, target):
        return next((rules for pattern, rules in self.overrides if fits(pattern, target)), self.default)

    def mode_of(self, target):
        modes = self.params.get("modes", [])
        return next((m.get("mode", "propose") for m in modes if fits(m["target"], target)), self.params.get("mode", "apply"))

    def take(self, sample):
        self.lane_time = max(self.lane_time, sample["time_ms"])
        labels = sample.get("labels", {})
        key = (sample["target"], labels.get("container", ""))
        container = self.containers.get(key)
        if container is None or container.touched + self.idle <= self.lane_time:
            container = self.containers[key] = Container()
        container.touched = self.lane_time
        if sample["metric"] not in METRICS:
            return
        resource, kind = METRICS[sample["metric"]]
        self.take_known(key, container, labels.get("instance", ""), resource, kind, sample["time_ms"], sample["value"])

    def take_known(self, key, container, name, resource, kind, time, value):
        rules, track = self.rules_of(key[0]), container.tracks[resource]
        instance = container.instances.get((name, resource))
        if instance and time <= instance.times.get(kind, time - 1):
            return
        bucket = time // rules.bucket
        if kind == "used" and track.newest is not None:
            if bucket <= track.newest - 60:
                return
            if bucket > track.newest:
                self.evaluate(key, container, resource, rules, bucket)
        instance = self.instance_of(container, name, resource)
        instance.times[kind] = time
        if kind == "reserved":
            instance.reserved = to_units(resource, value)
        elif kind == "used":
            track.newest = bucket if track.newest is None else max(track.newest, bucket)
            held = instance.buckets.setdefault(bucket, [0.0, 0, value])
            held[0] += value
            held[1] += 1
            held[2] = max(held[2], value)
            instance.buckets = {b: kept for b, kept in instance.buckets.items() if b > bucket - 60}
            if rules.policy == "quantile":
                track.start = time // DAY * DAY if track.start is None else track.start
                bound = next(b for b in BOUNDS[resource] if to_units(resource, value) <= b)
                track.weights[bound] = track.weights.get(bound, 0.0) + 2.0 ** ((time - track.start) / rules.half_life)
        else:
            before, instance.oom = instance.oom, round(value)
            if before is not None and instance.oom > before and instance.reserved:
                self.out_of_memory(key, container, instance, rules, time)

    def instance_of(self, container, name, resource):
        if (name, resource) not in container.instances:
            names = {n for n, _ in container.instances}
            if name not in names and len(names) >= self.max_instances:
                oldest = min(names, key=lambda n: (max(i.greatest() for (m, _), i in container.instances.items() if m == n), n.encode()))
                for r in ("cpu", "memory"):
                    container.instances.pop((oldest, r), None)
            container.instances[(name, resource)] = Instance()
        return container.instances[(name, resource)]

    def evaluate(self, key, container, resource, rules, bucket):
        track, now, first = container.tracks[resource], bucket * rules.bucket, bucket - 60
        for name, r in list(container.instances):
            if r == resource and container.instances[(name, r)].greatest() < first * rules.bucket:
                del container.instances[(name, r)]
        used_max, taking_part = None, []
        for (name, r), instance in container.instances.items():
            window = instance.window(first, bucket - 1) if r == resource else None
            if window is None:
                continue
            total, count, largest, oldest = window
            used_max = max(to_units(resource, largest), to_units(resource, largest) if used_max is None else used_max)
            if instance.reserved and now - oldest * rules.bucket >= rules.min_history:
                mean = to_units(resource, total / count)
                taking_part.append((mean, instance.reserved, name, count, rules.lying_factor(resource, instance.reserved, mean)))
        below = [p for p in taking_part if p[4] < rules.bound(resource, "lower")]
        above = [p for p in taking_part if p[4] > rules.bound(resource, "upper")]
        direction = "grow" if below else "shrink" if taking_part and len(above) == len(taking_part) else None
        track.agreed = 0 if direction is None else track.agreed + 1 if direction == track.direction else 1
        track.direction = direction
        if direction is None or track.agreed < rules.patience:
            return
        mean, current, _, _, lying = sorted(taking_part, key=lambda p: (-p[0], -p[1], p[2].encode()))[0]
        wish = rules.recentred(resource, mean)
        if rules.policy == "quantile":
            wish = round(self.quantile_of(track.weights, rules.quantile) * (1 + rules.margin))
        desired = rules.limits(resource, wish, current, used_max)
        if self.held_back(track, rules, now, current, desired):
            return
        self.command(key, track, now, resource, current, desired, {
            "code": "under_reserved" if direction == "grow" else "over_reserved", "uncapped": wish,
            "lower": rules.limits(resource, 0, current, used_max), "upper": rules.limits(resource, 10**18, current, used_max),
            "lying_factor": lying, "used_mean": mean, "used_max": used_max, "instances": len(taking_part),
            "samples": sum(p[3] for p in taking_part)})

    def quantile_of(self, weights, quantile):
        whole, cumulated = sum(weights[b] for b in sorted(weights)), 0.0
        for bound in sorted(weights):
            cumulated += weights[bound]
            if cumulated >= quantile * whole:
                return bound
        return max(weights)

    def held_back(self, track, rules, now, current, desired):
        if abs(desired - current) < round(rules.min_change * current):
            return "min_change"
        if track.last and now - track.last["time"] < rules.cooldown:
            return "cooldown"
        if track.last and (current, desired) == (track.last["current"], track.last["desired"]):
            if now - track.last["time"] < rules.repeat_after:
                return "unheeded"
        return "budget" if track.spent.get(now // DAY, 0) >= rules.budget else None

    def out_of_memory(self, key, container, instance, rules, time):
        track = container.tracks["memory"]
        largest = []
        if track.newest is not None:
            windows = [i.window(track.newest - 59, track.newest) for (_, r), i in container.instances.items() if r == "memory"]
            largest = [to_units("memory", w[2]) for w in windows if w]
        wish = max(round(max(largest + [instance.reserved]) * rules.oom_factor), instance.reserved + rules.oom_step)
        self.command(key, track, time, "memory", instance.reserved, rules.gates_and_rounding("memory", wish),
                     {"code": "oom_kill", "uncapped": wish, "oom_kills": instance.oom})

    def command(self, key, track, time, resource, current, desired, why):
        self.commands.append({"time": time, "target": key[0], "container": key[1], "resource": resource, "mode": self.mode_of(key[0]),
                              "current": current, "desired": desired, **why})
        track.last = {"time": time, "current": current, "desired": desired}
        track.spent[time // DAY] = track.spent.get(time // DAY, 0) + 1
        track.agreed, track.direction = 0, None


def main():
    fleet, number = Fleet({}), None

    def print_out():
        if number is not None:
            print(json.dumps({"fleet": number}))
        for command in fleet.commands:
            print(json.dumps(command))

    for line in sys.stdin:
        record = json.loads(line)
        if "fleet" in record:
            print_out()
            fleet, number = Fleet(record["params"]), record["fleet"]
        else:
            fleet.take(record)
    print_out()


if __name__ == "__main__":
    main()
