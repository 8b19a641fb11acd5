#include "engine/lane_output.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "base/hash.h"
#include "engine/output_hash.h"

namespace headroom {
namespace {

using topology_internal::Chunk;

constexpr Offset kRejectBlock = 1024;
// Of a large array with many bad values: what is beyond this many bytes of their places is left out.
constexpr size_t kMaxIndexes = 4096;

std::string hash_text(std::string_view bytes) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_bytes(bytes)));
  return text;
}

std::string shorten_indexes(const std::string& indexes) {
  if (indexes.size() <= kMaxIndexes) return indexes;
  return indexes.substr(0, indexes.rfind(',', kMaxIndexes)) + ",...";
}

}  // namespace

LaneOutput::LaneOutput(const topology_internal::Plan& plan, LaneIdentity& identity, Progress& progress)
    : plan_(plan), identity_(identity), progress_(progress), lane_(identity.lane()), source_("/headroom/" + identity.installation) {
  take_progress();
}

size_t LaneOutput::place_of(const std::string& topic) {
  const auto& outputs = progress_.outputs;
  const auto at = std::find_if(outputs.begin(), outputs.end(), [&](const OutputProgress& output) { return output.topic == topic; });
  return static_cast<size_t>(at - outputs.begin());
}

void LaneOutput::take_progress() {
  for (const auto& topic : plan_.sink_topics)
    if (place_of(topic) == progress_.outputs.size()) progress_.outputs.push_back({topic, 0, 0});
  if (place_of(plan_.options.rejected_topic) == progress_.outputs.size()) progress_.outputs.push_back({plan_.options.rejected_topic, 0, 0});
  std::sort(progress_.outputs.begin(), progress_.outputs.end());
  sink_outputs_.clear();
  for (const auto& topic : plan_.sink_topics) sink_outputs_.push_back(place_of(topic));
  rejected_output_ = place_of(plan_.options.rejected_topic);
}

void LaneOutput::emit(Chunk& chunk, std::span<const Record> records, std::span<topology_internal::SinkStage* const> sinks, Outbox& out) {
  if (chunk.rejects.empty() && chunk.sent.empty()) return;
  std::stable_sort(chunk.rejects.begin(), chunk.rejects.end(),
                   [](const Chunk::Reject& a, const Chunk::Reject& b) { return a.record < b.record; });
  // Two operators may have refused values of one record, however it came to them: one rejection a reason.
  const auto last = std::unique(chunk.rejects.begin(), chunk.rejects.end(), [](const Chunk::Reject& a, const Chunk::Reject& b) {
    return a.record == b.record && a.reason == b.reason;
  });
  chunk.rejects.erase(last, chunk.rejects.end());
  std::sort(chunk.sent.begin(), chunk.sent.end(), [](const Chunk::Sent& a, const Chunk::Sent& b) {
    return std::tuple(a.ordinal, a.sink, a.item) < std::tuple(b.ordinal, b.sink, b.item);
  });
  auto rejected = chunk.rejects.begin();
  const auto reject_until = [&](uint64_t record) {
    for (; rejected != chunk.rejects.end() && rejected->record <= record; ++rejected) reject(*rejected, records[rejected->record], out);
  };
  for (const Chunk::Sent& sent : chunk.sent) {
    const uint32_t record = chunk.records[sent.ordinal];
    reject_until(record);
    const size_t output = sink_outputs_[sent.sink];
    encoded_.key.clear(), encoded_.value.clear(), encoded_.headers.clear();
    sinks[sent.sink]->encode(sent.item, envelope(output, records[record]), encoded_);
    send(output, records[record], out);
  }
  reject_until(UINT64_MAX);
}

Envelope LaneOutput::envelope(size_t output, const Record& input) const {
  return {source_, lane_, identity_.incarnation, progress_.outputs[output].sequence + 1, input.offset};
}

void LaneOutput::send(size_t output, const Record& input, Outbox& out) {
  OutputProgress& progress = progress_.outputs[output];
  OutRecord& record = out.records.emplace_back();
  record.topic = progress.topic;
  record.key = std::move(encoded_.key);
  record.value = std::move(encoded_.value);
  record.headers = std::move(encoded_.headers);
  record.lane = lane_;
  record.sequence = ++progress.sequence;
  record.incarnation = identity_.incarnation;
  record.input_offset = input.offset;
  record.arrival_ms = input.timestamp_ms;
  progress.hash = chain_output_hash(progress.hash, record.key, record.value, record.headers, record.sequence);
  out.bytes += bytes_of(record);
}

// The bytes as they came; what is too large is cut, and says what it was.
void LaneOutput::reject(const Chunk::Reject& reject, const Record& record, Outbox& out) {
  const int64_t block = record.offset / kRejectBlock;
  if (block != block_.block) block_ = {block, 0};
  if (!reject.always) {
    if (block_.written >= plan_.options.rejects_a_block) return;
    ++block_.written;
  }
  const size_t most = plan_.options.max_rejected_bytes;
  encoded_.key = record.key.substr(0, most / 2);
  encoded_.value = record.value.substr(0, most - encoded_.key.size());
  auto& headers = encoded_.headers;
  headers.clear();
  headers.emplace_back("reason", reject.reason);
  headers.emplace_back("topic", plan_.source_topic);
  headers.emplace_back("partition", std::to_string(identity_.partition));
  headers.emplace_back("offset", std::to_string(record.offset));
  if (!reject.indexes.empty()) headers.emplace_back("indexes", shorten_indexes(reject.indexes));
  if (encoded_.key.size() < record.key.size()) headers.emplace_back("key_length", std::to_string(record.key.size()));
  if (encoded_.value.size() < record.value.size()) {
    headers.emplace_back("length", std::to_string(record.value.size()));
    headers.emplace_back("hash", hash_text(record.value));
  }
  send(rejected_output_, record, out);
}

}  // namespace headroom
