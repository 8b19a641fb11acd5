#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/declare.h"
#include "config/settings_reader.h"

// A topology's parameters with every kind of setting, for tests of the configuration.
namespace headroom::testing {

enum class Mode { kApply, kPropose };

struct Limits {
  int64_t lower_micro = -100'000;
  int64_t upper_micro = 600'000;
};

inline void declare(SettingVisitor& v, Limits& p) {
  v.decimal({"lower", "Lower end."}, p.lower_micro, {-1000, 1000});
  v.decimal({"upper", "Upper end."}, p.upper_micro, {-1000, 1000});
  v.rule({"lower", "upper"}, "lower must be below upper", p.lower_micro < p.upper_micro);
}

struct Exception {
  std::string target;
  Mode mode = Mode::kApply;
  Limits band;
};

inline void declare(SettingVisitor& v, Exception& p) {
  v.text({"target", "Which targets, as a pattern."}, p.target, {"[a-z/*]+", "a pattern of a-z, / and *", 100});
  v.choice({"mode", "Apply or propose."}, p.mode, {{"apply", Mode::kApply}, {"propose", Mode::kPropose}});
  v.section({"band", "The band of these."}, p.band);
}

struct SizingParams {
  double quantile = 0.95;
  int64_t window_ms = 3'600'000;
  int64_t floor_bytes = 64 << 20;
  int patience = 3;
  bool trace = false;
  std::vector<std::string> zones = {"a", "b"};
  Limits band;
  std::vector<Exception> exceptions;
};

inline void declare(SettingVisitor& v, SizingParams& p) {
  v.number({"quantile", "Which quantile."}, p.quantile, {0, 1});
  v.duration({"window", "How far back."}, p.window_ms, {60'000, 86'400'000});
  v.size({"floor", "Never below."}, p.floor_bytes, {0, int64_t{1} << 40});
  v.integer({"patience", "How often in a row."}, p.patience, {1, 100});
  v.boolean({"trace", "Say more."}, p.trace);
  v.texts({"zones", "Where."}, p.zones, {"[a-z]+", "of the letters a-z", 10});
  v.section({"band", "The band."}, p.band);
  Exception prototype;
  prototype.band = p.band;
  v.list({"exceptions", "What differs."}, p.exceptions, prototype);
}

inline std::vector<TopologyDeclaration> topology_declarations() {
  const auto make = [] {
    auto params = std::make_shared<SizingParams>();
    return [params](SettingVisitor& v) { declare(v, *params); };
  };
  return {{"sizing", "Sizes what lies.", make}, {"watching", "Watches what lags.", make}};
}

// References resolve to these.
inline Result<std::string> resolve_for_tests(const Reference& reference) {
  static const std::map<std::string, std::string> kKnown = {{"secret.txt", "hunter2"}, {"BROKERS", "a:1,b:2"}, {"BROKEN", "not brokers"}};
  const auto found = kKnown.find(reference.name);
  if (found != kKnown.end()) return found->second;
  return Status(Code::kNotFound, reference.kind == Reference::Kind::kFile ? "no such file" : "no such environment variable");
}

}  // namespace headroom::testing
