// compiles
#include "wiring.h"

void wire(headroom::Topology& topology) {
  numbers(topology)
      .observe("look", [](const headroom::LaneIdentity&, const Number&) {})
      .to("numbers-again", encode_number)
      .then("count", Count{})
      .map("same", [](const Word& word) { return std::optional(word); })
      .to("words", encode_word);
}
