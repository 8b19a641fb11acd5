#pragma once
// The machinery behind headroom/topology.h: what a topology is while it is built (branches of stage makers) and what a task runs (a chain
// of stages over chunks of values). Nothing here is meant to be named by the author of a topology.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "headroom/cold_state.h"
#include "headroom/keyed_store.h"
#include "headroom/lane_identity.h"

namespace headroom {
namespace topology_internal {

// Some records on their way through the chain. Values are named by their ordinal: their place among all the source's values of the chunk.
// Whatever a stage makes of a value keeps its ordinal, so that outputs can be put back into the order of the input.
struct Chunk {
  struct Reject {
    uint32_t record;
    std::string_view reason;  // of static storage
    std::string indexes;
    bool always = false;  // written even when the block has had its share
  };
  struct Sent {
    uint32_t ordinal;
    uint32_t sink;
    uint32_t item;
  };
  const LaneIdentity* lane = nullptr;
  int64_t time_ms = INT64_MIN;    // the lane's greatest event time, before and after
  std::vector<int64_t> times;     // the lane's time with the value of this ordinal
  std::vector<uint32_t> records;  // the record of the value of this ordinal
  uint64_t ticks = 0;
  std::vector<Reject> rejects;
  std::vector<std::pair<std::string_view, uint64_t>> reasons;  // values rejected by reason
  std::vector<Sent> sent;

  void clear() {
    times.clear(), records.clear(), rejects.clear(), reasons.clear(), sent.clear();
    ticks = 0;
  }
  void count(std::string_view reason, uint64_t times_more) {
    for (auto& [name, n] : reasons)
      if (name == reason) return void(n += times_more);
    reasons.emplace_back(reason, times_more);
  }
  // The value of this ordinal goes no further; its record is rejected, once for all its values.
  void refuse(uint32_t ordinal, std::string_view reason) {
    count(reason, 1);
    const uint32_t record = records[ordinal];
    if (rejects.empty() || rejects.back().record != record || rejects.back().reason != reason) rejects.push_back({record, reason, {}});
  }
};

// The values that a stage takes: a view of a stage's output or of the decoder's, with their ordinals.
template <class T>
class Values {
 public:
  explicit Values(const std::vector<typename Decoded<T>::Value>& decoded)
      : size_(decoded.size()), stride_(sizeof(typename Decoded<T>::Value)) {
    if (size_ > 0) first_ = reinterpret_cast<const std::byte*>(&decoded[0].value);
  }
  explicit Values(const std::vector<std::pair<uint32_t, T>>& outputs) : size_(outputs.size()), stride_(sizeof(std::pair<uint32_t, T>)) {
    if (size_ == 0) return;
    first_ = reinterpret_cast<const std::byte*>(&outputs[0].second);
    ordinals_ = reinterpret_cast<const std::byte*>(&outputs[0].first);
  }
  size_t size() const { return size_; }
  const T& operator[](size_t i) const { return *reinterpret_cast<const T*>(first_ + i * stride_); }
  uint32_t ordinal(size_t i) const {
    return ordinals_ == nullptr ? static_cast<uint32_t>(i) : *reinterpret_cast<const uint32_t*>(ordinals_ + i * stride_);
  }

 private:
  const std::byte* first_ = nullptr;
  const std::byte* ordinals_ = nullptr;  // null: the place is the ordinal
  size_t size_;
  size_t stride_;
};

template <class T>
class Stage {
 public:
  virtual ~Stage() = default;
  // The values stay where they are until the chunk is over.
  virtual void run(const Values<T>& in, Chunk& chunk) = 0;
};

// A sink of whatever type, as the task sees it.
class SinkStage {
 public:
  virtual ~SinkStage() = default;
  virtual void encode(uint32_t item, const Envelope& envelope, Encoded& out) const = 0;
};

// What the task must know of its chain, collected while the chain is made.
struct Parts {
  uint64_t max_keys = 0;
  std::vector<KeyedStore*> stores;
  std::vector<SinkStage*> sinks;  // by number
};

template <class T>
using MakeStage = std::function<std::unique_ptr<Stage<T>>(Parts&)>;
template <class T>
struct Branch {
  std::vector<MakeStage<T>> stages;
};

// What follows one pipe, in a task.
template <class T>
class Fan {
 public:
  Fan(const Branch<T>& branch, Parts& parts) {
    for (const auto& make : branch.stages) stages_.push_back(make(parts));
  }
  void run(const Values<T>& in, Chunk& chunk) {
    if (in.size() == 0) return;
    for (auto& stage : stages_) stage->run(in, chunk);
  }

