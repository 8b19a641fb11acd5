#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings_reader.h"
#include "headroom/testing/topology_driver.h"
#include "operators/assessment.h"
#include "operators/right_sizing_params.h"
#include "topologies/right_sizing.h"

// right_sizing over samples in memory, for tests: what it assessed and what it commanded.
namespace headroom::testing {

// One assessment whose strings are its own.
struct SizingNote {
  std::string target;
  std::string container;
  Assessment seen;
};

struct SizingRun {
  std::vector<SizingNote> notes;  // commands among them
  std::vector<OutRecord> sent;
  std::vector<OutRecord> rejected;
};

inline RightSizingParams sizing_params(const std::string& settings_json, Status& status) {
  RightSizingParams params;
  status = read_settings_text(settings_json, [&params](SettingVisitor& visitor) { declare(visitor, params); });
  return params;
}

template <class Lines>
SizingRun run_sizing(const RightSizingParams& params, const Lines& samples) {
  SizingRun run;
  TopologyDriver driver(right_sizing(params, {}, [&run](const LaneIdentity&, const Assessment& assessment) {
    run.notes.push_back({std::string(assessment.target), std::string(assessment.container), assessment});
  }));
  for (const std::string& sample : samples) driver.pipe({}, sample);
  run.sent = driver.sent();
  run.rejected = driver.rejected();
  return run;
}

// A command as the model prints it, in one form for both.
inline std::string command_line(const SizingNote& note) {
  const Assessment& seen = note.seen;
  static constexpr const char* kCodes[] = {"", "over_reserved", "under_reserved", "oom_kill"};
  nlohmann::json line = {{"time", seen.time_ms},
                         {"target", note.target},
                         {"container", note.container},
                         {"resource", resource_name(seen.resource)},
                         {"mode", seen.mode == ActionMode::kApply ? "apply" : "propose"},
                         {"code", kCodes[static_cast<size_t>(seen.cause)]},
                         {"current", seen.current},
                         {"desired", seen.desired},
                         {"uncapped", seen.uncapped}};
  if (seen.cause == Cause::kOomKill) {
    line["oom_kills"] = seen.evidence.oom_kills;
    return line.dump();
  }
  line["lower"] = seen.lower;
  line["upper"] = seen.upper;
  line["lying_factor"] = seen.evidence.lying_factor;
  line["used_mean"] = seen.evidence.used_mean;
  line["used_max"] = seen.evidence.used_max;
  line["instances"] = seen.evidence.instances;
  line["samples"] = seen.evidence.samples;
  return line.dump();
}

inline std::vector<std::string> command_lines(const SizingRun& run) {
  std::vector<std::string> lines;
  for (const SizingNote& note : run.notes) {
    if (note.seen.outcome == Outcome::kCommand) lines.push_back(command_line(note));
  }
  return lines;
}

}  // namespace headroom::testing
