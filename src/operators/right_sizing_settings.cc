#include "config/settings.h"
#include "operators/right_sizing_params.h"

namespace headroom {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int64_t kBuckets = 60;
constexpr int64_t kMostBytes = int64_t{1} << 60;

constexpr TextRule kTopicRule{"[A-Za-z0-9._-]+", "a Kafka topic name", 249};
constexpr TextRule kPatternRule{"[^\\x00-\\x1f]+", "a target pattern: * any run within one part, ** across parts, ? one character", 512};

void declare_band(SettingVisitor& v, Band& band) {
  v.number({"lower", "Grow when an instance's lying factor (reserved - mean used) is below this."}, band.lower, {-1e15, 1e15});
  v.number({"upper", "Shrink when the lying factor of every instance is above this."}, band.upper, {-1e15, 1e15});
  v.choice({"unit", "What the bounds are in: absolute (cores, bytes) or a ratio of what is reserved."}, band.unit,
           {{"absolute", BandUnit::kAbsolute}, {"ratio", BandUnit::kRatio}});
  v.rule({"lower", "upper"}, "lower must be below upper", band.lower < band.upper);
  v.rule({"lower", "upper", "unit"}, "the middle of a ratio band must be below 1",
         band.unit == BandUnit::kAbsolute || (band.lower + band.upper) / 2 < 0.99);
}

void declare_cpu(SettingVisitor& v, ResourceRules& cpu) {
  v.visit_section({"band", "The band that the lying factor is kept within."},
                  [&](SettingVisitor& inner) { declare_band(inner, cpu.band); });
  v.decimal({"min", "Never ask for fewer cores; 0 for no such gate. Rounded up to the multiple."}, cpu.least, {0, 1e6});
  v.decimal({"max", "Never ask for more cores; 0 for no such gate. Rounded down to the multiple."}, cpu.most, {0, 1e6});
  v.decimal({"multiple", "Desired sizes are multiples of this many cores."}, cpu.multiple, {0.000001, 1000});
  v.rule({"max", "multiple"}, "max must be at least multiple", cpu.most == 0 || cpu.most >= cpu.multiple);
  v.rule({"min", "max"}, "min must not be above max", cpu.most == 0 || cpu.least <= cpu.most);
}

void declare_memory(SettingVisitor& v, ResourceRules& memory) {
  v.visit_section({"band", "The band that the lying factor is kept within."},
                  [&](SettingVisitor& inner) { declare_band(inner, memory.band); });
  v.size({"min", "Never ask for less memory; 0B for no such gate. Rounded up to the multiple."}, memory.least, {0, kMostBytes});
  v.size({"max", "Never ask for more memory; 0B for no such gate. Rounded down to the multiple."}, memory.most, {0, kMostBytes});
  v.size({"multiple", "Desired sizes are multiples of this."}, memory.multiple, {1, int64_t{1} << 40});
  v.rule({"max", "multiple"}, "max must be at least multiple", memory.most == 0 || memory.most >= memory.multiple);
  v.rule({"min", "max"}, "min must not be above max", memory.most == 0 || memory.least <= memory.most);
}

void declare_window(SettingVisitor& v, SizingRules& rules) {
  v.duration({"window", "How far back usage is looked at, in 60 buckets; a multiple of 60 ms."}, rules.window_ms, {kMinuteMs, 30 * kDayMs});
  v.rule({"window"}, "window must be a multiple of 60ms", rules.window_ms % kBuckets == 0);
  const int64_t before_ms = rules.min_history_ms.value_or(rules.window_ms / 2);
  int64_t min_history_ms = before_ms;
  v.duration({"min_history", "An instance takes part once its usage reaches back this far; half the window by default."}, min_history_ms,
             {0, 30 * kDayMs});
  v.rule({"window", "min_history"}, "min_history must not be above window", min_history_ms <= rules.window_ms);
  // Given as half the window is as not given: an override of the window alone then halves its own.
  if (min_history_ms != before_ms) rules.min_history_ms = min_history_ms;
}

void declare_limits(SettingVisitor& v, SizingRules& rules) {
  CommandLimits& limits = rules.limits;
  v.integer({"patience", "Evaluations in a row that must agree before a command."}, rules.patience, {1, 1000});
  v.number({"min_change", "A change below this share of the current size is not worth a command."}, limits.min_change, {0, 1});
  v.duration({"cooldown", "Event time between commands of one container and resource."}, limits.cooldown_ms, {0, 30 * kDayMs});
  v.duration({"repeat_after", "When a command that nobody heeded is said again."}, limits.repeat_after_ms, {0, 30 * kDayMs});
  v.integer({"budget", "Commands of one container and resource a UTC day."}, limits.budget, {0, 1'000'000});
  v.number({"max_shrink", "The share of the current size that one command may take away."}, rules.max_shrink, {0, 0.99});
  v.number({"max_grow", "The share of the current size that one command may add."}, rules.max_grow, {0, 1000});
  v.number({"memory_floor", "Never ask for less memory than this times the largest used in the window; 0 for no such floor."},
           rules.memory_floor, {0, 100});
  v.number({"oom_factor", "After an out-of-memory kill, memory times this."}, rules.oom_factor, {1, 100});
  v.size({"oom_step", "After an out-of-memory kill, at least this much more memory."}, rules.oom_least_step_bytes, {0, int64_t{1} << 50});
}

void declare_rules(SettingVisitor& v, SizingRules& rules) {
  v.visit_section({"cpu", "Rules for cpu, in cores."}, [&](SettingVisitor& inner) { declare_cpu(inner, rules.cpu); });
  v.visit_section({"memory", "Rules for memory, in bytes."}, [&](SettingVisitor& inner) { declare_memory(inner, rules.memory); });
  declare_window(v, rules);
  v.choice(
      {"policy", "How the desired size is found: recentre (the mean into the band's middle) or quantile (of what was used, and a margin)."},
      rules.policy, {{"recentre", SizingPolicy::kRecentre}, {"quantile", SizingPolicy::kQuantile}});
  v.number({"quantile", "For the policy quantile: the share of usage, weighted by age, that must fit."}, rules.quantile, {0.01, 1});
  v.number({"margin", "For the policy quantile: what is added, as a share."}, rules.margin, {0, 10});
  v.duration({"half_life", "For the policy quantile: after this, usage counts half."}, rules.half_life_ms, {kMinuteMs, 365 * kDayMs});
  declare_limits(v, rules);
}

}  // namespace

