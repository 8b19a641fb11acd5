#include <algorithm>
#include <array>

#include "config/settings.h"
#include "operators/alert_template.h"
#include "operators/lag_detector_params.h"
#include "operators/lag_mutes.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;

constexpr TextRule kNameRule{"[a-z][a-z0-9_]{0,63}", "1 to 64 small letters, digits and '_', beginning with a letter", 64};
constexpr TextRule kLabelRule{"[A-Za-z_][A-Za-z0-9_.-]*", "a label: cluster, group, topic, partition or one that the source gives groups",
                              512};
constexpr TextRule kPatternRule{"[^\\x00-\\x1f]+", "a pattern: * any run of characters, ? one", 512};
constexpr TextRule kMomentRule{"[0-9T:.Z+-]+", "a time (2026-12-24T18:00:00Z) or a time of the day, UTC (22:30)", 40};
constexpr TextRule kDayRule{"mon|tue|wed|thu|fri|sat|sun", "mon, tue, wed, thu, fri, sat or sun", 3};
constexpr TextRule kVerdictRule{
    "ok|unknown|catching_up|abandoned|falling_behind|rewound|stalled|stopped|near_retention|losing_data",
    "ok, unknown, catching_up, abandoned, falling_behind, rewound, stalled, stopped, near_retention or losing_data", 20};
constexpr TextRule kTemplateRule{"[^\\x00-\\x1f]*", "one line of text with {names}", 1024};

