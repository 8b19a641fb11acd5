"""What was promised and what was seen, for people and as JSON."""
import json
import textwrap
from collections import Counter

from takeover import spread, takeovers

AFTER_S = 15  # what logs say within so long after a fault is put down to it
COLUMNS = (("fault", 18), ("times", 5), ("promised", 46), ("seen", 72))


def print_table(rows):
    print("  ".join(title.upper().ljust(width) for title, width in COLUMNS).rstrip())
    for row in rows:
        cells = [textwrap.wrap(str(row[title]), width) or [""] for title, width in COLUMNS]
        for i in range(max(len(cell) for cell in cells)):
            print("  ".join((cell[i] if i < len(cell) else "").ljust(width) for cell, (_, width) in zip(cells, COLUMNS)).rstrip())


def print_list(faults):
    for fault in faults:
        print(fault.name)
        print(textwrap.fill(fault.how, 110, initial_indent="  how       ", subsequent_indent="            "))
        print(textwrap.fill(fault.promise, 110, initial_indent="  promised  ", subsequent_indent="            "))


def said_within(run, spans):
    """How often the workers' logs said what, within the spans."""
    counts = Counter()
    for w in run.workers.everyone():
        for said in w.log.said:
            if any(began <= said.at <= ended for began, ended in spans):
                counts[said.what] += 1
    return dict(counts)


def recoveries(run, mine, lanes):
    """Seconds until every lane has gone on, of occurrences that nothing else disturbed, and of the others."""
    alone, disturbed = [], []
    for o in mine:
        after = run.progress.advanced_after(lanes, o.ended)
        if after is not None:
            others = any(p is not o and p.began < o.ended + after and p.ended > o.began - 1 for p in run.occurrences)
            (disturbed if others else alone).append(after)
    return {"alone": spread(alone), "disturbed": spread(disturbed)}


def seen_of(run, name, taken):
    """What was seen of one fault, as numbers."""
    mine = sorted((o for o in run.occurrences if o.name == name), key=lambda o: o.began)
    begins = sorted(o.began for o in run.occurrences)
    spans = []
    for o in mine:
        following = next((began for began in begins if began > o.began), o.ended + AFTER_S)
        spans.append((o.began, max(o.ended, min(following, o.ended + AFTER_S))))
    seen = {"times": len(mine), "commits_again_s": recoveries(run, mine, run.progress.lanes), "logs": said_within(run, spans)}
    if name.startswith("redis"):
        seen["checkpoints_again_s"] = recoveries(run, mine, run.progress.checkpoints)
    long = [o for o in mine if o.ended - o.began > 1]
    if long:
        seen["records_committed_meanwhile"] = sum(run.progress.committed_between(o.began, o.ended) for o in long)
        seen["seconds_meanwhile"] = round(sum(o.ended - o.began for o in long), 1)
        seen["longest_silence_s"] = round(max(run.progress.longest_silence(o.began, o.ended) for o in long), 2)
    if taken:
        seen["same_slot_s"] = spread(t.seconds for t in taken if t.same_slot)
        seen["other_worker_s"] = spread(t.seconds for t in taken if not t.same_slot)
    seen["remarks"] = sorted(o.remark for o in mine if o.remark)
    if name in run.afterwards:
        seen["remarks"].append(run.afterwards[name])
    return seen


def words(seen):
    def times(label, values):
        return [f"{label} p50 {values['p50']} s, p99 {values['p99']} s, max {values['max']} s ({values['count']})"] if values["count"] else []

    def both(label, values):
        return times(label, values["alone"]) + times(label + " amid other faults", values["disturbed"])
    if "same_slot_s" in seen:
        said = times("the same slot, from its start:", seen["same_slot_s"]) + times("another worker, from the kill:", seen["other_worker_s"])
    else:
        said = both("all lanes committed again after", seen["commits_again_s"])
    if "checkpoints_again_s" in seen:
        said += both("all had a checkpoint again after", seen["checkpoints_again_s"])
    if "seconds_meanwhile" in seen:
        said.append(f"{seen['records_committed_meanwhile']} records committed in the {seconds_text(seen['seconds_meanwhile'])} that it lasted, "
                    f"longest silence {seen['longest_silence_s']} s")
    said += [f"{count} {what}" for what, count in sorted(seen["logs"].items())]
    said += [f"{remark} ({count})" if count > 1 else remark for remark, count in Counter(seen["remarks"]).items()]
    return "; ".join(said)


