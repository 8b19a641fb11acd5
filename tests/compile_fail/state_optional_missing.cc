// must not compile: a member of this State is missing from its fields()
#include <array>
#include <memory>
#include <vector>

#include "headroom/state.h"

struct State {
  int64_t first = 0;
  std::optional<double> maybe;
  std::string name;
  auto fields() { return std::tie(first, name); }
};

void save(const State& state, headroom::ByteWriter& writer) {
  headroom::save_state(state, writer);
}
