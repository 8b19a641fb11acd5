#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "topologies/lag_model.h"

// Cases of lag_watch as text that anyone can read; tests/topologies/README.md says how. Times are HH:MM[:SS] from 2026-01-05T00:00:00Z.
namespace headroom::testing {

inline constexpr int64_t kLagCaseStartMs = 1'767'571'200'000;

struct LagCase {
  // A change of what the judging says, and what else is named: "lag_records" -> "100".
  struct Expected {
    int64_t time_ms;
    std::string verdict;
    std::map<std::string, std::string> named;
  };
  // From this moment on Kafka's answers are others than those of a healthy run; one of the verdicts must be given soon.
  struct Fault {
    int64_t time_ms;
    std::set<std::string> verdicts;
    int64_t within_ms;
  };
  std::string name;
  std::string place;  // file and line
  std::string settings = "{}";
  int64_t interval_ms = 5000;
  std::vector<std::string> records = {};
  std::vector<Expected> expected = {};
  std::vector<Fault> faults = {};
  // What a peer that reads commits as they are made would see: all of them, and the log's end each 10 s.
  std::vector<LagModel::Commit> commits = {};
  std::vector<LagModel::Commit> ends = {};
  std::string unreadable = {};  // the line that could not be read
};

namespace lag_case {

inline int64_t parse_time(const std::string& text) {
  int64_t ms = 0;
  int64_t unit = 3'600'000;
  std::istringstream clock(text);
  for (std::string part; std::getline(clock, part, ':'); unit /= 60) ms += std::stoll(part) * unit;
  return kLagCaseStartMs + ms;
}

inline std::string time_text(int64_t time_ms) {
  const int64_t s = (time_ms - kLagCaseStartMs) / 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(s / 3600), static_cast<int>(s / 60 % 60), static_cast<int>(s % 60));
  return text;
}

// Feeds the model's samples and ticks into the case's records.
class Writer {
 public:
  explicit Writer(LagCase& part) : part_(&part), model_(kLagCaseStartMs) {}
  void set(const std::string& name, const std::string& value) { model_.set(name, value); }
  void raw(const std::string& json) { part_->records.push_back(json); }
  void run_to(int64_t time_ms) {
    while (model_.now_ms() < time_ms) cycle_until(time_ms);
    part_->commits = model_.commits();
  }

 private:
  // To the end of the source's cycle, or until then.
  void cycle_until(int64_t time_ms) {
    const int64_t cycle_ms = model_.now_ms() - (model_.now_ms() - kLagCaseStartMs) % part_->interval_ms + part_->interval_ms;
    const int64_t until_ms = std::min(cycle_ms, time_ms);
    while (model_.now_ms() < until_ms) {
      model_.run_to(model_.now_ms() + 1000);
      if (model_.now_ms() % 10'000 == 0) part_->ends.push_back({model_.now_ms(), model_.end_offset()});
    }
    if (model_.now_ms() != cycle_ms) return;
    if (auto sample = model_.sample(seq_)) part_->records.push_back(*std::move(sample));
    if (auto tick = model_.tick(seq_, part_->interval_ms)) part_->records.push_back(*std::move(tick));
    ++seq_;
  }

  LagCase* part_;
  LagModel model_;
  uint64_t seq_ = 1;
};

inline std::pair<std::string, std::string> split_pair(const std::string& word) {
  const size_t equals = word.find('=');
  return equals == std::string::npos ? std::pair{word, std::string("yes")} : std::pair{word.substr(0, equals), word.substr(equals + 1)};
}

// One line of a case; false when it cannot be read.
inline bool read_line(const std::string& word, std::istringstream& rest, LagCase& part, Writer& writer) {
  std::string first;
  if (word == "set") return static_cast<bool>(std::getline(rest >> std::ws, part.settings));
  if (word == "raw") return std::getline(rest >> std::ws, first) && (writer.raw(first), true);
  if (!(rest >> first)) return false;
  if (word == "interval") return part.interval_ms = std::stoll(first) * 1000, true;
  const int64_t time_ms = parse_time(first);
  if (word == "until") return writer.run_to(time_ms), true;
  if (word == "at") {
    writer.run_to(time_ms);
    for (std::string pair; rest >> pair;) {
      const auto [name, value] = split_pair(pair);
      writer.set(name, value);
    }
    return true;
  }
  if (word == "fault") {
    LagCase::Fault fault{time_ms, {}, 35'000};
    for (std::string verdict; rest >> verdict;) {
      const auto [name, value] = split_pair(verdict);
      name == "within" ? void(fault.within_ms = std::stoll(value) * 1000) : void(fault.verdicts.insert(name));
    }
    return part.faults.push_back(fault), true;
  }
  if (word != "out") return false;
  LagCase::Expected expected{time_ms, {}, {}};
  rest >> expected.verdict;
  for (std::string pair; rest >> pair;) expected.named.insert(split_pair(pair));
  return part.expected.push_back(expected), true;
}

}  // namespace lag_case

inline std::vector<LagCase> read_lag_cases(const std::string& path) {
  std::vector<LagCase> cases;
  std::optional<lag_case::Writer> writer;
  std::ifstream file(path);
  int number = 0;
  cases.reserve(200);  // the writer points into it
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = line.substr(0, line.find('#'));
    std::istringstream rest(line);
    std::string word;
    if (!(rest >> word)) continue;
    if (word == "case") {
      std::string name;
      std::getline(rest >> std::ws, name);
      cases.push_back({.name = name, .place = path + ":" + std::to_string(number)});
      writer.emplace(cases.back());
    } else if (cases.empty() || !lag_case::read_line(word, rest, cases.back(), *writer)) {
      if (cases.empty()) cases.push_back({.name = "no case yet", .place = path});
      cases.back().unreadable = line;
    }
  }
  return cases;
}

}  // namespace headroom::testing
