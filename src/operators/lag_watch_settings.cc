#include <algorithm>

#include "config/settings.h"
#include "operators/lag_watch_params.h"
#include "policy/lag_key.h"

namespace headroom {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDayMs = 24 * 3'600'000;

constexpr TextRule kTopicRule{"[A-Za-z0-9._-]+", "a Kafka topic name", 249};
constexpr TextRule kPatternRule{"[^\\x00-\\x1f]+", "a pattern: * any run of characters, ? one", 512};
constexpr TextRule kTopicPatternRule{"[^\\x00-\\x1f]*", "a pattern, or empty for every topic", 512};
constexpr TextRule kKeyRule{"([^{}\\x00-\\x1f]*\\{[^{}\\x00-\\x1f=]+\\})*[^{}\\x00-\\x1f]*", "text with labels in braces, as {env}/{view}",
                            512};

// What a shipped detector puts together shares a key, whatever the key.
void narrow_to(std::string_view key, LagDetectorParams& detector) {
  const auto has = [&](std::string_view label) { return std::find(detector.by.begin(), detector.by.end(), label) != detector.by.end(); };
  if (has("cluster") && has("group")) return;
  for (const std::string_view label : key_names(key))
    if (!has(label)) detector.by.emplace_back(label);
}

}  // namespace

void declare(SettingVisitor& v, LagAllowance& allowance) {
  v.text({"group", "The groups that this is for."}, allowance.group, kPatternRule);
  v.rule({"group"}, "group must be given", !allowance.group.empty());
  v.text({"topic", "The topics that this is for; empty for all."}, allowance.topic, kTopicPatternRule);
  v.integer({"lag_records", "A partition with no more unread records than this is ok."}, allowance.lag_records, {0, int64_t{1} << 60});
}

void declare(SettingVisitor& v, LagWatchParams& params) {
  v.text({"topic", "The topic that lag samples and ticks are read from."}, params.topic, kTopicRule);
  v.text({"action_topic", "The topic that scale commands are written to."}, params.action_topic, kTopicRule);
  v.text({"alert_topic", "The topic that alerts are written to."}, params.alert_topic, kTopicRule);
  v.text({"key", "The template over labels by which the lag source keys its records: what shares a key is judged together."}, params.key,
         kKeyRule);
  v.list({"allowed", "Lag that is no cause for a verdict, by group; the first that fits counts. None is allowed to all others."},
         params.judging.allowed);
  v.duration({"first_commit_interval",
              "How seldom a group is taken to commit while two of its commits have not been seen yet: it is called "
              "stalled or stopped after 1.5 times this."},
             params.judging.first_commit_interval_ms, {kSecondMs, 7 * kDayMs});
  v.boolean(
      {"shipped_detectors", "Whether Headroom's own detectors are at work; one that is configured under the same name replaces its own."},
      params.shipped_detectors);
  v.list({"detectors", "What alerts are written for."}, params.detectors);
  const std::string fault = lag_detectors_fault(params.key, detectors_of(params));
  v.rule({"key", "detectors"}, fault.empty() ? "what a detector puts together must share a key" : fault, fault.empty());
  v.section({"scaling", "Groups whose consumers are scaled."}, params.scaling);
}

std::vector<LagDetectorParams> detectors_of(const LagWatchParams& params) {
  std::vector<LagDetectorParams> all = params.detectors;
  if (!params.shipped_detectors) return all;
  for (auto& shipped : default_lag_detectors()) {
    const bool replaced = std::any_of(params.detectors.begin(), params.detectors.end(),
                                      [&](const LagDetectorParams& configured) { return configured.name == shipped.name; });
    if (replaced) continue;
    narrow_to(params.key, shipped);
    all.push_back(std::move(shipped));
  }
  return all;
}

}  // namespace headroom