 private:
  std::vector<std::unique_ptr<Stage<T>>> stages_;
};

inline constexpr std::string_view kTooManyKeys = "too_many_keys";

inline std::string cold_store_name(const std::string& name) {
  return name + ".cold";
}

// The store of an operator's cold states; nothing for those that have none.
template <class Op>
struct ColdStore {
  ColdStore(const std::string&, const Op&, Parts&) {}
};
template <ColdOperator Op>
struct ColdStore<Op> {
  // What is forgotten may stay a while longer than the state that it belongs to: there is room for twice as many.
  ColdStore(const std::string& name, const Op& op, Parts& parts)
      : store(cold_store_name(name), state_type<typename Op::Cold>(Op::kStateVersion), op.idle_ms(), 2 * parts.max_keys) {
    parts.stores.push_back(&store);
  }
  KeyedStore store;
};

template <class Op>
class OperatorStage final : public Stage<typename Op::In> {
 public:
  using In = typename Op::In;
  using Out = typename Op::Out;
  using State = typename Op::State;

  OperatorStage(const std::string& name, Op op, const Branch<Out>& next, Parts& parts)
      : op_(std::move(op)), store_(name, state_type<State>(Op::kStateVersion), op_.idle_ms(), parts.max_keys) {
    parts.stores.push_back(&store_);
    cold_.emplace(name, op_, parts);
    next_.emplace(next, parts);
  }

  // A pipeline in software: each value's index cell, then its slot, then what the operator asks for are on their way into the cache while
  // the values before it take their steps. Nothing of what the early steps saw is trusted: touch() looks again.
  void run(const Values<In>& in, Chunk& chunk) override {
    outputs_.clear();
    const size_t size = in.size();
    for (size_t ahead = 0; ahead < size + kHashAhead; ++ahead) {
      if (ahead < size) start(in[ahead], ahead);
      if (ahead >= kHashAhead - kSlotAhead && ahead - (kHashAhead - kSlotAhead) < size) look_up(ahead - (kHashAhead - kSlotAhead));
      if constexpr (kPrefetches) {
        constexpr size_t kLag = kHashAhead - kStateAhead;
        if (ahead >= kLag && ahead - kLag < size) prefetch(in[ahead - kLag], ahead - kLag);
      }
      if (ahead >= kHashAhead) step(in, ahead - kHashAhead, chunk);
    }
    next_->run(Values<Out>(outputs_), chunk);
  }

 private:
  static constexpr size_t kHashAhead = 16;
  static constexpr size_t kSlotAhead = 8;
  static constexpr size_t kStateAhead = 4;
  static constexpr size_t kRing = 32;
  static constexpr bool kPrefetches = requires(const State& state, const In& in) { Op::prefetch(state, in); };

  struct Coming {
    uint64_t hash;
    uint32_t slot;
  };

  static constexpr bool kBroadcasts = BroadcastingOperator<Op>;

