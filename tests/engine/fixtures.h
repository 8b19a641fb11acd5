#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "headroom/state.h"
#include "headroom/testing/function_decoder.h"
#include "headroom/topology.h"

namespace headroom::fixtures {

// "time number" or several of them with ';' between; "!time" is a tick; what does not read is bad. The record's key names the value.
struct Reading {
  std::string_view name;
  int64_t time_ms = 0;
  int64_t number = 0;
};

struct Total {
  std::string name;
  int64_t time_ms = 0;
  int64_t sum = 0;
  int64_t count = 0;
};

inline void decode_reading(const Record& record, uint32_t index, Decoded<Reading>& out) {
  std::string_view left = record.value;
  int place = 0;
  for (bool more = true; more; ++place) {
    const size_t end = left.find(';');
    more = end != std::string_view::npos;
    const std::string one(left.substr(0, end));
    left.remove_prefix(more ? end + 1 : left.size());
    char* rest = nullptr;
    if (!one.empty() && one[0] == '!') {
      out.ticks.push_back({index, static_cast<uint32_t>(out.values.size()), std::strtoll(one.c_str() + 1, nullptr, 10)});
      continue;
    }
    const int64_t time = std::strtoll(one.c_str(), &rest, 10);
    if (rest == one.c_str() || *rest != ' ') {
      out.count("not_a_reading");
      if (out.rejects.empty() || out.rejects.back().record != index) out.rejects.push_back({index, "not_a_reading", 0, {}});
      auto& reject = out.rejects.back();
      ++reject.count;
      if (record.value.find(';') != std::string_view::npos) {
        if (!reject.indexes.empty()) reject.indexes += ',';
        reject.indexes += std::to_string(place);
      }
      continue;
    }
    out.values.push_back({index, {record.key, time, std::strtoll(rest, nullptr, 10)}});
  }
}

// Sums up by name; says the sum at every third reading.
struct Summing {
  using In = Reading;
  using Out = Total;
  struct State {
    int64_t sum = 0;
    int64_t count = 0;
    std::vector<int64_t> last;
    auto fields() { return std::tie(sum, count, last); }
  };
  int64_t idle = 1000;
  int64_t every = 3;
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const Reading& in) { return {in.name, {}}; }
  static void prefetch(const State& state, const Reading&) { __builtin_prefetch(state.last.data()); }
  int64_t idle_ms() const { return idle; }
  std::optional<Total> step(State& state, const Reading& in) const {
    state.sum += in.number;
    state.last.push_back(in.number);
    if (state.last.size() > 4) state.last.erase(state.last.begin());
    if (++state.count % every != 0) return std::nullopt;
    return Total{std::string(in.name), in.time_ms, state.sum, state.count};
  }
};

// Passes a total on once more when it is even, under one key for all: shows the order in which they come.
struct Echo {
  using In = Total;
  using Out = Total;
  struct State {
    int64_t seen = 0;
    auto fields() { return std::tie(seen); }
  };
  static constexpr uint32_t kStateVersion = 1;
  static StateKey key(const Total&) { return {"all", "totals"}; }
  int64_t idle_ms() const { return 100'000; }
  void step(State& state, const Total& in, Emitter<Total>& emit) const {
    ++state.seen;
    emit({in.name, in.time_ms, in.sum, state.seen});
    if (in.sum % 2 == 0) emit({in.name + "+", in.time_ms, in.sum, state.seen});
  }
};

inline void encode_total(const Total& total, const Envelope& envelope, Encoded& out) {
  out.key = total.name;
  out.value = std::to_string(total.time_ms) + " " + std::to_string(total.sum) + "/" + std::to_string(total.count) + " #" +
              std::to_string(envelope.sequence) + " @" + std::to_string(envelope.input_offset);
  out.headers.emplace_back("of", envelope.source);
}

inline Topology totals(TopologyOptions options = {}, Summing summing = {}) {
  Topology topology("totals", options);
  auto sums = from<Reading>(topology, "readings", testing::decode_with<Reading>(decode_reading)).then("summing", summing);
  auto both = sums.then("echo", Echo{});
  both.to("echoes", encode_total);
  sums.to("sums", encode_total).to("echoes", encode_total);
  return topology;
}

}  // namespace headroom::fixtures
