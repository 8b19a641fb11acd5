#include "cli/collect_run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/concat.h"
#include "base/log.h"
#include "base/time_text.h"
#include "cli/sample_topic.h"

namespace headroom {
namespace {

constexpr size_t kMostTold = 20;

// Ticks wait for an answer that does not come, so it may not take much longer than a step.
int64_t live_timeout(int64_t step_ms) {
  return std::clamp<int64_t>(step_ms, 5000, 60'000);
}

}  // namespace

CollectRun::CollectRun(CollectPlan plan, PrometheusClient& prometheus, CollectSink& sink, StopSignals& stop)
    : plan_(std::move(plan)),
      prometheus_(prometheus),
      sink_(sink),
      stop_(stop),
      batch_(plan_.batch),
      next_ms_(plan_.window.from_ms),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

// Once for each thing that is wrong with a query's series, and each warning.
void CollectRun::tell(const Collected& collected) {
  const auto once = [this](const char* what, const std::string& sentence) {
    if (told_.size() < kMostTold && told_.insert(sentence).second) log_warn(what, {{"what", sentence}});
  };
  for (const auto& sentence : collected.unnamed_examples) once("a series is left out, and maybe others", sentence);
  for (const auto& sentence : collected.warnings) once("an answer may not be whole", sentence);
}

void CollectRun::count(const Collected& collected) {
  counts_.points += collected.points;
  counts_.absent += collected.absent;
  counts_.not_finite += collected.not_finite;
  counts_.histograms += collected.histograms;
  counts_.unnamed += collected.unnamed;
}

Result<Collected> CollectRun::gather(const CollectWindow& window, bool patiently) {
  Collected out;
  for (size_t query = 0; query < plan_.mapping.queries.size(); ++query) {
    const CollectQuery& asked = plan_.mapping.queries[query];
    const auto answer = patiently ? prometheus_.ask_patiently(asked.expression, window)
                                  : prometheus_.ask(asked.expression, window, live_timeout(plan_.window.step_ms));
    if (!answer) {
      if (answer.status().code() == Code::kAborted) return answer.status();
      return Status(answer.status().code(), concat("query ", asked.name, " (", asked.expression, ") from ", format_rfc3339(window.from_ms),
                                                   " to ", format_rfc3339(window.to_ms), ": ", answer.status().message()));
    }
    if (const Status added = add_answer(plan_.mapping, query, *answer, window.points(), out); !added) return added;
  }
  return out;
}

// The first batch of the rest; smaller ones from then on where it is too much at once.
Status CollectRun::take(const CollectWindow& rest, bool patiently) {
  for (;;) {
    const CollectWindow window = rest.first(batch_);
    const auto collected = gather(window, patiently);
    if (!collected && collected.status().code() == Code::kExhausted && window.points() > 1) {
      batch_ = window.points() / 2;
      log_warn("too much for one answer; smaller batches are asked for", {{"points", batch_}, {"why", collected.status().message()}});
      continue;
    }
    if (!collected) return collected.status();
    tell(*collected);
    if (counts_.points == 0 && collected->points == 0 && collected->unnamed > 0)
      return {Code::kInvalid, concat("no series has the labels that --target needs: ", collected->unnamed_examples.front())};
    if (Status written = sink_.write(plan_.mapping, *collected, window); !written) return written;
    count(*collected);
    next_ms_ = window.to_ms + window.step_ms;
    return Status::ok();
  }
}

void CollectRun::show_progress() const {
  if (!terminal_) return;
  const int64_t whole = plan_.window.to_ms - plan_.window.from_ms + plan_.window.step_ms;
  const int64_t done = std::clamp<int64_t>(next_ms_ - plan_.window.from_ms, 0, whole);
  const std::string line = concat("\r\033[K", std::to_string(done * 100 / std::max<int64_t>(whole, 1)), " %  ", format_rfc3339(next_ms_),
                                  "  ", std::to_string(counts_.points), " values");
  std::fputs(line.c_str(), stderr);
}

Status CollectRun::fill(const CollectProgress& reached) {
  next_ms_ = std::max(reached.next_ms, reached.from_ms);
  if (next_ms_ != plan_.window.from_ms)
    log_info(
        next_ms_ > plan_.window.to_ms ? "an earlier run has collected everything before this" : "going on where an earlier run has stopped",
        {{"at", format_rfc3339(next_ms_)}});
  Status status;
  while (status && next_ms_ <= plan_.window.to_ms) {
    show_progress();
    status = stop_.stopped() ? Status(Code::kAborted, "asked to end") : take({next_ms_, plan_.window.to_ms, plan_.window.step_ms}, true);
  }
  if (terminal_) std::fputs("\r\033[K", stderr);
  return status;
}

void CollectRun::say_trouble(const Status& status) {
  if (troubled_ != status.is_ok()) return;
  if (status)
    log_info("collecting again", {{"next", format_rfc3339(next_ms_)}});
  else
    log_warn("a step was not collected; what is missed is made up for, ticks go on", {{"why", status.message()}});
  troubled_ = !status;
}

// All steps up to this one, each question asked once: the next step asks again.
Status CollectRun::catch_up(int64_t to_ms) {
  Status status;
  while (status && next_ms_ <= to_ms)
    status = stop_.stopped() ? Status(Code::kAborted, "asked to end") : take({next_ms_, to_ms, plan_.window.step_ms}, false);
  return status;
}

Status CollectRun::follow(const Tick& tick) {
  const int64_t step_ms = plan_.window.step_ms;
  log_info("following", {{"step", format_duration(step_ms)}, {"next", format_rfc3339(next_ms_)}});
  int64_t ticked_ms = 0;
  int64_t due_ms = next_ms_;
  while (stop_.wait_for(std::max<int64_t>(due_ms + plan_.delay_ms - clock_.wall_ms(), 0))) {
    // The newest step whose time has come; those before it are asked for with it.
    const int64_t newest_ms = (clock_.wall_ms() - plan_.delay_ms) / step_ms * step_ms;
    Status status = catch_up(newest_ms);
    if (status.code() == Code::kAborted) break;
    // Without samples too: what judges must know that time goes on.
    const Status ticked = newest_ms > ticked_ms ? tick(newest_ms, step_ms) : Status::ok();
    if (ticked) ticked_ms = std::max(ticked_ms, newest_ms);
    if (is_final(ticked)) return ticked;
    say_trouble(status ? ticked : status);
    due_ms = newest_ms + step_ms;
  }
  return Status::ok();
}

}  // namespace headroom