void declare_what(SettingVisitor& v, LagDetectorParams& p) {
  v.choice(
      {"metric",
       "What is looked at of each partition: lag_seconds (time of the most recent record - time of the last consumed one), lag_records, "
       "oldest_unread_seconds (age of the first record not consumed), time_to_loss_seconds (until unread records fall out of retention), "
       "time_to_catch_up_seconds (at the present rates), open_transaction_seconds, lost_records, or verdict (1 where it is one of "
       "`verdicts`, else 0)."},
      p.metric,
      {{"lag_seconds", LagMetric::kLagSeconds},
       {"lag_records", LagMetric::kLagRecords},
       {"oldest_unread_seconds", LagMetric::kOldestUnreadSeconds},
       {"time_to_loss_seconds", LagMetric::kTimeToLossSeconds},
       {"time_to_catch_up_seconds", LagMetric::kTimeToCatchUpSeconds},
       {"open_transaction_seconds", LagMetric::kOpenTransactionSeconds},
       {"lost_records", LagMetric::kLostRecords},
       {"verdict", LagMetric::kVerdict}});
  v.texts({"verdicts", "For the metric verdict: which ones are looked for."}, p.verdicts, kVerdictRule);
  v.rule({"metric", "verdicts"}, "verdicts go with the metric verdict, and it needs at least one",
         (p.metric == LagMetric::kVerdict) == !p.verdicts.empty());
  v.texts({"by",
           "Labels that tell incidents apart: partitions with the same values of them are judged together. A label that a group has not is "
           "\"none\"."},
          p.by, kLabelRule);
  auto sorted = p.by;
  std::sort(sorted.begin(), sorted.end());
  v.rule({"by"}, "by must name each label once, 16 at most",
         p.by.size() <= 16 && std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  v.list({"when", "Only partitions whose labels fit all of these are looked at."}, p.when);
  v.choice(
      {"commit_allowance",
       "auto: lag in seconds and the age of the oldest unread record are judged less the group's learned commit interval, since a group "
       "that commits every minute is never nearer. off: as they are."},
      p.commit_allowance, {{"auto", CommitAllowance::kAuto}, {"off", CommitAllowance::kOff}});
}

void declare_how(SettingVisitor& v, LagDetectorParams& p) {
  v.choice({"aggregation", "How the values of all partitions with the same labels become one at a tick."}, p.aggregation,
           {{"max", LagAggregation::kMax}, {"min", LagAggregation::kMin}, {"mean", LagAggregation::kMean}, {"sum", LagAggregation::kSum}});
  v.choice({"over", "How these become one over the moving window; latest: each tick's counts by itself."}, p.over,
           {{"latest", LagOver::kLatest}, {"max", LagOver::kMax}, {"min", LagOver::kMin}, {"mean", LagOver::kMean}});
  v.duration({"window", "The moving window of `over`."}, p.window_ms, {10'000, kHourMs});
  v.choice({"fires", "Whether results above or below the threshold are bad."}, p.above, {{"above", true}, {"below", false}});
  v.decimal({"threshold", "In seconds or records, as the metric says. A result that equals it is good."}, p.threshold_micro, {0, 1e12});
  int64_t clear_micro = p.clear_micro.value_or(p.threshold_micro);
  v.decimal({"clear", "An incident ends once results are here or on the good side of it; the threshold by default."}, clear_micro,
            {0, 1e9});
  v.rule({"fires", "threshold", "clear"}, "clear must not lie on the bad side of threshold",
         p.above ? clear_micro <= p.threshold_micro : clear_micro >= p.threshold_micro);
  // Given as the threshold is as not given.
  p.clear_micro = clear_micro == p.threshold_micro ? std::nullopt : std::optional(clear_micro);
  v.duration(
      {"for", "How long every result must have been beyond the threshold before it fires; ticks without a known value count neither way."},
      p.for_ms, {0, 7 * kDayMs});
  v.duration({"clear_for", "How long every result must have been clear before it is resolved."}, p.clear_for_ms, {0, 7 * kDayMs});
}

bool templates_known(const LagDetectorParams& p, std::string& unknown) {
  for (const auto* text : {&p.title, &p.text, &p.resolved_text}) {
    unknown = unknown_placeholder(*text, p.by);
    if (!unknown.empty()) return false;
  }
  return true;
}

void declare_words(SettingVisitor& v, LagDetectorParams& p) {
  v.choice({"severity", "How bad it is, for those who route alerts."}, p.severity,
           {{"info", AlertSeverity::kInfo}, {"warning", AlertSeverity::kWarning}, {"critical", AlertSeverity::kCritical}});
  v.text({"title", "A template; empty: \"{detector}: {labels}\"."}, p.title, kTemplateRule);
  v.text({"text",
          "What a firing alert says, a template; empty: Headroom's own words. {name} stands for a label of `by` or for: detector severity "
          "state "
          "metric incident labels value peak threshold side since time for duration reason cluster group topic partition verdict lag "
          "lag_records produced consumed partitions attribution; {{ for a brace."},
         p.text, kTemplateRule);
  v.text({"resolved_text", "The same for an alert that is resolved."}, p.resolved_text, kTemplateRule);
  std::string unknown;
  const bool known = templates_known(p, unknown);
  std::string rule = "the names in braces of title, text and resolved_text must be known";
  if (!known) rule += ", and " + unknown + " is not";
  v.rule({"by", "title", "text", "resolved_text"}, rule, known);
  v.list({"mute", "When alerts are marked as muted; incidents begin and end all the same."}, p.mutes);
  const bool labels_known = std::all_of(p.mutes.begin(), p.mutes.end(), [&](const LagMute& mute) {
    return std::all_of(mute.when.begin(), mute.when.end(),
                       [&](const LagLabelFilter& filter) { return std::find(p.by.begin(), p.by.end(), filter.label) != p.by.end(); });
  });
  v.rule({"by", "mute"}, "labels of mute must be among those of by", labels_known);
}

}  // namespace

void declare(SettingVisitor& v, LagLabelFilter& filter) {
  v.text({"label", "cluster, group, topic, partition or one that the source gives groups."}, filter.label, kLabelRule);
  v.texts({"matches", "Patterns, one of which its value must fit."}, filter.matches, kPatternRule);
  v.rule({"matches"}, "matches must have at least one pattern", !filter.matches.empty());
}

void declare(SettingVisitor& v, LagMute& mute) {
  v.text({"from", "The first moment: a time (2026-12-24T18:00:00Z), or a time of the day, UTC (22:30)."}, mute.from, kMomentRule);
  v.text({"until", "The first moment that is not muted any more; of a time of the day at or before `from`, of the next day."}, mute.until,
         kMomentRule);
  v.texts({"days", "With times of the day: the days on which it begins; none: every day."}, mute.days, kDayRule);
  const auto span = read_mute_span(mute);
  std::string rule = "from and until must be given alike, until after from";
  if (!span && !(mute.from.empty() && mute.until.empty())) rule = span.status().message();
  v.rule({"from", "until", "days"}, rule, static_cast<bool>(span));
  v.list({"when", "Only label sets that fit all of these; none: all of the detector's."}, mute.when);
}

void declare(SettingVisitor& v, LagDetectorParams& params) {
  v.text({"name", "Names the detector in alerts and checkpoints; open incidents belong to it."}, params.name, kNameRule);
  declare_what(v, params);
  declare_how(v, params);
  declare_words(v, params);
}

std::string_view lag_metric_name(LagMetric metric) {
  constexpr std::array<std::string_view, 8> kNames = {"lag_seconds",
                                                      "lag_records",
                                                      "oldest_unread_seconds",
                                                      "time_to_loss_seconds",
                                                      "time_to_catch_up_seconds",
                                                      "open_transaction_seconds",
                                                      "lost_records",
                                                      "verdict"};
  return kNames[static_cast<size_t>(metric)];
}

AlertUnit lag_metric_unit(LagMetric metric) {
  if (metric == LagMetric::kVerdict) return AlertUnit::kVerdict;
  return metric == LagMetric::kLagRecords || metric == LagMetric::kLostRecords ? AlertUnit::kRecords : AlertUnit::kSeconds;
}

}  // namespace headroom
