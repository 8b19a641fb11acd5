"""The producer: containers with wandering use, one record a sample, in event time that runs 60 times faster than the clock."""
import json
import math
import random
import subprocess
import threading
import time
import zlib

BASE_DAYS = 40  # how long ago the first sample claims to be


class Fleet:
    def __init__(self, brokers, args):
        self.rate = args.rate
        self.random = random.Random(args.seed)
        self.containers = [(f"chaos/ns{i % 7}/Deployment/app-{i:05d}", self.random.uniform(0.2, 4)) for i in range(args.containers)]
        self.brokers = brokers
        self.kcat = None
        self.sent = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.produce, daemon=True)
        self.thread.start()

    def write(self, lines):
        # kcat gives up when every broker is away; what it had not delivered is then no part of the log, which is all that the proof goes by.
        while not self.stop.is_set():
            if self.kcat is None or self.kcat.poll() is not None:
                self.kcat = subprocess.Popen(
                    ["kcat", "-P", "-b", self.brokers, "-t", "headroom.samples", "-K", "\t", "-X", "enable.idempotence=true", "-X", "acks=all"],
                    stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
            try:
                self.kcat.stdin.write("".join(lines))
                self.kcat.stdin.flush()
                return
            except (BrokenPipeError, ValueError):
                self.kcat.wait()
                self.stop.wait(0.5)

    def sample(self, base_ms):
        target, reserved = self.containers[self.sent % len(self.containers)]
        turn = self.sent // len(self.containers)
        # Each container: reserved, used, memory reserved, memory used in turn; now and then something broken.
        at = base_ms + int(self.sent / self.rate * 60_000)
        wave = 1 + 0.8 * math.sin(at / 5.4e6 + zlib.crc32(target.encode()) % 7)
        metric, value = [("cpu_reserved_cores", reserved), ("cpu_used_cores", reserved * wave * self.random.uniform(0.1, 0.9)),
                         ("memory_reserved_bytes", 2**31), ("memory_used_bytes", 2**31 * wave * self.random.uniform(0.1, 0.6))][turn % 4]
        sample = {"target": target, "metric": metric, "time_ms": at, "value": value, "labels": {"container": "app", "instance": f"{target[-9:]}-0"}}
        text = json.dumps(sample, separators=(",", ":"))
        if self.random.random() < 0.0005:
            text = text[: self.random.randrange(len(text))] or "{"
        self.sent += 1
        return f"{target}\t{text}\n"

    def produce(self):
        started = time.monotonic()
        base_ms = int(time.time() * 1000) - BASE_DAYS * 24 * 3600 * 1000
        while not self.stop.is_set():
            due = int((time.monotonic() - started) * self.rate)
            lines = [self.sample(base_ms) for _ in range(due - self.sent)]
            if lines:
                self.write(lines)
            self.stop.wait(0.05)

    def finish(self):
        self.stop.set()
        self.thread.join(timeout=120)
        if self.kcat is not None and self.kcat.poll() is None:
            self.kcat.stdin.close()
            self.kcat.wait(timeout=120)

    def kill(self):
        self.stop.set()
        if self.kcat is not None and self.kcat.poll() is None:
            self.kcat.kill()
            self.kcat.wait()
