// must not compile: a member of this State is missing from its fields()
#include <array>
#include <memory>
#include <vector>

#include "headroom/state.h"

struct State {
  std::array<double, 60> sums = {};
  std::vector<std::array<int32_t, 4>> rows;
  auto fields() { return std::tie(sums); }
};

void save(const State& state, headroom::ByteWriter& writer) {
  headroom::save_state(state, writer);
}
