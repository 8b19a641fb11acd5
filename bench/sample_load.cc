#include "bench/sample_load.h"

#include "base/check.h"
#include "base/concat.h"

namespace headroom::bench {
namespace {

struct MetricShape {
  const char* name;
  const char* honest;  // the value's text up to where its digits vary, for a container that is well sized
  const char* lying;   // and for one that reserves far more than it uses
  size_t width;        // of the whole value; names and values together always take the same room
};
constexpr MetricShape kShapes[kMetrics] = {{"cpu_reserved_cores", "2.", "2.", 13},
                                           {"cpu_used_cores", "1.7", "0.4", 17},
                                           {"memory_reserved_bytes", "2147483648", "2147483648", 10},
                                           {"memory_used_bytes", "18", "7", 14}};

constexpr int kFirstApp = 0x100000;  // six hexadecimal digits, as names end in a hash

void put_digits(std::string& out, size_t at, size_t width, int64_t number) {
  for (size_t i = width; i > 0; --i, number /= 10) out[at + i - 1] = static_cast<char>('0' + number % 10);
}

void put_hex(std::string& out, size_t at, int number) {
  for (size_t i = 6; i > 0; --i, number /= 16) out[at + i - 1] = "0123456789abcdef"[number % 16];
}

}  // namespace

SampleLoad::SampleLoad(const LoadShape& shape) : shape_(shape), time_ms_(shape.start_ms) {
  HEADROOM_CHECK(shape.containers % shape.partitions == 0 && shape.containers <= 0xf00000);
  for (int metric = 0; metric < kMetrics; ++metric)
    for (const bool lies : {false, true}) templates_[metric][lies] = make_template(metric, lies);
}

SampleLoad::Template SampleLoad::make_template(int metric, bool lies) {
  const MetricShape& shape = kShapes[metric];
  Template made;
  made.json = R"({"target":")";
  made.target_at = made.json.size();
  made.space_at = made.json.append("c/n").size();
  made.apps_at[0] = made.json.append("00/Pod/").size();
  made.target_size = made.json.append("000000").size() - made.target_at;
  made.time_at = made.json.append(concat(R"(","metric":")", shape.name, R"(","time_ms":)")).size();
  made.json += R"(0000000000000,"value":)";
  std::string value = lies ? shape.lying : shape.honest;
  made.value_at = made.json.size() + value.size();
  made.value_digits = metric % 2 == 1 ? 6 : 0;  // what is reserved stays
  const size_t whole = lies ? 9 : 10;           // digits of memory in bytes before the point
  while (value.size() < shape.width) value += value.find('.') == std::string::npos && value.size() == whole ? '.' : '0';
  made.apps_at[1] = made.json.append(concat(value, R"(,"labels":{"container":"app","instance":")")).size();
  made.json += R"(000000"}})";
  HEADROOM_CHECK(made.json.size() == kSampleBytes);
  return made;
}

const SampleLoad::Template& SampleLoad::sample() {
  const bool lies = container_ % 1000 < static_cast<int>(shape_.lying * 1000);
  Template& made = templates_[metric_][lies];
  put_digits(made.json, made.space_at, 2, container_ % 97);
  for (const size_t at : made.apps_at) put_hex(made.json, at, kFirstApp + container_);
  put_digits(made.json, made.time_at, 13, time_ms_);
  random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
  put_digits(made.json, made.value_at, made.value_digits, static_cast<int64_t>(random_ >> 20));
  return made;
}

// For arrays, containers of one partition follow one another.
void SampleLoad::advance() {
  if (++metric_ < kMetrics) return;
  metric_ = 0;
  const int stride = shape_.samples_a_record > 1 ? shape_.partitions : 1;
  container_ += stride;
  if (container_ < shape_.containers) return;
  container_ = container_ % stride + 1;
  if (container_ < stride) return;
  container_ = 0;
  time_ms_ += kScrapeMs;
}

LoadRecord SampleLoad::next() {
  const int partition = container_ % shape_.partitions;
  if (shape_.samples_a_record == 1) {
    const Template& made = sample();
    advance();
    return {partition, std::string_view(made.json).substr(made.target_at, made.target_size), made.json};
  }
  array_ = "[";
  for (int i = 0; i < shape_.samples_a_record && container_ % shape_.partitions == partition; ++i) {
    if (i > 0) array_ += ',';
    array_ += sample().json;
    advance();
  }
  array_ += ']';
  return {partition, {}, array_};
}

}  // namespace headroom::bench
