"""Kafka and Redis of its own, in its own folder, by ops/cluster.sh."""
import os
import re
import subprocess
import sys

from paths import ROOT


# What compiles most is not worth it for a broker that lives for seconds.
ENVIRONMENT = {"HEADROOM_KAFKA_JAVA": "-XX:TieredStopAtLevel=1", **os.environ}


class ClusterFailed(Exception):
    def __init__(self, code):
        super().__init__(f"ops/cluster.sh ended with {code}")
        self.code = 3 if code == 3 else 1


class Cluster:
    def __init__(self, folder):
        self.folder = folder

    def start(self, *options):
        """Anew, with nothing of an earlier run."""
        self.run("stop", "--wipe")
        self.run("start", *options)
        self.env = dict(line.split("=", 1) for line in (self.folder / "env").read_text().split() if "=" in line)
        self.kafka = self.env["HEADROOM_KAFKA"]
        self.proxied_ports = [int(address.rpartition(":")[2]) for address in self.env.get("HEADROOM_KAFKA_PROXIED", "").split(",") if address]
        self.redis = self.env["HEADROOM_REDIS"]
        self.redis_host, self.redis_port = re.match(r"redis://([^:]+):(\d+)", self.redis).groups()

    def run(self, *command):
        done = subprocess.run(["bash", str(ROOT / "ops" / "cluster.sh"), *command, "--dir", str(self.folder)], capture_output=True, text=True,
                              env=ENVIRONMENT, start_new_session=True)
        if done.returncode != 0:
            sys.stderr.write(done.stdout + done.stderr)
            raise ClusterFailed(done.returncode)

    def redis_cli(self, *words, port=None):
        done = subprocess.run(["redis-cli", "-h", self.redis_host, "-p", str(port or self.redis_port), *words], capture_output=True, text=True,
                              timeout=30)
        if done.returncode != 0 or done.stdout.startswith("ERR"):
            raise RuntimeError(f"redis-cli {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout
