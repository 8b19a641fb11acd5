#include "operators/right_sizing.h"

#include <algorithm>

#include "operators/evaluation.h"
#include "operators/sizing_rules.h"
#include "policy/quantity.h"
#include "policy/target_pattern.h"

namespace headroom {
namespace {

constexpr int64_t kHourMs = 3'600'000;
// Within these, differences and products of times and buckets never overflow; decoders let nothing else through.
constexpr int64_t kMostTimeMs = int64_t{1} << 53;

size_t index_of(Resource resource) {
  return static_cast<size_t>(resource);
}

// Assessments are large, so they are made where they stay: in the step's result.
void begin(std::optional<Assessment>& out, const Sample& in, Resource resource, int64_t time_ms, Outcome outcome) {
  Assessment& made = out.emplace();
  made.target = in.target;
  made.container = in.container;
  made.instance = in.instance;
  made.host = in.host;
  made.environment = in.environment;
  made.instance_type = in.instance_type;
  made.zone = in.zone;
  made.time_ms = time_ms;
  made.resource = resource;
  made.outcome = outcome;
}

bool absurd(int64_t time_ms) {
  return time_ms > kMostTimeMs || time_ms < -kMostTimeMs;
}

bool uses_quantile(const RightSizingParams& params) {
  return params.rules.policy == SizingPolicy::kQuantile ||
         std::any_of(params.overrides.begin(), params.overrides.end(),
                     [](const SizingOverride& part) { return part.rules.policy == SizingPolicy::kQuantile; });
}

int64_t idle_of(const RightSizingParams& params) {
  int64_t idle_ms = uses_quantile(params) ? 8 * 24 * kHourMs : 25 * kHourMs;
  idle_ms = std::max(idle_ms, 2 * params.rules.window_ms);
  for (const SizingOverride& part : params.overrides) idle_ms = std::max(idle_ms, 2 * part.rules.window_ms);
  return idle_ms;
}

std::vector<CompiledSizing> compile(const RightSizingParams& params) {
  std::vector<CompiledSizing> sizings;
  for (const SizingOverride& part : params.overrides) {
    sizings.emplace_back(part.rules, ActionMode::kApply);
    sizings.emplace_back(part.rules, ActionMode::kPropose);
  }
  sizings.emplace_back(params.rules, ActionMode::kApply);
  sizings.emplace_back(params.rules, ActionMode::kPropose);
  return sizings;
}

// The bucket of a time; `likely` is tried first, which spares most samples the division.
int64_t bucket_of(int64_t time_ms, int64_t bucket_ms, int64_t likely) {
  const uint64_t into_bucket = static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(likely) * static_cast<uint64_t>(bucket_ms);
  return into_bucket < static_cast<uint64_t>(bucket_ms) ? likely : floor_div(time_ms, bucket_ms);
}

// Buckets numbered by another length mean nothing any more: what was used is forgotten, what was reserved and commanded stays.
void renumber(RightSizing::State& state, int64_t bucket_ms) {
  if (state.bucket_ms != 0 && state.bucket_ms != bucket_ms) {
    state.instances.for_each([](Instance& instance) {
      for (Usage& usage : instance.usages) usage.used.clear();
    });
    state.newest_bucket = {kNever, kNever};
    for (RightSizing::Track& track : state.tracks) track.patience.start_anew();
  }
  for (int64_t& newest : state.newest_bucket) {
    if (newest > kMostTimeMs || newest < -kMostTimeMs) newest = kNever;
  }
  state.bucket_ms = bucket_ms;
}

}  // namespace

RightSizing::RightSizing(const RightSizingParams& params)
    : sizings_(std::make_shared<const std::vector<CompiledSizing>>(compile(params))),
      modes_(params.modes),
      mode_(params.mode),
      propose_only_(params.propose_only),
      max_instances_(std::max<size_t>(params.max_instances, 1)),
      idle_ms_(idle_of(params)) {
  for (const SizingOverride& part : params.overrides) override_targets_.push_back(part.target);
}

const CompiledSizing& RightSizing::rules_of(State& state, const Sample& in) const {
  if (state.rules.sizing != nullptr) [[likely]]
    return *state.rules.sizing;
  const auto fits = [&](const std::string& pattern) { return target_fits(pattern, in.target); };
  const auto rules = std::find_if(override_targets_.begin(), override_targets_.end(), fits) - override_targets_.begin();
  const auto selector = std::find_if(modes_.begin(), modes_.end(), [&](const ModeSelector& m) { return fits(m.target); });
  const ActionMode mode = selector == modes_.end() ? mode_ : selector->mode;
  const bool propose = propose_only_ || mode == ActionMode::kPropose;
  state.rules.sizing = &(*sizings_)[static_cast<size_t>(rules) * 2 + (propose ? 1 : 0)];
  renumber(state, state.rules.sizing->bucket_ms);
  return *state.rules.sizing;
}

std::optional<Assessment> RightSizing::step(State& state, const Sample& in) const {
  std::optional<Assessment> out;
  bool accepted = true;
  Resource resource = Resource::kMemory;
  switch (in.metric) {
    case Metric::kCpuUsedCores:
      resource = Resource::kCpu;
      [[fallthrough]];
    case Metric::kMemoryUsedBytes:
      accepted = take_used(state, in, resource, out);
      break;
    case Metric::kCpuReservedCores:
      resource = Resource::kCpu;
      [[fallthrough]];
    case Metric::kMemoryReservedBytes:
      accepted = take_reserved(state, in, resource);
      break;
    case Metric::kOomKills:
      accepted = take_oom_kills(state, in, out);
      break;
    case Metric::kGpuReserved:
    case Metric::kGpuUsed:
    case Metric::kReplicas:
    case Metric::kOther:
      break;
  }
  if (!accepted) [[unlikely]]
    begin(out, in, resource, in.time_ms, Outcome::kLate);
  return out;
}

bool RightSizing::take_used(State& state, const Sample& in, Resource resource, std::optional<Assessment>& out) const {
  const CompiledSizing& rules = rules_of(state, in);
  if (absurd(in.time_ms)) return false;
  Instance* instance = state.instances.find(in.instance);
  if (instance != nullptr && in.time_ms <= instance->usage(resource).used_ms) return false;

  int64_t& newest = state.newest_bucket[index_of(resource)];
  const int64_t bucket = bucket_of(in.time_ms, rules.bucket_ms, instance != nullptr ? instance->usage(resource).used.newest() : 0);
  if (newest == kNever) {
    newest = bucket;
  } else if (bucket <= newest - BucketRing::kBuckets) {
    return false;
  } else if (bucket > newest) {
    state.instances.forget_before(resource, (bucket - BucketRing::kBuckets) * rules.bucket_ms);
    begin(out, in, resource, bucket * rules.bucket_ms, Outcome::kNoInstance);
    evaluate(state, rules, bucket, *out);
    newest = bucket;
    instance = state.instances.find(in.instance);
  }
  if (instance == nullptr) instance = &state.instances.find_or_add(in.instance, max_instances_);
  Usage& usage = instance->usage(resource);
  usage.used_ms = in.time_ms;
  usage.used.add(bucket, in.value);
  if (rules.policy == SizingPolicy::kQuantile) {
    state.tracks[index_of(resource)].histogram.add(resource, to_units(resource, in.value), in.time_ms, rules.half_life_ms);
  }
  return true;
}

bool RightSizing::take_reserved(State& state, const Sample& in, Resource resource) const {
  rules_of(state, in);
  if (absurd(in.time_ms)) return false;
  Instance* instance = state.instances.find(in.instance);
  if (instance == nullptr) instance = &state.instances.find_or_add(in.instance, max_instances_);
  Usage& usage = instance->usage(resource);
  if (in.time_ms <= usage.reserved_ms) return false;
  usage.reserved_ms = in.time_ms;
  usage.reserved = to_units(resource, in.value);
  return true;
}

bool RightSizing::take_oom_kills(State& state, const Sample& in, std::optional<Assessment>& out) const {
  const CompiledSizing& rules = rules_of(state, in);
  if (absurd(in.time_ms)) return false;
  Instance& instance = state.instances.find_or_add(in.instance, max_instances_);
  if (in.time_ms <= instance.oom_ms) return false;
  const int64_t kills = round_units(in.value);
  const bool rose = instance.oom_ms != kNever && kills > instance.oom_kills;
  instance.oom_ms = in.time_ms;
  instance.oom_kills = kills;
  if (!rose || instance.usage(Resource::kMemory).reserved <= 0) return true;
  begin(out, in, Resource::kMemory, in.time_ms, Outcome::kCommand);
  answer_oom_kill(state, rules, instance, *out);
  return true;
}

void RightSizing::prefetch(const State& state, const Sample& in) {
  switch (in.metric) {
    case Metric::kCpuReservedCores:
    case Metric::kCpuUsedCores:
      return state.instances.prefetch(in.instance, Resource::kCpu);
    case Metric::kMemoryReservedBytes:
    case Metric::kMemoryUsedBytes:
    case Metric::kOomKills:
      return state.instances.prefetch(in.instance, Resource::kMemory);
    default:
      return;
  }
}

}  // namespace headroom