  void start(const In& in, size_t i) {
    if constexpr (kBroadcasts)
      if (Op::for_all(in)) return;
    Coming& coming = ring_[i % kRing];
    coming.hash = KeyedStore::hash(Op::key(in));
    store_.prefetch(coming.hash);
  }
  void look_up(size_t i) {
    Coming& coming = ring_[i % kRing];
    coming.slot = store_.candidate(coming.hash);
  }
  void prefetch(const In& in, size_t i) {
    if (const void* state = store_.peek(ring_[i % kRing].slot)) Op::prefetch(*static_cast<const State*>(state), in);
  }
  void step_all(const In& in, uint32_t ordinal, Chunk& chunk) {
    Emitter<Out> emit(outputs_);
    emit.set_ordinal(ordinal);
    const int64_t now = chunk.times[ordinal];
    store_.visit_all(now, [&](const StateKey& key, void* at) {
      State& state = *static_cast<State*>(at);
      if constexpr (ColdOperator<Op>)
        op_.step_all(key, state, ColdState<typename Op::Cold>(cold_->store, key, now), in, emit);
      else
        op_.step_all(key, state, in, emit);
    });
    op_.after_all(in, emit);
  }
  void step(const Values<In>& in, size_t i, Chunk& chunk) {
    const Coming& coming = ring_[i % kRing];
    const uint32_t ordinal = in.ordinal(i);
    if constexpr (kBroadcasts)
      if (Op::for_all(in[i])) return step_all(in[i], ordinal, chunk);
    void* at = store_.touch(Op::key(in[i]), coming.hash, coming.slot, chunk.times[ordinal]);
    if (at == nullptr) return chunk.refuse(ordinal, kTooManyKeys);
    State& state = *static_cast<State*>(at);
    if constexpr (SteppingOperator<Op>) {
      if (std::optional<Out> out = op_.step(state, in[i])) outputs_.emplace_back(ordinal, *std::move(out));
    } else {
      Emitter<Out> emit(outputs_);
      emit.set_ordinal(ordinal);
      if constexpr (ColdOperator<Op>)
        op_.step(state, ColdState<typename Op::Cold>(cold_->store, Op::key(in[i]), chunk.times[ordinal]), in[i], emit);
      else
        op_.step(state, in[i], emit);
    }
  }

  const Op op_;
  KeyedStore store_;
  std::optional<ColdStore<Op>> cold_;
  std::array<Coming, kRing> ring_{};
  std::vector<std::pair<uint32_t, Out>> outputs_;
  std::optional<Fan<Out>> next_;
};

template <class T, class U, class F>
class MapStage final : public Stage<T> {
 public:
  MapStage(F map, const Branch<U>& next, Parts& parts) : map_(std::move(map)), next_(next, parts) {}
  void run(const Values<T>& in, Chunk& chunk) override {
    outputs_.clear();
    for (size_t i = 0; i < in.size(); ++i)
      if (std::optional<U> out = map_(in[i])) outputs_.emplace_back(in.ordinal(i), *std::move(out));
    next_.run(Values<U>(outputs_), chunk);
  }

 private:
  const F map_;
  std::vector<std::pair<uint32_t, U>> outputs_;
  Fan<U> next_;
};

template <class T, class F>
class ObserveStage final : public Stage<T> {
 public:
  explicit ObserveStage(F observe) : observe_(std::move(observe)) {}
  void run(const Values<T>& in, Chunk& chunk) override {
    for (size_t i = 0; i < in.size(); ++i) observe_(*chunk.lane, in[i]);
  }

 private:
  const F observe_;
};

template <class T>
class TypedSink final : public Stage<T>, public SinkStage {
 public:
  TypedSink(uint32_t number, Encode<T> encoder, Parts& parts) : number_(number), encoder_(encoder) {
    if (parts.sinks.size() <= number) parts.sinks.resize(number + 1);
    parts.sinks[number] = this;
  }
  void run(const Values<T>& in, Chunk& chunk) override {
    values_.emplace(in);
    for (size_t i = 0; i < in.size(); ++i) chunk.sent.push_back({in.ordinal(i), number_, static_cast<uint32_t>(i)});
  }
  void encode(uint32_t item, const Envelope& envelope, Encoded& out) const override { encoder_((*values_)[item], envelope, out); }

