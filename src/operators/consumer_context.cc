#include "operators/consumer_context.h"

#include <algorithm>

#include "policy/quantity.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr int64_t kFreshMs = 5 * 60'000;

using Instance = ConsumerContext::Instance;

bool before(const ConsumerTarget& part, std::string_view target) {
  return part.target < target;
}

std::shared_ptr<const ConsumerContextParams> sorted(ConsumerContextParams params) {
  std::stable_sort(params.targets.begin(), params.targets.end(),
                   [](const ConsumerTarget& a, const ConsumerTarget& b) { return a.target < b.target; });
  return std::make_shared<const ConsumerContextParams>(std::move(params));
}

// A new one takes the place of the one heard of longest ago when there are too many.
Instance& find_or_add(std::vector<Instance>& instances, const Sample& in) {
  const auto found = std::find_if(instances.begin(), instances.end(),
                                  [&in](const Instance& i) { return i.instance == in.instance && i.container == in.container; });
  if (found != instances.end()) return *found;
  if (instances.size() >= ConsumerContext::kMostInstances) {
    instances.erase(std::min_element(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
      return std::max(a.heard_ms, a.reserved_ms) < std::max(b.heard_ms, b.reserved_ms);
    }));
  }
  Instance& added = instances.emplace_back();
  added.container = in.container;
  added.instance = in.instance;
  return added;
}

// Takes a value that is newer than the last one.
bool take_newer(int64_t time_ms, int64_t micro, int64_t& last_ms, std::optional<int64_t>& value) {
  if (time_ms <= last_ms) return false;
  last_ms = time_ms;
  value = std::clamp<int64_t>(micro, 0, kMostUnits);
  return true;
}

bool fresh(int64_t then_ms, int64_t now_ms) {
  return saturating_sub(now_ms, then_ms) <= kFreshMs;
}

// used / reserved of a is above that of b.
bool busier(const Instance& a, const Instance& b) {
  __extension__ using Wide = __int128;
  return static_cast<Wide>(*a.used) * *b.reserved > static_cast<Wide>(*b.used) * *a.reserved;
}

const Instance* busiest(const std::vector<Instance>& instances, std::string_view container, int64_t now_ms) {
  const Instance* worst = nullptr;
  for (const Instance& instance : instances) {
    if (!container.empty() && instance.container != container) continue;
    if (!instance.used || !instance.reserved || *instance.reserved <= 0 || !fresh(instance.used_ms, now_ms)) continue;
    if (worst == nullptr || busier(instance, *worst)) worst = &instance;
  }
  return worst;
}

const Instance* on_hottest_host(const std::vector<Instance>& instances, int64_t now_ms) {
  const Instance* worst = nullptr;
  for (const Instance& instance : instances) {
    if (!instance.host_cpu || !fresh(instance.host_ms, now_ms)) continue;
    if (worst == nullptr || *instance.host_cpu > *worst->host_cpu) worst = &instance;
  }
  return worst;
}

double from_micro(int64_t micro) {
  return static_cast<double>(micro) / static_cast<double>(kMicro);
}

}  // namespace

ConsumerContext::ConsumerContext(const ConsumerContextParams& params) : params_(sorted(params)) {}

bool ConsumerContext::wants(const Sample& in) const {
  const bool host = in.metric == Metric::kOther && in.metric_name == params_->host_metric;  // no sample has an empty name
  if (!host && in.metric != Metric::kCpuUsedCores && in.metric != Metric::kCpuReservedCores) return false;
  const auto found = std::lower_bound(params_->targets.begin(), params_->targets.end(), in.target, before);
  return found != params_->targets.end() && found->target == in.target;
}

// True for a used or host value that was taken.
bool ConsumerContext::take(State& state, const Sample& in) const {
  Instance& instance = find_or_add(state.instances, in);
  const int64_t micro = to_units(Resource::kCpu, in.value);
  if (in.metric == Metric::kCpuReservedCores) {
    take_newer(in.time_ms, micro, instance.reserved_ms, instance.reserved);
    return false;
  }
  bool taken = false;
  if (in.metric == Metric::kCpuUsedCores) {
    taken = take_newer(in.time_ms, micro, instance.used_ms, instance.used);
  } else {
    taken = take_newer(in.time_ms, micro, instance.host_ms, instance.host_cpu);
    if (taken) instance.host = in.host;
  }
  if (taken) instance.heard_ms = std::max(instance.heard_ms, in.time_ms);
  return taken;
}

void ConsumerContext::step(State& state, const Sample& in, Emitter<KeyedLagContext>& emit) const {
  if (!take(state, in)) return;
  if (state.context_ms && saturating_sub(in.time_ms, *state.context_ms) < params_->interval_ms) return;
  const Instance* const hottest = on_hottest_host(state.instances, in.time_ms);
  auto part = std::lower_bound(params_->targets.begin(), params_->targets.end(), in.target, before);
  for (; part != params_->targets.end() && part->target == in.target; ++part) {
    const Instance* const worst = busiest(state.instances, part->container, in.time_ms);
    if (worst == nullptr && hottest == nullptr) continue;
    KeyedLagContext made;
    made.key = part->key;
    made.time_ms = in.time_ms;
    made.context.cluster = part->cluster;
    made.context.group = part->group;
    made.context.target = part->target;
    if (worst != nullptr) {
      made.context.lying_factor_cores = from_micro(*worst->reserved - *worst->used);
      made.context.cpu_used_ratio = static_cast<double>(*worst->used) / static_cast<double>(*worst->reserved);
    }
    if (hottest != nullptr) {
      made.host = hottest->host;
      made.context.host_cpu_ratio = from_micro(*hottest->host_cpu);
    }
    state.context_ms = in.time_ms;
    emit(std::move(made));
  }
}

}  // namespace headroom
