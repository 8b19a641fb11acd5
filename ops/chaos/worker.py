"""A worker process in its slot, and what its log says as it grows."""
import json
import re
import subprocess
import threading
import time
import urllib.request
from collections import namedtuple
from datetime import datetime, timezone

from paths import BINARY

# What of a log is counted: by what the message begins with.
SAID = {
    "the checkpoint store has forgotten something": "refused flips",
    "a newer owner writes this lane's checkpoints": "flips refused for a newer owner",
    "rebuilding a lane from the log": "lanes rebuilt",
    "commit did not take effect": "commits sent again",
    "the outcome of a commit is not known": "unknown commits asked after",
    "ended the open transaction of a dead worker": "transactions of the dead ended",
    "lanes lost; dropping": "lanes lost and dropped",
    "worker starts anew": "workers begun anew",
    "Redis is away": "times Redis was missed",
    "lane paused": "lanes paused",
    "the replay did not give what had been committed": "replays that differed",
}
CRASHES = re.compile("broken invariant|terminate called|Segmentation|AddressSanitizer")
STAMP = re.compile(r"ts=(\S+)")
MESSAGE = re.compile(r'msg="([^"]*)"|msg=(\S+)')
LOG_SECONDS_OFF = 5  # a stamp further from the clock is of a worker whose clock was moved

Commit = namedtuple("Commit", "at lane slot")
Said = namedtuple("Said", "at what slot")


class WorkerLog:
    """Reads what was added since the last time."""

    def __init__(self, path, slot):
        self.path = path
        self.slot = slot
        self.lock = threading.Lock()
        self.offset = 0
        self.address = None
        self.commits = []  # first ones of a lane by a new owner
        self.said = []
        self.crashes = 0

    def read(self):
        with self.lock, self.path.open("rb") as log:
            log.seek(self.offset)
            added = log.read()
            whole = added.rfind(b"\n") + 1
            self.offset += whole
            for line in added[:whole].decode(errors="replace").splitlines():
                self.take(line)

    def take(self, line):
        if CRASHES.search(line):
            self.crashes += 1
        found = MESSAGE.search(line)
        if found is None:
            return
        message = found.group(1) or found.group(2)
        if message == "serving metrics":
            self.address = re.search(r"address=(\S+)", line).group(1)
        elif message == "lane committed by its new owner":
            self.commits.append(Commit(self.when(line), re.search(r"lane=(\S+)", line).group(1), self.slot))
        else:
            for start, what in SAID.items():
                if message.startswith(start):
                    self.said.append(Said(self.when(line), what, self.slot))

    @staticmethod
    def when(line):
        now = time.time()
        stamp = STAMP.search(line)
        if stamp is None:
            return now
        at = datetime.strptime(stamp.group(1), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
        return at if abs(now - at) < LOG_SECONDS_OFF else now


class Worker:
    def __init__(self, slot, config, folder, environment=None):
        self.slot = slot
        self.config = config
        self.environment = environment
        self.path = folder / f"{slot}.log"
        self.log = WorkerLog(self.path, slot)
        self.process = None
        self.frozen = False
        self.starts = []
        self.start()

    def start(self):
        self.log.address = None
        self.starts.append(time.time())
        with self.path.open("a") as log:
            self.process = subprocess.Popen([BINARY, "run", "--config", str(self.config), "--slot", self.slot, "--create-topics"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True)

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def status(self):
        """Its own account of its lanes; None when it does not answer."""
        if self.log.address is None or self.frozen or not self.alive():
            return None
        try:
            with urllib.request.urlopen(f"http://{self.log.address}/api/v1/status", timeout=2) as answer:
                return [lane for worker in json.load(answer)["workers"] for lane in worker["lanes"]]
        except (OSError, ValueError):
            return None