def seconds_text(seconds):
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def fault_rows(run, faults, taken):
    rows = []
    for fault in faults:
        if fault.name in run.skipped:
            rows.append({"fault": fault.name, "times": 0, "promised": fault.promise, "seen": f"skipped: {run.skipped[fault.name]}", "skipped": True})
        elif any(o.name == fault.name for o in run.occurrences):
            numbers = seen_of(run, fault.name, taken if fault.name == "kill" else None)
            rows.append({"fault": fault.name, "times": numbers["times"], "promised": fault.promise, "seen": words(numbers), "numbers": numbers})
    return rows


def summarise(run, ended, taken):
    plain = [t.seconds for t in taken if t.alone]
    logs = Counter(said.what for w in run.workers.everyone() for said in w.log.said)
    return {"kills": len(run.workers.kills), "seconds": round(ended["seconds"]), "records": run.fleet.sent, "verify_exit": ended["verify_exit"],
            "left_behind": ended["left_behind"], "crashes": sum(w.log.crashes for w in run.workers.everyone()), "exit_codes": ended["exit_codes"],
            "takeover_s": spread(plain), "disturbed_takeover_s": spread(t.seconds for t in taken if not t.alone),
            "same_slot_s": spread(t.seconds for t in taken if t.same_slot), "other_worker_s": spread(t.seconds for t in taken if not t.same_slot),
            "ended_alone": run.workers.ended_alone, "logs": dict(logs), "seed": run.args.seed, "profile": run.args.profile}


def is_clean(summary):
    return (summary["verify_exit"] == 0 and summary["left_behind"] == 0 and summary["crashes"] == 0
            and all(code == 0 for code in summary["exit_codes"]) and not summary["logs"].get("replays that differed"))


def audited(text):
    """The audit's totals in a line, its findings below."""
    try:
        audit = json.loads(text)
    except ValueError:
        return text
    lines = [f"{f['fault']}: {f['topic']}, lane {f['lane']}, sequence {f['sequence']} {f['detail']}" for f in audit["findings"]]
    lines += [f"note: {note}" for note in audit["notes"]]
    return "\n".join([f"verify --oracle: {audit['records']} output records in {len(audit['lanes'])} rows, {audit['violations']} violations", *lines])


def report(run, ended):
    """Prints everything; 0 when clean, else 1."""
    from faults import FAULTS
    taken = takeovers(run.workers, run.occurrences)
    summary = summarise(run, ended, taken)
    clean = is_clean(summary)
    rows = fault_rows(run, FAULTS, taken)
    print()
    print_table(rows)
    print()
    print(audited(ended["verify_text"]))
    if ended["verify_error"]:
        print(ended["verify_error"])
    alone, beside = summary["takeover_s"], summary["disturbed_takeover_s"]
    print(f"{summary['kills']} kills in {summary['seconds']} s, {summary['records']} records, {alone['count']} takeovers p50 {alone['p50']} s, "
          f"p99 {alone['p99']} s, max {alone['max']} s (beside them {beside['count']} during other faults, p50 {beside['p50']} s, p99 {beside['p99']} s, "
          f"max {beside['max']} s): {'clean' if clean else 'VIOLATIONS'}")
    for code, count in sorted(Counter(code for _, code in summary["ended_alone"]).items()):
        why = ", fenced while too young to tell an outage from another worker in its slot" if code == 3 else ""
        print(f"{count} times a worker ended by itself with {code}{why}, and was started again")
    if not clean:
        print(f"exit codes {summary['exit_codes']}, left behind {summary['left_behind']}, crashes {summary['crashes']}, "
              f"{summary['logs'].get('replays that differed', 0)} replays that differed; logs in {run.args.dir}")
    if run.args.json:
        print(json.dumps({**summary, "clean": clean, "faults": [{k: v for k, v in row.items() if k != "seen" or "numbers" not in row} for row in rows]}))
    return 0 if clean else 1
