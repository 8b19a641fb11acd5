#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "headroom/operator.h"
#include "headroom/sample.h"
#include "operators/assessment.h"
#include "operators/instance_table.h"
#include "operators/right_sizing_params.h"
#include "policy/command_ledger.h"
#include "policy/decaying_histogram.h"
#include "policy/patience.h"

namespace headroom {

struct CompiledSizing;

// Keeps the size of containers honest: compares what each reserves with what it uses, and asks for another size when the two have been
// too far apart for long enough, or when memory ran out. Each rule stands as a case in tests/topologies/*.case, and all of them once more,
// as plainly as can be, in right_sizing_model.py beside them. Where words leave a choice, this is taken:
//
// - Arithmetic on quantities is llrint of a double expression whose inputs are the rounded integers and the parameters as given.
// - Samples are late by their own instance's and metric's last accepted time, used ones also by the bucket. Late ones change nothing and do
//   not make an instance known. The first used sample of a container and resource starts its newest bucket and evaluates nothing.
// - An instance is known per resource: forgotten for cpu, its memory stays. Reserved samples and kills keep it, too. The instance of the
//   sample that leads to an evaluation may be forgotten by it, and is then new.
// - "Any instance of the container", for the largest used value, is any that is not forgotten, whether it takes part or not.
// - A desired size may lie on the other side of the current one than the direction says (a memory floor, or a decider other than the
//   instance that is out of the band): it is what the rules ask for, and is given.
// - The count of kills is rounded to an integer. Gates may hold the desired size after a kill down to the current one or below; the command
//   is given all the same.
// - The last command may lie ahead of an evaluation (a kill is answered at its own time): the cooldown holds then, too. A command falls on
//   the UTC day of its own time.
// - A container is forgotten, instances and all, when the lane's time has moved on by idle_ms() since its last sample of any kind came.
// - While the histogram is empty (the policy was changed) `quantile` falls back on `recentre`.
class RightSizing {
 public:
  using In = Sample;
  using Out = Assessment;

  // What is kept of one resource of a container beside its instances.
  struct Track {
    Patience patience;
    CommandLedger ledger;
    DecayingHistogram histogram;
    auto fields() { return std::tie(patience, ledger, histogram); }
  };

  // The rules that hold for a container; found anew after a restore, so not part of its bytes.
  struct RulesRef {
    const CompiledSizing* sizing = nullptr;
    void save(ByteWriter&) const {}
    bool load(ByteReader&) { return true; }
  };

  struct State {
    InstanceTable instances;
    RulesRef rules;
    std::array<int64_t, 2> newest_bucket{kNever, kNever};  // by Resource
    std::array<Track, 2> tracks;
    int64_t bucket_ms = 0;  // that buckets are numbered by; another one, and what was used is forgotten
    auto fields() { return std::tie(instances, rules, newest_bucket, tracks, bucket_ms); }
  };

  explicit RightSizing(const RightSizingParams& params);

  static StateKey key(const Sample& in) { return {in.target, in.container}; }
  // Gives an assessment for an evaluation, a command or a late sample; nothing for all others.
  std::optional<Assessment> step(State& state, const Sample& in) const;
  int64_t idle_ms() const { return idle_ms_; }
  static void prefetch(const State& state, const Sample& in);
  static constexpr uint32_t kStateVersion = 1;

 private:
  const CompiledSizing& rules_of(State& state, const Sample& in) const;
  // False for a late sample, which changes nothing.
  bool take_used(State& state, const Sample& in, Resource resource, std::optional<Assessment>& out) const;
  bool take_reserved(State& state, const Sample& in, Resource resource) const;
  bool take_oom_kills(State& state, const Sample& in, std::optional<Assessment>& out) const;

  std::shared_ptr<const std::vector<CompiledSizing>> sizings_;  // two of each override, then of the rules: as apply, as propose
  std::vector<std::string> override_targets_;
  std::vector<ModeSelector> modes_;
  ActionMode mode_;
  bool propose_only_;
  size_t max_instances_;
  int64_t idle_ms_;
};

}  // namespace headroom
