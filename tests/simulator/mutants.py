"""Faults put into the protocol on purpose: each must be found by the simulator. Run by ops/simulate.sh --mutants.

A mutant replaces one piece of source text in a copy of the tree; the simulator is built there and run until a seed violates an invariant.
"""
import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# (name, then file, text and what stands instead of it, once or more)
MUTANTS = [
    ("offset_off_by_one", "src/worker/committer.cc", "attempts.push_back({lane->partition, progress.next_offset,", "attempts.push_back({lane->partition, progress.next_offset + 1,"),
    ("replay_outputs_not_suppressed", "src/worker/worker_reading.cc", "reaches ? target : batch.position}, suppressed);", "reaches ? target : batch.position}, committer_.outbox());"),
    ("checkpoint_of_an_offset_not_committed", "src/worker/checkpointer.cc", "  if (lane.task->progress().next_offset != lane.committed) return false;\n", ""),
    ("no_new_epoch_for_a_new_owner", "src/worker/recovery_plan.cc", "plan.epoch = std::max(metadata.epoch, r.seen_epoch) + 1;", "plan.epoch = std::max(metadata.epoch, r.seen_epoch);"),
    ("epoch_counted_in_redis", "src/worker/recovery_plan.cc", "plan.epoch = std::max(metadata.epoch, r.seen_epoch) + 1;", "plan.epoch = r.seen_epoch + 1;"),
    ("flip_of_whatever_manifest_is_there", "src/worker/checkpointer.cc", "if (!c.whole) flip.expected_owner = c.owner;", "if (!c.whole && store_.pending_bytes() > (1U << 30)) flip.expected_owner = c.owner;"),
    ("unknown_commit_sent_again", "src/worker/committer.cc", "      unresolved_ = true;\n      return Outcome::kUnresolved;", "      producer_broken_ = true;\n      return Outcome::kRetry;"),
    ("unknown_commit_taken_for_done", "src/worker/committer.cc", "      unresolved_ = true;\n      return Outcome::kUnresolved;", "      producer_broken_ = true;\n      adopt(lanes);\n      return Outcome::kCommitted;"),
    ("done_commit_sent_again", "src/worker/committer.cc", "    log_info(\"the commit had taken effect\");\n    adopt(lanes);\n    return Outcome::kCommitted;", "    return Outcome::kRetry;"),
    ("undone_commit_taken_for_done", "src/worker/committer.cc", "  if (is_old == attempt_.size()) {\n", "  if (is_old == attempt_.size()) {\n    adopt(lanes);\n    return Outcome::kCommitted;\n"),
    ("group_metadata_fetched_afresh", "tests/kit/model_broker.cc", "  if (member == broker_.members_.end() || member->second.id != metadata.member || broker_.generation_ != metadata.generation)\n    return {CommitOutcome::kLost, \"unknown member or illegal generation\"};\n", "  (void)member;\n"),
    ("outbox_outlives_its_assignment", "src/worker/committer.cc", "void Committer::drop() {\n  outbox_.clear();", "void Committer::drop() {"),
    ("aborted_outbox_forgotten", "src/worker/committer.cc", "      log_warn(\"commit did not take effect; sending the same again\", {{\"why\", trouble_}});", "      outbox_.clear();"),
    ("outbox_kept_after_its_commit", "src/worker/committer.cc", "  attempt_.clear();\n  outbox_.clear();\n  trouble_.clear();", "  attempt_.clear();\n  trouble_.clear();"),
    ("returning_lane_kept_whatever_happened", "src/worker/recovery.cc", "if (committed.offset && *committed.offset == lane.committed && committed.metadata == lane.committed_metadata) {", "if (committed.offset) {"),
    ("replay_one_record_too_far", "src/worker/worker_reading.cc", "const Offset target = lane.recovery.plan.target;\n", "const Offset target = lane.recovery.plan.target + 1;\n"),
    ("reads_on_from_the_committed_offset", "src/worker/worker_reading.cc", "offsets_.push_back({lane->partition, lane->task->progress().next_offset});", "offsets_.push_back({lane->partition, std::max(lane->committed + 1, lane->task->progress().next_offset)});"),
    ("offsets_read_past_open_transactions", "src/worker/recovery.cc", "auto stable = source_.committed(partitions, true, kStableReadMs);", "auto stable = source_.committed(partitions, false, kStableReadMs);"),
    ("state_changed_before_its_page_was_written", "src/engine/keyed_store.cc", "if (page.waiting && live(slot) && snapshot_->waits_for(number, slot % kPageSlots)) {", "if (false) {"),
    ("changed_page_not_in_the_checkpoint", "src/engine/keyed_store.cc", "    page.dirty = true;\n    dirty_pages_.push_back(number);", "    page.dirty = true;\n    if (number % 2 == 0) dirty_pages_.push_back(number);"),
    ("recovering_lane_commits", "src/worker/committer.cc", "const bool mine = lane->has_been_live && (lane->phase == LanePhase::kLive || lane->phase == LanePhase::kPaused);", "const bool mine = lane->phase == LanePhase::kLive || lane->phase == LanePhase::kReplaying;"),
    ("failed_checkpoint_confirmed", "src/worker/checkpointer.cc", "store->end_snapshot(done);", "store->end_snapshot(true);"),
    ("live_on_the_way_back_from_lost_offsets", "src/worker/recovery_plan.cc", "    reached = std::max(reached, held.input_offset + 1);\n", ""),
    ("offset_left_out_of_a_commit", "src/worker/committer.cc", "(progress.next_offset == lane->committed && !lane->commit_now)) continue;", "(progress.next_offset < lane->committed + 5 && !lane->commit_now)) continue;"),
    ("replay_ends_early", "src/worker/worker_reading.cc", "lane->task->progress().next_offset < lane->recovery.plan.target) continue;", "lane->task->progress().next_offset + 3 < lane->recovery.plan.target) continue;"),
    ("replay_from_the_log_start_over_a_checkpoint", "src/worker/recovery_plan.cc", "  plan.use_manifest = true;\n  plan.replay_from = lane.task->progress().next_offset;\n  plan.compare = same_function &&", "  plan.use_manifest = true;\n  lane.task->set_next_offset(bounds.start);\n  plan.replay_from = bounds.start;\n  plan.compare = same_function &&"),
    ("pages_overwritten_before_the_flip", "src/worker/checkpointer.cc", "  const std::string name = next_name();\n  c.changed.emplace_back(id, name);", "  const std::string name = \"page\" + std::to_string(id.page);\n  c.changed.emplace_back(id, name);"),
    ("sequences_from_the_checkpoint", "src/worker/recovery_plan.cc", "  plan.outputs = metadata.outputs;\n", ""),
    ("waits_for_a_record_that_was_compacted_away", "src/worker/worker_reading.cc", "  else\n    lane.task->advance_to(std::min(*position, lane.recovery.plan.target));\n", "", "src/worker/worker_reading.cc", "reaches ? target : batch.position}, suppressed);", "batch.records[before - 1].offset + 1}, suppressed);\n    if (lane.task->progress().next_offset < target) return;\n    (void)reaches;"),
    ("unknown_commit_resolved_without_fencing", "src/worker/committer.cc", "  HEADROOM_CHECK(unresolved_);\n  const Status opened = sink_.open(kOpenMs);", "  HEADROOM_CHECK(unresolved_);\n  const Status opened = Status::ok();", "src/worker/committer.cc", "source_.committed(partitions, true, kReadMs);", "source_.committed(partitions, false, kReadMs);"),
    ("numbers_from_a_shortened_replay", "src/worker/recovery.cc", "  go_on_after_held(lane);\n", ""),
    ("checkpoint_of_an_older_incarnation", "src/worker/recovery_plan.cc", "    if (!usable.value()) {\n", "    if (false) {\n"),
    ("rebuilt_though_the_checkpoint_was_only_replaced", "src/worker/recovery.cc", "    r.manifest.reset();\n    return ask_store(lane);", "    r.manifest.reset();\n    return away ? ask_store(lane) : decide(lane);"),
]


