#!/usr/bin/env python3
"""Adds up what ops/test.sh ran.

    tally.py RESULTS_FOLDER

The folder holds one JUnit file of ctest a stage (<stage>.xml) and `stages.tsv`, one line a stage: name, kind, seconds, exit code. A stage of
kind `tests` counts by its cases; one of kind `check` counts as one. A stage of tests that failed without a failed case (it did not end, or its
file is missing) counts as one failure more. Prints the stages with their seconds, failed cases and skipped ones by name, with the reason, and at
last the one line `N passed, N failed, N skipped`. Exits 1 when anything failed or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def skip_reason(output):
    """The sentence that a gtest (`file:line: Skipped` and the lines after it) or a unittest (`skipped 'reason'`) gave, else ''."""
    gtest = re.search(r": Skipped\s*\n(.*?)(?:\n\s*\n|\n\[|\Z)", output, re.S)
    if gtest and gtest.group(1).strip():
        return " ".join(gtest.group(1).split())
    unittest = re.search(r"skipped ['\"](.*)['\"]", output)
    if unittest:
        return unittest.group(1)
    said = re.search(r"^SKIP(?:PED)?:? +(.+)$", output, re.M)
    return said.group(1) if said else ""


def failure_line(output):
    """Where a gtest or unittest failed, in one line, or the last line it said."""
    gtest = re.search(r"^(\S+:\d+): Failure\n(.*)$", output, re.M)
    if gtest:
        return f"{gtest.group(1)} {gtest.group(2)}"
    said = [line for line in output.splitlines() if line.strip()]
    return said[-1].strip()[:200] if said else ""


def read_cases(path):
    """(name, outcome, detail) of every case of a JUnit file of ctest; outcome is passed, failed or skipped."""
    for case in ET.parse(path).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        name, status = case.get("name"), case.get("status")
        skipped = case.find("skipped")
        if status == "run" and case.find("failure") is None and skipped is None:
            yield name, "passed", ""
        elif status == "disabled":
            yield name, "skipped", "disabled"
        elif skipped is not None and (skipped.get("message") or "").startswith("SKIP_"):  # else ctest could not start it
            yield name, "skipped", skip_reason(output) or "no reason given"
        else:
            failure = case.find("failure")
            message = failure if failure is not None else skipped
            yield name, "failed", (message.get("message") if message is not None else "") or failure_line(output) or status


def read_stages(path):
    for line in path.read_text().splitlines():
        name, kind, seconds, code = line.split("\t")
        yield name, kind, int(seconds), int(code)


def tally(folder):
    """(stage lines, {outcome: [(stage, name, detail)]}) of a results folder."""
    outcomes = {"passed": [], "failed": [], "skipped": []}
    lines = []
    for stage, kind, seconds, code in read_stages(folder / "stages.tsv"):
        if kind == "check":
            outcome = "failed" if code else "passed"
            outcomes[outcome].append((stage, stage, f"exit code {code}"))
            lines.append(f"{stage:<28} {seconds:>5} s  {outcome}")
            continue
        junit = folder / f"{stage}.xml"
        try:
            cases = list(read_cases(junit)) if junit.exists() else []
        except ET.ParseError:
            cases = []
        for name, outcome, detail in cases:
            outcomes[outcome].append((stage, name, detail))
        count = {outcome: sum(case[1] == outcome for case in cases) for outcome in outcomes}
        if not cases or (code and not count["failed"]):
            outcomes["failed"].append((stage, stage, f"no case failed, exit code {code}, {len(cases)} cases"))
            count["failed"] += 1
        lines.append(f"{stage:<28} {seconds:>5} s  " + ", ".join(f"{count[o]} {o}" for o in outcomes))
    return lines, outcomes


def main(folder):
    lines, outcomes = tally(Path(folder))
    print("\n".join(["", "stages:"] + ["  " + line for line in lines]))
    for outcome in ("skipped", "failed"):
        if outcomes[outcome]:
            print(f"{outcome}:")
        for stage, name, detail in outcomes[outcome]:
            print(f"  [{stage}] {name}: {detail}")
    passed, failed, skipped = (len(outcomes[outcome]) for outcome in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
