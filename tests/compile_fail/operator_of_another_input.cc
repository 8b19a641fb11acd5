// must not compile: this operator does not take what the pipe carries
#include "wiring.h"

void wire(headroom::Topology& topology) {
  numbers(topology).then("count", Count{}).then("again", Count{});
}
