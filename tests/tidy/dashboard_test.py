#!/usr/bin/env python3
"""dashboard_test.py: every dashboard under ops/grafana is whole, asks only for metrics that the code declares, and in words that Prometheus
understands (promtool, where it is installed). A dashboard that is none of this must be found out, or the check checks nothing."""
import copy
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What `headroom lag-source` exports.
SOURCE = {"headroom_lag_source_cycle_seconds", "headroom_lag_source_interval_seconds", "headroom_lag_source_overruns_total",
          "headroom_lag_source_last_tick_timestamp_seconds"}
METRIC = re.compile(r"\b(?:headroom|kafka)_\w+")
VARIABLES = {"cluster": "c", "group": "g", "datasource": "d"}


def declared():
    names = set(SOURCE)
    for path in (ROOT / "src" / "http").glob("*.cc"):
        names |= set(re.findall(r'"((?:headroom|kafka)_\w+)"', path.read_text(encoding="utf-8")))
    return names


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def expressions(dashboard):
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def check_shape(dashboard):
    panels = list(panels_of(dashboard))
    ids = [panel["id"] for panel in panels]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']}: wider than the grid"
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            if cell in taken:
                yield f"{panel['title']} lies on {taken[cell]}"
                break
            taken[cell] = panel["title"]
        if panel["type"] != "row" and (not panel.get("targets") or not panel.get("description")):
            yield f"{panel['title']}: asks for nothing, or does not say what it shows"
        refs = [target["refId"] for target in panel.get("targets", [])]
        if len(set(refs)) != len(refs):
            yield f"{panel['title']}: two targets have one refId"


def check_names(dashboard, known):
    known_variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    queries = [(variable["name"], variable["definition"]) for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    for title, expression in [*expressions(dashboard), *queries]:
        for name in METRIC.findall(expression):
            if name not in known:
                yield f"{title}: no metric is called {name}"
        for variable in re.findall(r"\$(\w*[a-z]\w*)", re.sub(r"\$\{?__\w+\}?", "", expression)):
            if variable not in known_variables:
                yield f"{title}: no variable is called {variable}"


def check_promql(dashboard):
    rules = []
    for number, (_, expression) in enumerate(expressions(dashboard)):
        for name, value in VARIABLES.items():
            expression = expression.replace("$" + name, value)
        rules.append({"record": f"dashboard:expression:{number}", "expr": expression})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dashboard.rules.yml"
        path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
        done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        yield done.stdout + done.stderr


def check(dashboard, known):
    wrong = [*check_shape(dashboard), *check_names(dashboard, known)]
    return wrong + ([*check_promql(dashboard)] if shutil.which("promtool") else [])


def broken(dashboard):
    """(what is wrong with it, a dashboard) for faults that must be found."""
    for what, change in {"a metric that nobody exports": lambda t: t.update(expr="sum(headroom_lag_nothing)"),
                         "a variable that is not there": lambda t: t.update(expr='sum(headroom_lag_verdict{group=~"$team"})'),
                         "no PromQL": lambda t: t.update(expr="sum(headroom_lag_verdict")}.items():
        if what == "no PromQL" and not shutil.which("promtool"):
            continue
        one = copy.deepcopy(dashboard)
        change(next(panel for panel in one["panels"] if panel.get("targets"))["targets"][0])
        yield what, one
    one = copy.deepcopy(dashboard)
    one["panels"][1]["gridPos"] = one["panels"][2]["gridPos"]
    yield "two panels in one place", one


def main():
    known, failed = declared(), False
    paths = sorted((ROOT / "ops" / "grafana").glob("*.json"))
    for path in paths:
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        wrong = check(dashboard, known)
        wrong += [f"the check does not find {what}" for what, one in broken(dashboard) if not check(one, known)]
        print("\n".join([f"{'FAILED' if wrong else 'OK'}: {path.name}"] + ["  " + line for line in wrong]))
        failed |= bool(wrong)
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