void declare(SettingVisitor& v, SizingOverride& part) {
  v.text({"target", "The targets that these rules are for."}, part.target, kPatternRule);
  v.rule({"target"}, "target must be given", !part.target.empty());
  declare_rules(v, part.rules);
}

void declare(SettingVisitor& v, ModeSelector& selector) {
  v.text({"target", "The targets that this mode is for."}, selector.target, kPatternRule);
  v.rule({"target"}, "target must be given", !selector.target.empty());
  v.choice({"mode", "apply or propose."}, selector.mode, {{"apply", ActionMode::kApply}, {"propose", ActionMode::kPropose}});
}

void declare(SettingVisitor& v, RightSizingParams& params) {
  v.text({"topic", "The topic that samples are read from."}, params.topic, kTopicRule);
  v.text({"action_topic", "The topic that commands are written to."}, params.action_topic, kTopicRule);
  declare_rules(v, params.rules);
  v.choice({"mode", "Whether commands are for carrying out (apply) or for watching (propose)."}, params.mode,
           {{"apply", ActionMode::kApply}, {"propose", ActionMode::kPropose}});
  v.list({"modes", "Modes by target; the first that fits counts."}, params.modes);
  v.list({"overrides", "Rules by target; the first that fits counts. What one does not set is as above."}, params.overrides,
         SizingOverride{.target = {}, .rules = params.rules});
  v.integer({"max_instances", "Instances kept of one container; a further one replaces the one heard of longest ago."},
            params.max_instances, {1, 1'000'000});
}

}  // namespace headroom
