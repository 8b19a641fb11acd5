#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/checkpoint.h"
#include "engine/offset_metadata.h"
#include "engine/task.h"
#include "headroom/bytes.h"
#include "topologies/right_sizing.h"
#include "worker/manifest_core.h"

// Whatever Redis or the offset's metadata give back: a restore takes it or refuses it, and a task that took it goes on without a fault. The
// first byte chooses what the rest is taken for: as it is, or as changes to the bytes of a real checkpoint.
namespace headroom {
namespace {

const Topology& topology() {
  static const Topology made = right_sizing(RightSizingParams{});
  return made;
}

Checkpoint real_checkpoint() {
  auto task = topology().make_task({"fuzz", "right_sizing", 0, 1});
  Outbox out;
  for (int i = 0; i < 40; ++i) {
    const std::string metric = i % 2 == 0 ? "cpu_reserved_cores" : "cpu_used_cores";
    const std::string value = R"({"target":"c/n/k/a","metric":")" + metric + R"(","time_ms":)" +
                              std::to_string(1'700'000'000'000 + i * 30'000) +
                              R"(,"value":1.5,"labels":{"container":"app","instance":"i"}})";
    const Record record{i, -1, "c/n/k/a", value};
    task->process({0, {&record, 1}, i + 1}, out);
  }
  Checkpoint checkpoint;
  take_checkpoint(*task, true, checkpoint);
  return checkpoint;
}

void go_on(Task& task) {
  Outbox out;
  const std::string value =
      R"({"target":"c/n/k/a","metric":"cpu_used_cores","time_ms":1800000000000,"value":2,"labels":{"container":"app"}})";
  const Offset offset = task.progress().next_offset;
  if (offset < 0 || offset > INT64_MAX / 2) return;
  const Record record{offset, -1, "c/n/k/a", value};
  task.process({0, {&record, 1}, offset + 1}, out);
}

void mutate(std::string& bytes, std::string_view script) {
  for (size_t i = 0; i + 2 < script.size() && !bytes.empty(); i += 3) {
    const size_t at = (static_cast<uint8_t>(script[i]) * 256u + static_cast<uint8_t>(script[i + 1])) % bytes.size();
    bytes[at] = script[i + 2];
  }
}

void restore_mutated(std::string_view script, bool core) {
  static const Checkpoint kReal = real_checkpoint();
  Checkpoint checkpoint = kReal;
  std::string& bytes = core ? checkpoint.core : checkpoint.pages.begin()->second;
  mutate(bytes, script);
  auto task = topology().make_task({"fuzz", "right_sizing", 0, 1});
  if (restore_checkpoint(checkpoint, *task)) go_on(*task);
}

void restore_raw(std::string_view bytes) {
  static const Checkpoint kReal = real_checkpoint();
  auto task = topology().make_task({"fuzz", "right_sizing", 0, 1});
  Checkpoint checkpoint = kReal;
  checkpoint.pages.begin()->second = bytes;
  if (restore_checkpoint(checkpoint, *task)) go_on(*task);
  (void)task->load_core(bytes);
}

}  // namespace
}  // namespace headroom

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: {
      const auto metadata = headroom::decode_offset_metadata(bytes);
      if (metadata) HEADROOM_CHECK(headroom::decode_offset_metadata(headroom::encode_offset_metadata(metadata.value())).is_ok());
      break;
    }
    case 1: {
      const auto core = headroom::decode_manifest_core(bytes);
      if (core) HEADROOM_CHECK(headroom::decode_manifest_core(headroom::encode_manifest_core(core.value())).is_ok());
      break;
    }
    case 2:
      headroom::restore_raw(bytes);
      break;
    case 3:
      headroom::restore_mutated(bytes, true);
      break;
    default:
      headroom::restore_mutated(bytes, false);
      break;
  }
  return 0;
}