 private:
  const uint32_t number_;
  const Encode<T> encoder_;
  std::optional<Values<T>> values_;  // of this chunk
};

// A chain of whatever types, as the task sees it.
class Chain {
 public:
  virtual ~Chain() = default;
  virtual void begin() = 0;
  // Gives the number of values since begin(); SIZE_MAX when no more may follow in this chunk.
  virtual size_t decode(const Record& record, uint32_t index) = 0;
  // Takes what was decoded since begin() through all stages.
  virtual void run(Chunk& chunk) = 0;
};

template <class T>
concept HasEventTime = requires(const T& t) {
  { t.time_ms } -> std::convertible_to<int64_t>;
};

template <class T>
concept EndsChunks = requires(const T& t) {
  { t.ends_chunk() } -> std::same_as<bool>;
};

template <class T>
class TypedChain final : public Chain {
 public:
  TypedChain(std::unique_ptr<Decoder<T>> decoder, const Branch<T>& branch, Parts& parts)
      : decoder_(std::move(decoder)), fan_(branch, parts) {}
  void begin() override {
    decoded_.clear();
    decoder_->begin_batch();
  }
  size_t decode(const Record& record, uint32_t index) override {
    decoder_->decode(record, index, decoded_);
    if constexpr (EndsChunks<T>)
      if (!decoded_.values.empty() && decoded_.values.back().value.ends_chunk()) return SIZE_MAX;
    return decoded_.values.size();
  }
  void run(Chunk& chunk) override {
    take_times(chunk);
    for (auto& reject : decoded_.rejects) chunk.rejects.push_back({reject.record, reject.reason, std::move(reject.indexes)});
    for (const auto& [reason, count] : decoded_.reasons) chunk.count(reason, count);
    fan_.run(Values<T>(decoded_.values), chunk);
  }

 private:
  // Ticks and values in order, the greatest time so far beside each value.
  void take_times(Chunk& chunk) {
    auto tick = decoded_.ticks.begin();
    const auto tick_until = [&](size_t value) {
      for (; tick != decoded_.ticks.end() && tick->before_value <= value; ++tick) chunk.time_ms = std::max(chunk.time_ms, tick->time_ms);
    };
    chunk.ticks = decoded_.ticks.size();
    chunk.times.reserve(decoded_.values.size());
    chunk.records.reserve(decoded_.values.size());
    for (size_t i = 0; i < decoded_.values.size(); ++i) {
      tick_until(i);
      if constexpr (HasEventTime<T>) chunk.time_ms = std::max(chunk.time_ms, static_cast<int64_t>(decoded_.values[i].value.time_ms));
      chunk.times.push_back(chunk.time_ms);
      chunk.records.push_back(decoded_.values[i].record);
    }
    tick_until(SIZE_MAX);
  }

  std::unique_ptr<Decoder<T>> decoder_;
  Decoded<T> decoded_;
  Fan<T> fan_;
};

// A topology under construction and after.
struct Plan {
  std::string name;
  TopologyOptions options;
  std::string source_topic;
  std::vector<std::string> sink_topics;  // by the sinks' numbers
  struct Line {
    int after;  // the line that this one hangs on; -1 for the first
    std::string text;
  };
  std::vector<Line> lines;
  std::vector<std::string> store_names;
  std::function<std::unique_ptr<Chain>(Parts&)> make_chain;

  void set_source(std::string topic);  // once; aborts on a second source
  int add_line(int after, std::string text);
  uint32_t add_sink(std::string topic);
  void add_store(const std::string& store);  // aborts when another operator has the name: checkpoints know them by it
};

std::string operator_line(const std::string& name, uint32_t version, int64_t idle_ms);

template <class>
inline constexpr bool kNever = false;

}  // namespace topology_internal

template <class T>
class Pipe {
 public:
  Pipe(std::shared_ptr<topology_internal::Plan> plan, std::shared_ptr<topology_internal::Branch<T>> branch, int line)
      : plan_(std::move(plan)), branch_(std::move(branch)), line_(line) {}

