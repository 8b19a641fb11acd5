// must not compile: a State with fields() is a plain struct
#include <array>
#include <memory>
#include <vector>

#include "headroom/state.h"

struct State {
  State() {}
  int64_t first = 0;
  auto fields() { return std::tie(first); }
};

void save(const State& state, headroom::ByteWriter& writer) {
  headroom::save_state(state, writer);
}
