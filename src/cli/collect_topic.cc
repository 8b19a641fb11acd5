#include "cli/collect_topic.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/concat.h"

namespace headroom {

Result<CollectProgress> CollectTopic::begin(const CollectProgress& asked) {
  progress_ = asked;
  if (!options_.progress.empty() && !options_.restart) {
    const auto found = load_progress(options_.progress);
    if (!found) return Status(Code::kInvalid, concat(found.status().message(), "; --restart begins anew"));
    // One that has written nothing binds nobody.
    if (*found && (*found)->next_ms > (*found)->from_ms) {
      const std::string other = difference((*found)->what, asked.what);
      if (!other.empty())
        return Status(Code::kInvalid, concat(options_.progress, " is of another collection: ", other, "; name another file, or --restart"));
      if (asked.from_ms < (*found)->from_ms)
        return Status(Code::kInvalid, concat(options_.progress, " begins later than --from; name another file, or --restart"));
      progress_ = **found;
    }
  }
  if (!options_.progress.empty())
    if (const Status saved = save_progress(options_.progress, progress_); !saved) return saved;
  if (const Status opened = ready(); !opened) return opened;
  return progress_;
}

Status CollectTopic::ready() {
  if (open_) return Status::ok();
  Status opened = topic_.open();
  open_ = opened.is_ok();
  return opened;
}

Status CollectTopic::settle(const Status& status) {
  open_ = status.is_ok();
  return status;
}

Status CollectTopic::write(const CollectMapping& mapping, const Collected& collected, const CollectWindow& window) {
  if (Status status = ready(); !status) return status;
  std::vector<std::tuple<int64_t, const CollectedSeries*, const PrometheusPoint*>> points;
  points.reserve(collected.points);
  for (const auto& series : collected.series)
    for (const auto& point : series.points) points.emplace_back(point.time_ms, &series, &point);
  // Whoever reads takes the time from the samples: one series far ahead would make the others late.
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return std::get<0>(a) < std::get<0>(b); });
  for (const auto& [time_ms, series, point] : points)
    if (const Status status = topic_.produce(series->target, collected_sample(mapping, *series, *point)); !status) return settle(status);
  if (const Status status = topic_.flush(); !status) return settle(status);
  samples_ += points.size();
  progress_.next_ms = window.to_ms + window.step_ms;
  return options_.progress.empty() ? Status::ok() : save_progress(options_.progress, progress_);
}

Status CollectTopic::tick(int64_t tick_ms, int64_t interval_ms) {
  if (Status status = ready(); !status) return status;
  if (const Status status = topic_.tick(tick_ms, options_.source, interval_ms); !status) return settle(status);
  ++ticks_;
  return Status::ok();
}

std::string CollectTopic::summary() const {
  return concat(std::to_string(samples_), " samples", ticks_ == 0 ? "" : concat(" and ", std::to_string(ticks_), " ticks"), " to ",
                topic_.name());
}

}  // namespace headroom
