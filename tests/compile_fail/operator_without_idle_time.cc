// must not compile: this is no operator
#include "wiring.h"

struct Endless : Count {
  int64_t idle_ms() const = delete;
};

void wire(headroom::Topology& topology) {
  numbers(topology).then("endless", Endless{});
}
