// must not compile: this map does not take what the pipe carries
#include "wiring.h"

void wire(headroom::Topology& topology) {
  numbers(topology).map("same", [](const Word& word) { return std::optional(word); });
}
