// must not compile: this encoder is not for what the pipe carries
#include "wiring.h"

void wire(headroom::Topology& topology) {
  numbers(topology).then("count", Count{}).to("words", encode_number);
}
