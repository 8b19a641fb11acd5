"""Whether two engines said the same: the commands of two action topics, target by target, in order."""
import json
import subprocess
import time

import rig

# What names the engine and its place, not the decision.
OWN = ("id", "source", "lane", "sequence")


def read(servers, topic):
    """{target: [command, ...]} of all committed commands."""
    done = subprocess.run(["kcat", "-C", "-q", "-e", "-b", servers.kafka, "-t", topic, "-X", "isolation.level=read_committed", "-o", "beginning"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        rig.die(3, f"kcat cannot read {topic}: {done.stderr.strip()}")
    found = {}
    for line in done.stdout.splitlines():
        command = {name: value for name, value in json.loads(line).items() if name not in OWN}
        found.setdefault(command["partitionkey"], []).append(command)
    return found


def count(commands):
    return sum(map(len, commands.values()))


def read_all(servers, topic, wanted):
    """Waits until there are as many as are wanted: an engine may say that it has consumed before its last commands can be read."""
    until = time.time() + 15
    while count(commands := read(servers, topic)) < wanted and time.time() < until:
        time.sleep(0.5)
    return commands


class Comparison:
    """Holds every further topic against the first. A difference ends the run."""

    def __init__(self, servers):
        self.servers = servers
        self.name = self.commands = None

    def take(self, name, topic):
        if self.commands is None:
            time.sleep(2)
            self.name, self.commands = name, read(self.servers, topic)
            if not self.commands:
                rig.die(1, f"{name} gave no command: nothing can be compared; more records, or fewer containers")
            return
        other = read_all(self.servers, topic, count(self.commands))
        wrong = [target for target in self.commands.keys() | other.keys() if self.commands.get(target) != other.get(target)]
        if wrong:
            first = min(wrong)
            rig.die(1, f"{name} and {self.name} differ in {len(wrong)} of {len(self.commands)} targets ({count(other)} commands, "
                       f"{count(self.commands)} wanted), the first:\n{json.dumps(self.commands.get(first))}\n{json.dumps(other.get(first))}")
        rig.say(f"{name}: the same {count(other)} commands as {self.name}")
