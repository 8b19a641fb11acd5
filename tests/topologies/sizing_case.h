#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "topologies/sizing_run.h"

// Cases of right_sizing as text that anyone can read; tests/topologies/README.md says how. Times are HH:MM[:SS[.mmm]], with a day before it
// where it is not the first (1d02:00), counted from 2026-01-05T00:00:00Z.
namespace headroom::testing {

inline constexpr int64_t kCaseStartMs = 1'767'571'200'000;

// One `out` line: what must be equal, and what else is named.
struct ExpectedCommand {
  std::string text;                          // "00:33 cpu over_reserved 2 -> 1"
  std::map<std::string, std::string> named;  // further members, "lower" -> "1"
};

struct SizingCase {
  std::string name;
  std::string place;  // file and line
  std::string settings = "{}";
  std::vector<std::string> samples = {};
  std::vector<ExpectedCommand> expected = {};
  std::map<std::string, int> counts = {};  // of outcomes
};

namespace sizing_case {

inline int64_t parse_time(const std::string& text) {
  const size_t day = text.find('d');
  int64_t ms = day == std::string::npos ? 0 : std::stoll(text.substr(0, day)) * 86'400'000;
  std::istringstream clock(day == std::string::npos ? text : text.substr(day + 1));
  int64_t unit = 3'600'000;
  for (std::string part; std::getline(clock, part, ':'); unit /= 60)
    ms += static_cast<int64_t>(std::stod(part) * static_cast<double>(unit) + 0.5);
  return kCaseStartMs + ms;
}

inline std::string time_text(int64_t time_ms) {
  const int64_t ms = time_ms - kCaseStartMs;
  const int64_t day = ms / 86'400'000, hour = ms / 3'600'000 % 24, minute = ms / 60'000 % 60;
  std::string text = day == 0 ? "" : std::to_string(day) + "d";
  char clock[32];
  std::snprintf(clock, sizeof clock, "%02d:%02d", static_cast<int>(hour), static_cast<int>(minute));
  text += clock;
  if (ms % 60'000 == 0) return text;
  std::snprintf(clock, sizeof clock, ":%02d", static_cast<int>(ms / 1000 % 60));
  text += clock;
  if (ms % 1000 == 0) return text;
  std::snprintf(clock, sizeof clock, ".%03d", static_cast<int>(ms % 1000));
  return text + clock;
}

inline int64_t parse_duration(const std::string& text) {
  const size_t unit = text.find_first_not_of("0123456789");
  const int64_t number = std::stoll(text.substr(0, unit));
  const std::string name = text.substr(unit);
  return number * (name == "ms" ? 1 : name == "s" ? 1000 : name == "m" ? 60'000 : 3'600'000);
}

inline double parse_value(const std::string& text) {
  const double number = std::stod(text);
  if (text.ends_with("MiB")) return number * 1024 * 1024;
  return text.ends_with("KiB") ? number * 1024 : number;
}

// Cores, or MiB where it is whole, else bytes.
inline std::string quantity_text(Resource resource, int64_t units) {
  if (units == INT64_MAX) return "none";
  if (resource == Resource::kMemory && units % (1 << 20) == 0) return std::to_string(units >> 20) + "MiB";
  if (resource == Resource::kMemory) return std::to_string(units) + "B";
  return nlohmann::json(static_cast<double>(units) / 1e6).dump();
}

inline std::string without_zero_fraction(std::string text) {
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

inline std::map<std::string, std::string> members_of(const SizingNote& note) {
  const Assessment& seen = note.seen;
  const auto quantity = [&](int64_t units) { return without_zero_fraction(quantity_text(seen.resource, units)); };
  const bool ratio = seen.evidence.band_unit == BandUnit::kRatio;
  return {{"target", note.target},
          {"container", note.container},
          {"mode", seen.mode == ActionMode::kApply ? "apply" : "propose"},
          {"lower", quantity(seen.lower)},
          {"upper", quantity(seen.upper)},
          {"uncapped", quantity(seen.uncapped)},
          {"mean", quantity(seen.evidence.used_mean)},
          {"max", quantity(seen.evidence.used_max)},
          {"lying", ratio ? quantity_text(Resource::kCpu, seen.evidence.lying_factor) : quantity(seen.evidence.lying_factor)},
          {"instances", std::to_string(seen.evidence.instances)},
          {"samples", std::to_string(seen.evidence.samples)},
          {"oom_kills", std::to_string(seen.evidence.oom_kills)}};
}

inline std::string command_text(const SizingNote& note) {
  static constexpr const char* kCodes[] = {"", "over_reserved", "under_reserved", "oom_kill"};
  const Assessment& seen = note.seen;
  return time_text(seen.time_ms) + " " + resource_name(seen.resource) + " " + kCodes[static_cast<size_t>(seen.cause)] + " " +
         without_zero_fraction(quantity_text(seen.resource, seen.current)) + " -> " +
         without_zero_fraction(quantity_text(seen.resource, seen.desired));
}

// "FROM[..TO/STEP] METRIC VALUE [name=value ...]" as samples with their times.
inline void add_samples(const std::string& line, std::vector<std::pair<int64_t, std::string>>& block) {
  std::istringstream words(line);
  std::string when, metric, value;
  words >> when >> metric >> value;
  std::map<std::string, std::string> names = {{"target", "prod/shop/Deployment/api"}, {"container", "app"}, {"instance", "pod-1"}};
  for (std::string word; words >> word;) names[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  const size_t dots = when.find("..");
  const size_t slash = when.find('/');
  const int64_t from = parse_time(when.substr(0, dots));
  const int64_t to = dots == std::string::npos ? from : parse_time(when.substr(dots + 2, slash - dots - 2));
  const int64_t step = slash == std::string::npos ? 1 : parse_duration(when.substr(slash + 1));
  for (int64_t time = from; time <= to; time += step) {
    nlohmann::json sample = {{"target", names["target"]}, {"metric", metric}, {"time_ms", time}, {"value", parse_value(value)}};
    for (const auto& [name, label] : names) {
      if (name != "target" && !label.empty()) sample["labels"][name] = label;
    }
    block.emplace_back(time, sample.dump());
  }
}

inline ExpectedCommand parse_expected(const std::string& line) {
  ExpectedCommand expected;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals != std::string::npos)
      expected.named[word.substr(0, equals)] = word.substr(equals + 1);
    else
      expected.text += (expected.text.empty() ? "" : " ") + word;
  }
  return expected;
}

}  // namespace sizing_case

inline std::vector<SizingCase> read_sizing_cases(const std::string& path) {
  std::vector<SizingCase> cases;
  std::vector<std::pair<int64_t, std::string>> block;
  const auto end_block = [&] {
    std::stable_sort(block.begin(), block.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [time, sample] : block) cases.back().samples.push_back(std::move(sample));
    block.clear();
  };
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = line.substr(0, line.find('#'));
    const size_t space = line.find_first_of(" ");
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(line.find_first_not_of(' ', space));
    if (word == "case") {
      if (!cases.empty()) end_block();
      cases.push_back({.name = rest, .place = path + ":" + std::to_string(number)});
    } else if (word == "set") {
      cases.back().settings = rest;
    } else if (word == "in") {
      sizing_case::add_samples(rest, block);
    } else if (word == "then") {
      end_block();
    } else if (word == "out") {
      cases.back().expected.push_back(sizing_case::parse_expected(rest));
    } else if (word == "count") {
      std::istringstream words(rest);
      std::string outcome;
      int count = 0;
      words >> outcome >> count;
      cases.back().counts[outcome] = count;
    } else if (!line.empty() && line.find_first_not_of(' ') != std::string::npos) {
      cases.push_back({.name = "cannot read: " + line, .place = path + ":" + std::to_string(number)});
      cases.back().settings = "unreadable";
    }
  }
  if (!cases.empty()) end_block();
  return cases;
}

}  // namespace headroom::testing
