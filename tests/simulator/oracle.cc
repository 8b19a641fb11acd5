#include "simulator/oracle.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "base/concat.h"
#include "engine/task.h"

namespace headroom::simulator {
namespace {

std::string text_of(const OutRecord& record) {
  return concat(record.value, " (sequence ", std::to_string(record.sequence), ", offset ", std::to_string(record.input_offset),
                ", incarnation ", std::to_string(record.incarnation), ")");
}

// The counting topology ends a value with the sequence, which a reset changes; everything before it is a function of the log's prefix.
std::string_view before_number(std::string_view value) {
  return value.substr(0, value.rfind(" #"));
}

}  // namespace

Oracle::Oracle(const Topology& topology, const kit::ModelBroker& broker) : broker_(broker) {
  for (Partition p = 0; p < broker.partitions(); ++p) {
    lanes_.push_back({topology.make_task({"sim", topology.name(), p, 1}), {}, false});
    for (const auto& topic : topology.output_topics()) lanes_.back().streams[topic] = {};
  }
}

void Oracle::follow() {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    const auto partition = static_cast<Partition>(i);
    const Offset end = broker_.bounds(partition).end;
    if (lane.task->progress().next_offset >= end) continue;
    const auto& log = broker_.log(partition);
    auto at = std::lower_bound(log.begin(), log.end(), lane.task->progress().next_offset,
                               [](const kit::ModelBroker::Stored& r, Offset o) { return r.offset < o; });
    std::vector<Record> records;
    for (; at != log.end(); ++at) records.push_back({at->offset, at->timestamp_ms, at->key, at->value});
    Outbox outbox;
    lane.task->process({partition, records, end}, outbox);
    for (auto& record : outbox.records) lane.streams[record.topic].wanted.push_back(std::move(record));
  }
}

void Oracle::reset(Partition partition, Offset offset) {
  for (auto& [topic, stream] : lanes_[static_cast<size_t>(partition)].streams) {
    stream.next = static_cast<size_t>(std::lower_bound(stream.wanted.begin(), stream.wanted.end(), offset,
                                                       [](const OutRecord& r, Offset o) { return r.input_offset < o; }) -
                                      stream.wanted.begin());
    stream.renewed = true;
    stream.input_offset = -1;
  }
}

std::string Oracle::judge() {
  follow();
  for (const auto& output = broker_.output(); judged_ < output.size(); ++judged_) {
    const OutRecord& have = output[judged_];
    const auto lane = static_cast<size_t>(have.lane.back() - '0');
    if (auto wrong = judge(lanes_[lane], have); !wrong.empty()) return concat(have.lane, " ", have.topic, ": ", wrong);
  }
  return {};
}

std::string Oracle::judge(Lane& lane, const OutRecord& have) {
  Stream& stream = lane.streams[have.topic];
  if (have.sequence != ++stream.sequence) return concat(text_of(have), " has not sequence ", std::to_string(stream.sequence));
  if (stream.renewed ? have.incarnation < stream.incarnation : have.incarnation != stream.incarnation)
    return concat(text_of(have), " is not of incarnation ", std::to_string(stream.incarnation));
  stream.incarnation = have.incarnation;
  stream.renewed = false;
  if (lane.loose) {
    if (have.input_offset <= stream.input_offset)
      return concat(text_of(have), " does not go on after ", std::to_string(stream.input_offset));
    stream.input_offset = have.input_offset;
    return {};
  }
  stream.input_offset = have.input_offset;
  if (stream.next >= stream.wanted.size()) return concat(text_of(have), " is one too many");
  const OutRecord& should = stream.wanted[stream.next++];
  const bool renumbered = have.sequence != should.sequence;
  const bool same_value = renumbered ? before_number(have.value) == before_number(should.value) : have.value == should.value;
  if (!same_value || have.key != should.key || have.headers != should.headers || have.input_offset != should.input_offset)
    return concat(text_of(have), " instead of ", text_of(should));
  return {};
}

std::string Oracle::missing() const {
  for (const Lane& lane : lanes_)
    for (const auto& [topic, stream] : lane.streams)
      if (!lane.loose && stream.next < stream.wanted.size())
        return concat(stream.wanted[stream.next].lane, " ", topic, ": missing: ", text_of(stream.wanted[stream.next]));
  return {};
}

}  // namespace headroom::simulator
