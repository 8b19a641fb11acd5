// must not compile: this observer does not take what the pipe carries
#include "wiring.h"

void wire(headroom::Topology& topology) {
  numbers(topology).observe("look", [](const headroom::LaneIdentity&, const Word&) {});
}
