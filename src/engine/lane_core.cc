#include "engine/lane_core.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "headroom/bytes.h"

namespace headroom {
namespace {

constexpr std::string_view kMagic = "HRC1";  // the last character is the format's version
constexpr size_t kBodyAt = 12;               // behind the magic and the checksum of all that follows
constexpr uint64_t kMostPages = uint64_t{1} << 26;
constexpr uint64_t kPageSlots = 32;

Progress read_progress(ByteReader& reader) {
  Progress progress;
  progress.next_offset = reader.zigzag();
  progress.last_record_offset = reader.zigzag();
  progress.last_record_timestamp = reader.zigzag();
  progress.time_ms = reader.zigzag();
  const uint64_t outputs = reader.varint();
  for (uint64_t i = 0; i < outputs && reader.ok(); ++i) {
    OutputProgress output;
    output.topic = reader.string();
    output.sequence = reader.varint();
    output.hash = reader.fixed64();
    progress.outputs.push_back(std::move(output));
  }
  return progress;
}

bool read_store(ByteReader& reader, LaneCore::Store& store) {
  store.name = reader.string();
  const uint64_t version = reader.varint();
  const uint64_t pages = reader.varint();
  store.keys = reader.varint();
  const uint64_t sweep_slot = reader.varint();
  if (!reader.ok() || version > UINT32_MAX || pages > kMostPages || store.keys > pages * kPageSlots) return false;
  if (sweep_slot >= std::max<uint64_t>(pages * kPageSlots, 1)) return false;
  store.version = static_cast<uint32_t>(version);
  store.pages = static_cast<uint32_t>(pages);
  store.sweep_slot = static_cast<uint32_t>(sweep_slot);
  return true;
}

}  // namespace

std::string encode_core(const LaneCore& core) {
  std::string bytes(kMagic);
  bytes.resize(kBodyAt);
  ByteWriter writer(bytes);
  writer.zigzag(core.progress.next_offset);
  writer.zigzag(core.progress.last_record_offset);
  writer.zigzag(core.progress.last_record_timestamp);
  writer.zigzag(core.progress.time_ms);
  writer.varint(core.progress.outputs.size());
  for (const auto& output : core.progress.outputs) {
    writer.string(output.topic);
    writer.varint(output.sequence);
    writer.fixed64(output.hash);
  }
  writer.zigzag(core.reject_block.block);
  writer.varint(core.reject_block.written);
  writer.varint(core.stores.size());
  for (const auto& store : core.stores) {
    writer.string(store.name);
    writer.varint(store.version);
    writer.varint(store.pages);
    writer.varint(store.keys);
    writer.varint(store.sweep_slot);
  }
  const uint64_t checksum = hash_bytes(std::string_view(bytes).substr(kBodyAt));
  bytes.replace(kMagic.size(), sizeof checksum, reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return bytes;
}

Result<LaneCore> decode_core(std::string_view bytes) {
  const Status broken(Code::kCorrupt, "the core of a checkpoint does not check out");
  const size_t same = kMagic.size() - 1;
  if (bytes.size() < kBodyAt || bytes.substr(0, same) != kMagic.substr(0, same)) return broken;
  if (bytes[same] != kMagic[same]) return Status(Code::kSchema, "a checkpoint of a format that this binary does not know");
  ByteReader checksum(bytes.substr(kMagic.size()));
  if (checksum.fixed64() != hash_bytes(bytes.substr(kBodyAt))) return broken;
  ByteReader reader(bytes.substr(kBodyAt));
  LaneCore core;
  core.progress = read_progress(reader);
  core.reject_block.block = reader.zigzag();
  const uint64_t written = reader.varint();
  if (written > UINT32_MAX) return broken;
  core.reject_block.written = static_cast<uint32_t>(written);
  const uint64_t stores = reader.varint();
  for (uint64_t i = 0; i < stores && reader.ok(); ++i)
    if (!read_store(reader, core.stores.emplace_back())) return broken;
  if (!reader.ok() || !reader.empty()) return broken;
  return core;
}

}  // namespace headroom
