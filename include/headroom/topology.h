#pragma once
// The typed builder: a topology is one sentence, from a topic through operators to topics. Wiring that does not fit does not compile;
// cycles cannot be written. See ARCHITECTURE.md, "How to add a topology".

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/decoder.h"
#include "headroom/encoder.h"
#include "headroom/operator.h"

namespace headroom {

class Task;
struct LaneIdentity;

namespace topology_internal {
struct Plan;
}  // namespace topology_internal

struct TopologyOptions {
  std::string rejected_topic = "headroom.rejected";
  size_t max_rejected_bytes = 900 * 1024;  // a larger rejected value is cut
  uint32_t rejects_a_block = 64;           // of each 1024 offsets at most so many rejected records are written; all are counted
  uint64_t max_keys = 2'000'000;           // states a lane and operator; inputs of further keys are rejected: too_many_keys
};

// A finished description; makes tasks. Cheap to copy, safe to share between threads once built.
class Topology {
 public:
  explicit Topology(std::string name, TopologyOptions options = {});

  const std::string& name() const;
  const std::string& source_topic() const;
  // Without repeats, the rejected topic among them, sorted.
  std::vector<std::string> output_topics() const;
  // The chain in words, a line a step, for `headroom describe`.
  std::string describe() const;

  std::unique_ptr<Task> make_task(LaneIdentity identity) const;

  std::shared_ptr<topology_internal::Plan> plan;  // for the builder only
};

// A stream of T within a topology under construction.
template <class T>
class Pipe;

// Starts a topology: values of `topic` as `make_decoder` decodes them.
template <class T>
Pipe<T> from(Topology& topology, std::string topic, std::function<std::unique_ptr<Decoder<T>>()> make_decoder);

// Pipe<T>:
//   .then(name, Op)               keyed operator; Op::In must be T; gives Pipe<Op::Out>
//   .map(name, f)                 f: const T& -> std::optional<U>, pure; gives Pipe<U>
//   .observe(name, f)             f: void(const LaneIdentity&, const T&), sees each value as it is computed (in replays too); cannot change
//   it .to(topic, Encode<T>)         a sink; returns the pipe, so that one stream can go to several topics

}  // namespace headroom

#include "headroom/topology_impl.h"