def run(*command, cwd=None):
    return subprocess.run([str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main():
    p = argparse.ArgumentParser(prog="ops/simulate.sh --mutants", description="Builds the simulator once for each fault and looks for a seed that finds it.")
    p.add_argument("--dir", type=Path, default=ROOT / "build" / "mutants", help="where the copy and its build go (default build/mutants)")
    p.add_argument("--seeds", type=int, default=20_000, help="tried before a mutant counts as missed (default 20,000)")
    p.add_argument("--only", nargs="+", help="mutants whose names hold one of these")
    args = p.parse_args()
    copy, build = args.dir / "tree", args.dir / "build"
    if copy.exists():
        shutil.rmtree(copy)
    copy.mkdir(parents=True)
    # Copied with new times: a build that was left with a mutant in it must not look newer than its source.
    for name in ("CMakeLists.txt", "CMakePresets.json", "cmake", "include", "src", "topologies", "tests", "bench", "config"):
        source = ROOT / name
        shutil.copytree(source, copy / name, copy_function=shutil.copy) if source.is_dir() else shutil.copy(source, copy / name)
    configured = run("cmake", "--preset", "release", "-B", build, cwd=copy)
    if configured.returncode != 0:
        sys.exit(f"mutants: cmake failed:\n{configured.stdout[-3000:]}")
    missed = []
    mutants = [m for m in MUTANTS if not args.only or any(part in m[0] for part in args.only)]
    for name, *edits in [("none",)] + mutants:
        originals = {}
        for file, text, instead in zip(edits[::3], edits[1::3], edits[2::3]):
            whole = (copy / file).read_text()
            originals.setdefault(file, whole)
            if whole.count(text) != 1:
                sys.exit(f"mutants: {name}: its text stands {whole.count(text)} times in {file}; the code has changed, so must the mutant")
            (copy / file).write_text(whole.replace(text, instead))
        built = run("ninja", "-C", build, "simulate")
        if built.returncode != 0:
            sys.exit(f"mutants: {name} does not build:\n{built.stdout[-3000:]}")
        began = time.time()
        found = run(build / "tests" / "simulate", "--seeds", args.seeds, "--until-violation")
        for file, whole in originals.items():
            (copy / file).write_text(whole)
        line = next((row for row in found.stdout.splitlines() if row.startswith("seed ")), "")
        wrong = (found.returncode != 0) == (name == "none")
        if wrong:
            missed.append(name)
        print(f"{name}: {'MISSED' if wrong and name != 'none' else line or (f'ended with {found.returncode}' if found.returncode else 'no violation')} ({time.time() - began:.1f} s)", flush=True)
    print(f"{len(mutants) - len([m for m in missed if m != 'none'])} of {len(mutants)} mutants found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
