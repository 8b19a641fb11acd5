// must not compile: a map gives a std::optional
#include "wiring.h"

void wire(headroom::Topology& topology) {
  numbers(topology).map("same", [](const Number& number) { return number; });
}
