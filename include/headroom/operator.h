#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace headroom {

// Names one state of an operator: two strings, so that a key of two parts (target, container) needs no copy. The engine keeps the bytes.
struct StateKey {
  std::string_view first;
  std::string_view second;
};

// Where a step puts its outputs, when it can have more than one.
template <class T>
class Emitter {
 public:
  explicit Emitter(std::vector<std::pair<uint32_t, T>>& out) : out_(&out) {}
  void operator()(T value) { out_->emplace_back(ordinal_, std::move(value)); }
  void set_ordinal(uint32_t ordinal) { ordinal_ = ordinal; }

 private:
  std::vector<std::pair<uint32_t, T>>* out_;
  uint32_t ordinal_ = 0;
};

// An operator is const logic beside plain state:
//
//   struct Counter {
//     using In = Sample;
//     using Out = Count;
//     struct State {
//       int64_t seen = 0;
//       auto fields() { return std::tie(seen); }      // every field, once, in the order of their numbers; see headroom/state.h
//     };
//     static StateKey key(const Sample& in) { return {in.target, {}}; }
//     std::optional<Count> step(State& state, const Sample& in) const;
//     int64_t idle_ms() const;                        // a state untouched while the lane's time moves by this is forgotten
//     static constexpr uint32_t kStateVersion = 1;    // raise it when the meaning of a field changes
//   };
//
// `step` is total and pure: no clock, no I/O, no throw, no randomness without a seed in State. Outputs are a function of the state and the
// input. With more than one output a step is `void step(State&, const In&, Emitter<Out>&) const`. A step may keep views of `in` in its
// output: outputs are consumed before the batch ends. An operator with a
//   static void prefetch(const State&, const In&);
// has it called some inputs ahead of the step, to bring memory closer; it must not change anything.
//
// Some inputs are for all states, as the passing of time is. An operator that steps with an emitter may have
//   static bool for_all(const In&);
//   void step_all(const StateKey& key, State&, const In&, Emitter<Out>&) const;   // instead of step, for every state
//   void after_all(const In&, Emitter<Out>&) const;                               // then once
// States come in the order of their slots, which is a function of the inputs, restored or not. Such an input makes no state and keeps none
// from being forgotten. A key's views live as long as its state, which is at least to the end of the chunk: the type that the source
// decodes has `bool ends_chunk() const`, true for such inputs, and a chunk of values ends with the first one.
//
// A state with a large part that changes seldom may keep it apart as `struct Cold` (with a form of its own or fields(), as State). Such an
// operator steps with an emitter and has ColdState<Cold> (headroom/cold_state.h) behind the state:
//   void step(State&, const ColdState<Cold>&, const In&, Emitter<Out>&) const;
//   void step_all(const StateKey& key, State&, const ColdState<Cold>&, const In&, Emitter<Out>&) const;
template <class Cold>
class ColdState;

template <class Op>
concept SteppingOperator = requires(const Op op, typename Op::State& state, const typename Op::In& in) {
  { op.step(state, in) } -> std::same_as<std::optional<typename Op::Out>>;
};
template <class Op>
concept EmittingOperator = requires(const Op op, typename Op::State& state, const typename Op::In& in, Emitter<typename Op::Out>& emit) {
  { op.step(state, in, emit) } -> std::same_as<void>;
};
template <class Op>
concept ColdOperator = requires(const Op op, typename Op::State& state, const ColdState<typename Op::Cold>& cold, const typename Op::In& in,
                                Emitter<typename Op::Out>& emit) {
  { op.step(state, cold, in, emit) } -> std::same_as<void>;
};
template <class Op>
concept BroadcastingOperator = (EmittingOperator<Op> || ColdOperator<Op>)&&requires(const Op op, const typename Op::In& in,
                                                                                    Emitter<typename Op::Out>& emit) {
  { Op::for_all(in) } -> std::same_as<bool>;
  { op.after_all(in, emit) } -> std::same_as<void>;
};
template <class Op>
concept Operator = (SteppingOperator<Op> || EmittingOperator<Op> || ColdOperator<Op>)&&requires(const Op op, const typename Op::In& in) {
  { Op::key(in) } -> std::same_as<StateKey>;
  { op.idle_ms() } -> std::convertible_to<int64_t>;
  { Op::kStateVersion } -> std::convertible_to<uint32_t>;
};

}  // namespace headroom
