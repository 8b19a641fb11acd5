"""What comes in and how it is read by those behind: records that cannot be read, and a reader that is slow."""
import json
import subprocess
import threading
import time
from collections import Counter

from fault import Fault

KEY = "poison-"
READ_S = 60
GOOD = {"target": "chaos/ns0/Deployment/poisoned", "metric": "cpu_used_cores", "time_ms": 1_700_000_000_000, "value": 0.5}


def poisons(chance):
    """{what it is: its bytes}; None for a record without a value."""
    def changed(**members):
        return json.dumps({**GOOD, **members}).encode()
    near_limit = 1_046_000  # the broker takes 1,048,588 bytes a record, with key and framing
    return {
        "no_json": bytes(chance.randrange(256) for _ in range(200)),
        "empty": b" ",
        "no_value": None,
        "cut_short": json.dumps(GOOD).encode()[:40],
        "huge_number": b'{"target":"a/b/c/d","metric":"cpu_used_cores","time_ms":1700000000000,"value":1e400}',
        "huge_time": b'{"target":"a/b/c/d","metric":"cpu_used_cores","time_ms":1000000000000000000000000000000,"value":1}',
        "not_a_number": b'{"target":"a/b/c/d","metric":"cpu_used_cores","time_ms":1700000000000,"value":NaN}',
        "far_future": changed(time_ms=9_000_000_000_000),
        "negative_reservation": changed(metric="cpu_reserved_cores", value=-1),
        "wrong_types": b'{"target":5,"metric":["cpu_used_cores"],"time_ms":"now","value":{}}',
        "no_members": b"{}",
        "deep_arrays": b"[" * 100_000,
        "deep_objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        "bad_utf8": b'{"target":"a/b/\xff\xfe/d","metric":"cpu_used_cores","time_ms":1700000000000,"value":1}',
        "one_bad_of_three": json.dumps([GOOD, {**GOOD, "value": None}, {**GOOD, "time_ms": GOOD["time_ms"] + 60_000}]).encode(),
        "near_the_limit": b"[" + b" " * near_limit + b"oops]",
    }


def poison(run, chance):
    for kind, value in poisons(chance).items():
        # A file is one record; one without a value is a line with nothing behind its key.
        path = run.args.dir / "poison"
        path.write_bytes(value or b"")
        how = ["-k", KEY + kind, str(path)] if value is not None else ["-K", ":", "-Z"]
        done = subprocess.run(
            ["kcat", "-P", "-b", run.cluster.kafka, "-t", "headroom.samples", "-p", str(chance.randrange(run.args.partitions)),
             "-X", "message.max.bytes=1048576", *how], input=f"{KEY}{kind}:\n".encode(), capture_output=True, timeout=READ_S, start_new_session=True)
        if done.returncode == 0:
            run.poisoned[kind] += 1
        else:
            run.say(f"poison {kind} was not taken: {done.stderr.decode(errors='replace').strip()[-200:]}")


def rejected(run):
    """How many of the poisoned records stand in the rejected topic."""
    done = subprocess.run(["kcat", "-C", "-e", "-q", "-b", run.cluster.kafka, "-t", "headroom.rejected", "-o", "beginning", "-X",
                           "isolation.level=read_committed", "-f", "%k\\n"], stdin=subprocess.DEVNULL, capture_output=True, timeout=READ_S)
    found = Counter(line[len(KEY):] for line in done.stdout.decode(errors="replace").splitlines() if line.startswith(KEY))
    missing = {kind: count - found[kind] for kind, count in run.poisoned.items() if found[kind] < count}
    told = f"{sum(run.poisoned.values())} records of {len(run.poisoned)} kinds, {sum(found.values())} of them in the rejected topic"
    return told + (f"; not there: {', '.join(f'{kind} {count}' for kind, count in sorted(missing.items()))}" if missing else "")


def slow_consumer(run, chance):
    """Reads committed commands, a few a second, with a buffer that is soon full."""
    reader = subprocess.Popen(["kcat", "-C", "-q", "-u", "-b", run.cluster.kafka, "-t", "headroom.actions", "-o", "beginning", "-X", "isolation.level=read_committed",
                               "-X", "queued.min.messages=100", "-X", "queued.max.messages.kbytes=64", "-X", "fetch.message.max.bytes=16384"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    read = [0]

    def trickle():
        for _ in reader.stdout:
            read[0] += 1
            time.sleep(0.1)
    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    try:
        run.pause(chance.uniform(15, 20))
    finally:
        reader.kill()
        reader.wait()
    return f"it read {'some' if read[0] else 'none'}"


FAULTS = [
    Fault("poison", "each goes to the rejected topic with its bytes and the reason; the records around it are processed",
          "records that are no JSON, empty, cut short, with numbers beyond any type, a hundred thousand levels deep, close to the broker's limit, ...",
          poison, after=rejected),
    Fault("slow_consumer", "no effect", "a reader of the action topic takes ten commands a second for 15 to 20 s, with read_committed", slow_consumer),
]
