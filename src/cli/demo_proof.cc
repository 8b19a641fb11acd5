#include "cli/demo_proof.h"

#include <charconv>

#include "base/concat.h"
#include "base/hash.h"

namespace headroom::demo {
namespace {

// A lane that counted further than this did not count.
constexpr uint64_t kMostSequence = 1ULL << 32;

uint64_t never_zero(uint64_t hash) {
  return hash == 0 ? 1 : hash;
}

uint64_t hash_of(const OutRecord& record) {
  uint64_t hash = hash_mix(hash_bytes(record.key), hash_bytes(record.value));
  hash = hash_mix(hash_mix(hash, static_cast<uint64_t>(record.input_offset)), record.incarnation);
  for (const auto& [name, value] : record.headers) hash = hash_mix(hash, hash_mix(hash_bytes(name), hash_bytes(value)));
  return never_zero(hash);
}

bool parse(std::string_view text, uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// The same over what came back from Kafka, where a record's place stands in headers beside those of its own.
uint64_t hash_of(const TopicRecord& record, uint64_t input_offset, uint64_t incarnation) {
  uint64_t hash = hash_mix(hash_bytes(record.key), hash_bytes(record.value));
  hash = hash_mix(hash_mix(hash, input_offset), incarnation);
  for (const auto& [name, value] : record.headers) {
    if (name == "lane" || name == "sequence" || name == "input_offset" || name == "incarnation") continue;
    hash = hash_mix(hash, hash_mix(hash_bytes(name), hash_bytes(value)));
  }
  return never_zero(hash);
}

}  // namespace

Task& Proof::task(Partition partition) {
  auto& task = tasks_[partition];
  if (task == nullptr) task = topology_.make_task({installation_, topology_.name(), partition, 1});
  return *task;
}

void Proof::take_input(const TopicRecord& record) {
  const Record one = {record.offset, record.timestamp_ms, record.key, record.value};
  task(record.partition).process({record.partition, {&one, 1}, record.offset + 1}, outbox_);
  for (const auto& out : outbox_.records)
    if (Place* at = place(out.topic, out.lane, out.sequence)) at->expected = hash_of(out);
  outbox_.clear();
}

bool Proof::take_output(const TopicRecord& record) {
  uint64_t sequence = 0;
  uint64_t input_offset = 0;
  uint64_t incarnation = 0;
  const bool named = parse(record.header("sequence"), sequence) && parse(record.header("input_offset"), input_offset) &&
                     parse(record.header("incarnation"), incarnation);
  Place* at = named ? place(std::string(record.topic), std::string(record.header("lane")), sequence) : nullptr;
  if (at == nullptr) return ++nameless_[std::string(record.topic)], false;
  const uint64_t hash = hash_of(record, input_offset, incarnation);
  if (at->found == 0) return at->found = hash, true;
  ++(at->found == hash ? at->repeats : at->others);
  return false;
}

Proof::Place* Proof::place(const std::string& topic, const std::string& lane, uint64_t sequence) {
  if (lane.empty() || sequence == 0 || sequence > kMostSequence) return nullptr;
  auto& places = outputs_[{topic, lane}].places;
  // One far ahead of all others is not worth the room between.
  if (sequence > places.size() + 1'000'000) return nullptr;
  if (sequence > places.size()) places.resize(sequence);
  return &places[sequence - 1];
}

Findings Proof::findings() const {
  return findings_in({});
}

Findings Proof::findings_in(std::string_view topic) const {
  Findings all;
  const auto wrong = [&all](uint64_t& count, const auto& name, size_t index, std::string_view what) {
    ++count;
    if (all.first_wrong.empty())
      all.first_wrong = concat(name.first, ", lane ", name.second, ", sequence ", std::to_string(index + 1), ": ", what);
  };
  for (const auto& [name, output] : outputs_) {
    if (!topic.empty() && name.first != topic) continue;
    for (size_t i = 0; i < output.places.size(); ++i) {
      const Place& at = output.places[i];
      all.expected += at.expected != 0;
      all.found += at.found != 0;
      all.repeated += at.repeats;
      if (at.found == 0 && at.expected != 0) wrong(all.lost, name, i, "not there");
      if (at.others > 0) wrong(all.doubled, name, i, "there with different bytes");
      if (at.found != 0 && at.found != at.expected) wrong(all.foreign, name, i, "not what the input gives rise to");
    }
  }
  for (const auto& [name, count] : nameless_) {
    if (!topic.empty() && name != topic) continue;
    all.foreign += count;
    if (all.first_wrong.empty()) all.first_wrong = concat(name, ": a record without a lane and sequence");
  }
  return all;
}

}  // namespace headroom::demo
