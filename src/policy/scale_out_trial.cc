#include "policy/scale_out_trial.h"

#include <algorithm>

#include "policy/consumers_needed.h"
#include "policy/saturating.h"

namespace headroom {
namespace {

constexpr int64_t kPatienceMs = 5 * 60'000;
constexpr int64_t kBarredMs = 3'600'000;
constexpr int64_t kHeedMs = 3'600'000;

}  // namespace

void ScaleOutTrial::command(int64_t time_ms, int64_t consumers, int64_t group_milli) {
  if (consumers_before > 0 && risen_ms) return;
  commanded_ms = time_ms;
  consumers_before = consumers;
  milli_before = group_milli;
}

// more / before >= min(10 %, (consumers now / consumers before - 1) / 2), in whole numbers.
bool ScaleOutTrial::gained(const TrialTick& tick) const {
  __extension__ using Wide = __int128;
  const Wide more = static_cast<Wide>(tick.group_milli) - milli_before;
  if (more <= 0) return false;
  const Wide added = std::max<Wide>(static_cast<Wide>(tick.consumers) - consumers_before, 0);
  return more * 10 >= milli_before || more * 2 * std::min(consumers_before, kMostConsumers) >= added * milli_before;
}

void ScaleOutTrial::end() {
  commanded_ms = consumers_before = milli_before = 0;
  risen_ms.reset();
}

int64_t ScaleOutTrial::limit(int64_t consumers, int64_t wanted) const {
  return vain() ? std::min(wanted, saturating_add(consumers, consumers / 10 + 1)) : wanted;
}

void ScaleOutTrial::observe(const TrialTick& tick, int64_t start_up_ms) {
  const bool better = vain_milli && tick.group_milli > *vain_milli && saturating_sub(tick.group_milli, *vain_milli) >= *vain_milli / 10;
  if (!tick.waiting || better) vain_milli.reset();
  if (consumers_before <= 0) return;
  if (tick.consumers <= consumers_before) {
    if (risen_ms || saturating_sub(tick.time_ms, commanded_ms) >= kHeedMs) end();
    return;
  }
  if (!risen_ms) risen_ms = tick.time_ms;
  if (!tick.waiting || gained(tick)) return end();
  if (saturating_sub(tick.time_ms, *risen_ms) < saturating_add(start_up_ms, kPatienceMs)) return;
  barred_until_ms = saturating_add(tick.time_ms, kBarredMs);
  vain_milli = std::max<int64_t>(tick.group_milli, 0);
  end();
}

}  // namespace headroom