  template <class Op>
  auto then(const std::string& name, Op op) const {
    static_assert(Operator<Op>,
                  "this is no operator: it lacks In, Out, State, key, step, idle_ms or kStateVersion; see headroom/operator.h");
    static_assert(std::same_as<typename Op::In, T>, "this operator does not take what the pipe carries");
    using Out = typename Op::Out;
    auto next = std::make_shared<topology_internal::Branch<Out>>();
    plan_->add_store(name);
    if constexpr (ColdOperator<Op>) plan_->add_store(topology_internal::cold_store_name(name));
    const int line = plan_->add_line(line_, topology_internal::operator_line(name, Op::kStateVersion, op.idle_ms()));
    branch_->stages.push_back(
        [name, op = std::move(op), next](topology_internal::Parts& parts) -> std::unique_ptr<topology_internal::Stage<T>> {
          if constexpr (std::same_as<typename Op::In, T>)
            return std::make_unique<topology_internal::OperatorStage<Op>>(name, op, *next, parts);
          else
            return nullptr;
        });
    return Pipe<Out>(plan_, next, line);
  }

  template <class F>
  auto map(const std::string& name, F f) const {
    static_assert(std::invocable<const F&, const T&>, "this map does not take what the pipe carries");
    using U = typename std::invoke_result_t<const F&, const T&>::value_type;
    static_assert(std::same_as<std::invoke_result_t<const F&, const T&>, std::optional<U>>, "a map gives a std::optional");
    auto next = std::make_shared<topology_internal::Branch<U>>();
    const int line = plan_->add_line(line_, "map " + name);
    branch_->stages.push_back([f = std::move(f), next](topology_internal::Parts& parts) -> std::unique_ptr<topology_internal::Stage<T>> {
      return std::make_unique<topology_internal::MapStage<T, U, F>>(f, *next, parts);
    });
    return Pipe<U>(plan_, next, line);
  }

  template <class F>
  Pipe observe(const std::string& name, F f) const {
    static_assert(std::invocable<const F&, const LaneIdentity&, const T&>, "this observer does not take what the pipe carries");
    plan_->add_line(line_, "observe " + name);
    branch_->stages.push_back([f = std::move(f)](topology_internal::Parts&) -> std::unique_ptr<topology_internal::Stage<T>> {
      return std::make_unique<topology_internal::ObserveStage<T, F>>(f);
    });
    return *this;
  }

  Pipe to(const std::string& topic, Encode<T> encode) const {
    plan_->add_line(line_, "to " + topic);
    const uint32_t number = plan_->add_sink(topic);
    branch_->stages.push_back([number, encode](topology_internal::Parts& parts) -> std::unique_ptr<topology_internal::Stage<T>> {
      return std::make_unique<topology_internal::TypedSink<T>>(number, encode, parts);
    });
    return *this;
  }
  template <class F>
  requires(!std::is_convertible_v<F, Encode<T>>) Pipe to(const std::string&, F)
  const {
    static_assert(topology_internal::kNever<F>, "this encoder is not for what the pipe carries");
    return *this;
  }

 private:
  std::shared_ptr<topology_internal::Plan> plan_;
  std::shared_ptr<topology_internal::Branch<T>> branch_;
  int line_;
};

template <class T>
Pipe<T> from(Topology& topology, std::string topic, std::function<std::unique_ptr<Decoder<T>>()> make_decoder) {
  auto branch = std::make_shared<topology_internal::Branch<T>>();
  const int line = topology.plan->add_line(-1, "from " + topic);
  topology.plan->set_source(std::move(topic));
  topology.plan->make_chain = [make_decoder = std::move(make_decoder), branch](topology_internal::Parts& parts) {
    return std::make_unique<topology_internal::TypedChain<T>>(make_decoder(), *branch, parts);
  };
  return Pipe<T>(topology.plan, branch, line);
}

}  // namespace headroom
