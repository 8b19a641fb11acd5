#include "operators/evaluation.h"

#include <algorithm>
#include <optional>

#include "policy/quantity.h"

namespace headroom {
namespace {

// What the instances of a container say about a resource, over a window.
struct Survey {
  const Instance* decider = nullptr;
  int64_t mean = 0;  // of the decider
  int64_t reserved = 0;
  int64_t used_max = 0;  // of all, taking part or not
  uint32_t instances = 0;
  uint64_t samples = 0;
  bool any_below = false;
  bool all_above = true;
};

bool decides_before(const Survey& survey, const Instance& instance, int64_t mean, int64_t reserved) {
  if (survey.decider == nullptr || mean != survey.mean) return survey.decider == nullptr || mean > survey.mean;
  if (reserved != survey.reserved) return reserved > survey.reserved;
  return instance.name.view() < survey.decider->name.view();
}

Survey survey_of(const RightSizing::State& state, const CompiledSizing& rules, Resource resource, int64_t bucket) {
  const BandPolicy& band = rules.band(resource);
  const int64_t first = bucket - BucketRing::kBuckets;
  Survey survey;
  bool used = false;
  state.instances.for_each([&](const Instance& instance) {
    const Usage& usage = instance.usage(resource);
    const BucketRing::Totals totals = usage.used.totals(first, bucket - 1);
    if (totals.count == 0) return;
    const int64_t most = to_units(resource, totals.max);
    survey.used_max = used ? std::max(survey.used_max, most) : most;
    used = true;
    if (usage.reserved <= 0 || (bucket - totals.oldest) * rules.bucket_ms < rules.min_history_ms) return;
    const int64_t mean = to_units(resource, totals.sum / static_cast<double>(totals.count));
    const int64_t lying_factor = band.lying_factor(usage.reserved, mean);
    survey.any_below = survey.any_below || lying_factor < band.lower();
    survey.all_above = survey.all_above && lying_factor > band.upper();
    ++survey.instances;
    survey.samples += totals.count;
    if (!decides_before(survey, instance, mean, usage.reserved)) return;
    survey.decider = &instance;
    survey.mean = mean;
    survey.reserved = usage.reserved;
  });
  return survey;
}

Direction direction_of(const Survey& survey) {
  if (survey.decider == nullptr) return Direction::kNone;
  if (survey.any_below) return Direction::kGrow;
  return survey.all_above ? Direction::kShrink : Direction::kNone;
}

// What the policy asks for, before limits.
int64_t wish_of(const RightSizing::Track& track, const CompiledSizing& rules, Resource resource, int64_t mean) {
  if (rules.policy == SizingPolicy::kQuantile) {
    const std::optional<int64_t> bound = track.histogram.quantile(resource, rules.quantile);
    if (bound) return round_units(static_cast<double>(*bound) * (1.0 + rules.margin));
  }
  return rules.band(resource).recentred(mean);
}

Outcome outcome_of(Suppression suppression) {
  switch (suppression) {
    case Suppression::kMinChange:
      return Outcome::kSuppressedMinChange;
    case Suppression::kCooldown:
      return Outcome::kSuppressedCooldown;
    case Suppression::kUnheeded:
      return Outcome::kSuppressedUnheeded;
    case Suppression::kBudget:
      return Outcome::kSuppressedBudget;
    case Suppression::kNone:
      break;
  }
  return Outcome::kCommand;
}

void describe(const Survey& survey, const CompiledSizing& rules, Assessment& out) {
  const BandPolicy& band = rules.band(out.resource);
  out.evidence.band_unit = band.unit();
  out.evidence.band_lower = band.lower();
  out.evidence.band_upper = band.upper();
  out.evidence.window_ms = rules.window_ms;
  out.evidence.used_max = survey.used_max;
  out.evidence.instances = survey.instances;
  out.evidence.samples = survey.samples;
  out.mode = rules.mode;
  if (survey.decider == nullptr) return;
  out.current = survey.reserved;
  out.evidence.used_mean = survey.mean;
  out.evidence.lying_factor = band.lying_factor(survey.reserved, survey.mean);
}

void command(RightSizing::Track& track, const CompiledSizing& rules, Assessment& out) {
  out.outcome = Outcome::kCommand;
  out.cooldown_ms = rules.limits.cooldown_ms;
  track.ledger.spend(out.time_ms, out.current, out.desired);
  track.patience.start_anew();
}

}  // namespace

void evaluate(RightSizing::State& state, const CompiledSizing& rules, int64_t bucket, Assessment& out) {
  RightSizing::Track& track = state.tracks[static_cast<size_t>(out.resource)];
  const SizeLimits& limits = rules.size_limits(out.resource);
  const Survey survey = survey_of(state, rules, out.resource, bucket);
  const Direction direction = direction_of(survey);
  const bool agreed = track.patience.agree(direction, rules.patience);
  describe(survey, rules, out);
  out.outcome = Outcome::kNoInstance;
  if (survey.decider == nullptr) return;

  const int64_t wish = wish_of(track, rules, out.resource, survey.mean);
  out.desired = limited_size(limits, wish, out.current, survey.used_max);
  out.outcome = Outcome::kInBand;
  if (direction == Direction::kNone) return;
  out.cause = direction == Direction::kGrow ? Cause::kUnderReserved : Cause::kOverReserved;
  out.outcome = Outcome::kWaitingPatience;
  if (!agreed) return;
  out.outcome = outcome_of(track.ledger.against(rules.limits, out.time_ms, out.current, out.desired));
  if (out.outcome != Outcome::kCommand) return;
  out.uncapped = wish;
  out.lower = limited_size(limits, 0, out.current, survey.used_max);
  out.upper = limited_size(limits, kMostUnits, out.current, survey.used_max);
  out.max_step_micro = ratio_units(out.desired < out.current ? limits.max_shrink : limits.max_grow);
  command(track, rules, out);
}

void answer_oom_kill(RightSizing::State& state, const CompiledSizing& rules, const Instance& instance, Assessment& out) {
  const SizeLimits& limits = rules.size_limits(Resource::kMemory);
  const int64_t newest = state.newest_bucket[static_cast<size_t>(Resource::kMemory)];
  Survey survey;
  survey.decider = &instance;
  survey.reserved = instance.usage(Resource::kMemory).reserved;
  survey.instances = 1;
  bool used = false;
  if (newest != kNever) {
    const int64_t first = newest - (BucketRing::kBuckets - 1);
    state.instances.for_each([&](const Instance& other) {
      const BucketRing::Totals totals = other.usage(Resource::kMemory).used.totals(first, newest);
      if (totals.count == 0) return;
      const int64_t most = to_units(Resource::kMemory, totals.max);
      survey.used_max = used ? std::max(survey.used_max, most) : most;
      used = true;
      if (&other != &instance) return;
      survey.samples = totals.count;
      survey.mean = to_units(Resource::kMemory, totals.sum / static_cast<double>(totals.count));
    });
  }
  describe(survey, rules, out);
  out.evidence.oom_kills = instance.oom_kills;
  out.cause = Cause::kOomKill;
  const int64_t most = std::max(survey.reserved, survey.used_max);
  out.uncapped = std::max(round_units(static_cast<double>(most) * rules.oom_factor), survey.reserved + rules.oom_least_step_bytes);
  out.desired = gated_size(limits, out.uncapped);
  out.lower = gated_size(limits, 0);
  out.upper = limits.most ? gated_size(limits, kMostUnits) : INT64_MAX;
  command(state.tracks[static_cast<size_t>(Resource::kMemory)], rules, out);
}

}  // namespace headroom
