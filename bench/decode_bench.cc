// What decoding a sample costs: compact single records, arrays, records that need simdjson, and simdjson alone on the same bytes.
//
//   decode_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only=true
//
// The time a sample stands in the column time_a_sample. Records are those of 20,000 containers in rotation, apart in memory as they come
// from a fetch, so that neither bytes nor branches repeat soon.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "headroom/codec.h"

namespace headroom {
namespace {

constexpr size_t kContainers = 20'000;
constexpr size_t kRecordBytes = 154;
constexpr size_t kBatch = 1000;
constexpr int64_t kTimeMs = 1'732'262'400'000;

std::string digits(size_t value, size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

// A pod's name is filled up so that the record has kRecordBytes.
std::string sample_json(size_t container, size_t round) {
  const std::string app = digits(100'000 + container, 6);
  const std::string fraction = std::to_string((container * 7919 + round * 104'729) % 9973);
  std::string json = "{\"target\":\"c1/ns" + digits(container % 97, 2) + "/Deployment/" + app +
                     "\",\"metric\":\"cpu_used_cores\",\"time_ms\":" + std::to_string(kTimeMs + static_cast<int64_t>(round) * 1000) +
                     ",\"value\":" + std::to_string(container % 8) + "." + fraction + ",\"labels\":{\"container\":\"app\",\"instance\":\"" +
                     app + "-";
  const size_t rest = kRecordBytes - 3;
  json += digits(container % 10, rest - json.size());
  return json + "\"}}";
}

struct Input {
  std::vector<char> bytes;
  std::vector<Record> records;
  size_t samples = 0;

  void add(const std::vector<std::string>& values, size_t samples_each) {
    size_t size = 0;
    for (const auto& value : values) size += value.size() + kGap;
    bytes.resize(size);
    size_t at = 0;
    for (const auto& value : values) {
      value.copy(bytes.data() + at, value.size());
      records.push_back({static_cast<Offset>(records.size()), kTimeMs, {}, {bytes.data() + at, value.size()}});
      at += value.size() + kGap;
    }
    samples = values.size() * samples_each;
  }

 private:
  static constexpr size_t kGap = 21;  // key, headers and lengths of a record in a fetch
};

Input singles() {
  std::vector<std::string> values;
  for (size_t i = 0; i < kContainers * 2; ++i) values.push_back(sample_json(i * 7919 % kContainers, i / kContainers));
  Input input;
  input.add(values, 1);
  return input;
}

Input arrays(size_t of) {
  std::vector<std::string> values;
  for (size_t i = 0; i + of <= kContainers * 2; i += of) {
    std::string value = "[";
    for (size_t j = 0; j < of; ++j) value.append(j == 0 ? "" : ",").append(sample_json((i + j) * 7919 % kContainers, i / kContainers));
    values.push_back(value + "]");
  }
  Input input;
  input.add(values, of);
  return input;
}

// As a writer with blanks after commas and colons gives it.
Input spaced() {
  std::vector<std::string> values;
  for (size_t i = 0; i < kContainers * 2; ++i) {
    std::string value;
    for (const char c : sample_json(i * 7919 % kContainers, i / kContainers)) {
      value += c;
      if (c == ',' || c == ':') value += ' ';
    }
    values.push_back(value);
  }
  Input input;
  input.add(values, 1);
  return input;
}

void report(benchmark::State& state, const Input& input, double rounds) {
  const double samples = rounds * static_cast<double>(input.samples);
  state.counters["time_a_sample"] = benchmark::Counter(samples, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["samples"] = benchmark::Counter(samples, benchmark::Counter::kIsRate);
  state.counters["bytes_a_record"] = static_cast<double>(input.records.front().value.size());
}

void decode_all(benchmark::State& state, const Input& input, bool scan_first) {
  const auto decoder = make_sample_decoder({.scan_first = scan_first});
  Decoded<Sample> out;
  double rounds = 0;
  for (auto _ : state) {
    size_t seen = 0;
    for (size_t at = 0; at < input.records.size(); at += kBatch) {
      out.clear();
      decoder->begin_batch();
      const size_t end = std::min(at + kBatch, input.records.size());
      for (size_t i = at; i < end; ++i) decoder->decode(input.records[i], static_cast<uint32_t>(i - at), out);
      benchmark::DoNotOptimize(out.values.data());
      seen += out.values.size();
    }
    if (seen != input.samples) state.SkipWithError("not every sample was decoded");
    rounds += 1;
  }
  report(state, input, rounds);
}

void Single(benchmark::State& state) {
  decode_all(state, singles(), true);
}
void SingleBySimdjson(benchmark::State& state) {
  decode_all(state, singles(), false);
}
void ArrayOf50(benchmark::State& state) {
  decode_all(state, arrays(50), true);
}
void ArrayOf50BySimdjson(benchmark::State& state) {
  decode_all(state, arrays(50), false);
}
void Spaced(benchmark::State& state) {
  decode_all(state, spaced(), true);
}

// Copy, parse and nothing else.
void SimdjsonAlone(benchmark::State& state) {
  const Input input = singles();
  simdjson::dom::parser parser;
  std::vector<char> padded(4096);
  double rounds = 0;
  for (auto _ : state) {
    for (const Record& record : input.records) {
      record.value.copy(padded.data(), record.value.size());
      simdjson::dom::element root;
      if (parser.parse(padded.data(), record.value.size(), false).get(root) != simdjson::SUCCESS) state.SkipWithError("not JSON");
      benchmark::DoNotOptimize(root);
    }
    rounds += 1;
  }
  report(state, input, rounds);
}

BENCHMARK(Single);
BENCHMARK(ArrayOf50);
BENCHMARK(Spaced);
BENCHMARK(SingleBySimdjson);
BENCHMARK(ArrayOf50BySimdjson);
BENCHMARK(SimdjsonAlone);

}  // namespace
}  // namespace headroom

BENCHMARK_MAIN();
