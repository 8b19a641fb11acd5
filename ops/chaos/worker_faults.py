"""What happens to workers."""
import json
import shutil
import signal
import struct
import subprocess
import sys
import time
import urllib.request

from fault import Fault
from paths import BINARY, ROOT
from takeover import spread

STORM_WORKERS = 3
STEPS_S = (-86_400, -3_600, -30, 30, 3_600, 86_400)
STAND_IN = ROOT / "ops" / "spot_stand_in.py"


def kill(run, chance):
    run.workers.kill(chance)


def freeze(run, chance):
    w = run.workers.strike(chance, signal.SIGSTOP)
    w.frozen = True
    try:
        run.pause(chance.uniform(8, 15))
    finally:
        w.frozen = False
        w.signal(signal.SIGCONT)


def term(run, chance):
    w, code = run.workers.terminate(chance)
    return None if code == 0 else f"a graceful stop of {w.slot} ended with {code}"


def storm(run, chance):
    """Three more workers come and go, by SIGTERM or SIGKILL, every second or so."""
    slots = [f"storm{i}" for i in range(STORM_WORKERS)]
    until, codes = time.time() + chance.uniform(12, 18), []
    try:
        while time.time() < until:
            slot = chance.choice(slots)
            w = run.workers.guests.get(slot)
            if w is None or not w.alive():
                run.workers.invite(slot)
            else:
                gone = chance.choice([signal.SIGTERM, signal.SIGTERM, signal.SIGKILL])
                w.signal(gone)
                code = w.wait(30)
                codes += [code] if gone == signal.SIGTERM else []
            run.pause(chance.uniform(0.3, 1.2))
    finally:
        for w in run.workers.guests.values():
            w.signal(signal.SIGTERM)
        codes += [w.wait(30) for w in run.workers.guests.values()]
    # One that is ended before it can listen to signals ends by them; one that the loop had killed is counted again.
    wrong = sorted({str(code) for code in codes if code not in (0, -signal.SIGTERM, -signal.SIGKILL)})
    return f"a graceful stop ended with {', '.join(wrong)}" if wrong else None


class Clocks:
    """A wall clock of its own for every worker: a library that is preloaded, and a file with the step for each."""

    def __init__(self, folder):
        self.folder = folder
        self.library = folder / "clock_step.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self.library), str(ROOT / "ops" / "chaos" / "clock_step.c")], check=True)

    def environment(self, slot):
        self.set(slot, 0)
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.folder / f"clock-{slot}")}

    def set(self, slot, seconds):
        path = self.folder / f"clock-{slot}"
        with path.open("r+b" if path.exists() else "wb") as file:
            file.write(struct.pack("q", seconds * 10**9))


def clock(run, chance):
    w = run.workers.strike(chance, 0)
    step = chance.choice(STEPS_S)
    try:
        run.workers.clocks.set(w.slot, step)
        run.pause(chance.uniform(5, 12))
    finally:
        run.workers.clocks.set(w.slot, 0)


def no_compiler(_run):
    return None if shutil.which("cc") else "no C compiler for the library that moves a worker's clock"


def spot_unknown(_run):
    schema = subprocess.run([BINARY, "schema"], capture_output=True, text=True, timeout=30).stdout
    if '"spot"' not in schema:
        return "this binary has no section `spot`"
    return None if STAND_IN.exists() else f"no {STAND_IN.relative_to(ROOT)}"


def spot_notice(run, chance):
    """One worker is told by its cloud's metadata service that its machine goes. It must leave in order before that: once it is without lanes it is killed."""
    provider = chance.choice(["aws", "gcp", "azure"])
    service = subprocess.Popen([sys.executable, "-B", str(STAND_IN), "--provider", provider], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, start_new_session=True)
    guest = None
    try:
        address = service.stdout.readline().strip()
        config = run.args.dir / "spot.json"
        config.write_text(json.dumps({**json.loads(run.config.read_text()), "spot": {"provider": provider, "endpoint": address}}))
        guest = run.workers.invite("spot", config)
        if not within(run, 20, lambda: guest.status()):
            return f"{provider}: it had no lane"
        urllib.request.urlopen(urllib.request.Request(f"{address}/control/notice", data=b"{}", method="POST"), timeout=5).close()
        noticed = time.time()
        if not within(run, 30, lambda: not guest.alive() or guest.status() == []):
            return f"{provider}: it did not leave within 30 s"
        run.notices.append(time.time() - noticed)
        return f"{provider}: left in order"
    finally:
        service.kill()
        service.wait()
        if guest is not None:
            guest.signal(signal.SIGKILL)
            guest.wait(10)


def within(run, seconds, true):
    until = time.time() + seconds
    while time.time() < until:
        if true():
            return True
        run.pause(0.05)
    return False


def left_after(run):
    left = spread(run.notices)
    return f"without lanes p50 {left['p50']} s, max {left['max']} s after the notice" if run.notices else "none left"


FAULTS = [
    Fault("kill", "nothing lost, doubled or torn; the same slot goes on at once, another worker after the session timeout (6 s)",
          "SIGKILL at a random moment; some come back in their slot within a second, some stay away until others have taken over", kill, "workers"),
    Fault("freeze", "fenced by generation (Kafka) and epoch (Redis); on waking it drops what it had and rejoins",
          "SIGSTOP for 8 to 15 s, longer than its session, then SIGCONT", freeze, "workers"),
    Fault("term", "commits, checkpoints and leaves: exit 0 within 25 s", "SIGTERM, and a start in the same slot within 2 s", term, "workers"),
    Fault("storm", "every change of the group commits first; once it ends, all lanes go on",
          "three more workers come and go, by SIGTERM or SIGKILL, every second for 12 to 18 s", storm, "workers"),
    Fault("clock", "no effect: decisions know event times only, deadlines the monotonic clock",
          "a worker's wall clock is moved by 30 s, an hour or a day, to and fro, and 5 to 12 s later back", clock, "workers", no_compiler, ("clocks",)),
    Fault("spot_notice", "commits, checkpoints and leaves before its machine goes; nobody waits for a session to end",
          "a stand-in of the metadata service of AWS, GCP or Azure says that the machine goes; it goes (SIGKILL) once the worker has no lane", spot_notice, "workers", spot_unknown,
          after=left_after),
]
