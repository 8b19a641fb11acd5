#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "headroom/bytes.h"
#include "headroom/status.h"

namespace headroom {

// What a manifest carries beside its pages: whose function wrote it, and the task's core (which has its own checksum).
struct ManifestCore {
  uint64_t incarnation = 1;
  uint64_t function = 0;
  int64_t offset = 0;  // X
  std::string task;
};

inline std::string encode_manifest_core(const ManifestCore& core) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.varint(1);
  writer.varint(core.incarnation);
  writer.fixed64(core.function);
  writer.zigzag(core.offset);
  writer.string(core.task);
  return bytes;
}

inline Result<ManifestCore> decode_manifest_core(std::string_view bytes) {
  ByteReader reader(bytes);
  const uint64_t format = reader.varint();
  if (!reader.ok()) return Status(Code::kCorrupt, "the manifest's core is empty");
  if (format != 1) return Status(Code::kSchema, "the manifest has format " + std::to_string(format) + "; this binary knows 1");
  ManifestCore core;
  core.incarnation = reader.varint();
  core.function = reader.fixed64();
  core.offset = reader.zigzag();
  core.task = reader.string();
  if (!reader.ok() || !reader.empty()) return Status(Code::kCorrupt, "the manifest's core is broken");
  return core;
}

}  // namespace headroom
