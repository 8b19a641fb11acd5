"""Where the project and its binary are."""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("HEADROOM_BIN", str(ROOT / "build" / "release" / "headroom"))
