// must not compile: this type cannot be a field of a State
#include <array>
#include <memory>
#include <vector>

#include "headroom/state.h"

struct State {
  std::unique_ptr<int64_t> first;
  auto fields() { return std::tie(first); }
};

void save(const State& state, headroom::ByteWriter& writer) {
  headroom::save_state(state, writer);
}
