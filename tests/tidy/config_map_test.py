#!/usr/bin/env python3
"""config_map_test.py CONFIGMAP BINARY: `headroom check` accepts every configuration of the ConfigMap, and refuses one with a key it does not know."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import yaml
except ImportError as error:
    print(f"SKIPPED: {error} (ops/install.sh installs it)")
    sys.exit(77)


def check(binary, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "headroom.json"
        path.write_text(text, encoding="utf-8")
        return subprocess.run([binary, "check", "--config", str(path)], capture_output=True, text=True, check=False)


config_map, binary = sys.argv[1:]
texts = [text for name, text in yaml.safe_load(Path(config_map).read_text(encoding="utf-8"))["data"].items() if name.endswith(".json")]
failed = not texts
for text in texts:
    done = check(binary, text)
    print(done.stdout, done.stderr)
    failed |= done.returncode != 0
    broken = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M)) | {"no_such_setting": 1}
    if check(binary, json.dumps(broken)).returncode != 2:
        print("headroom check accepted a key that it cannot know")
        failed = True
sys.exit(1 if failed else 0)
