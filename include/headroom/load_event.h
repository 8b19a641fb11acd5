#pragma once

#include <cstdint>
#include <memory>

#include "headroom/codec.h"
#include "headroom/sample.h"

namespace headroom {

// A record of `headroom.samples` for those who need ticks as values: a sample, or that it is so late now.
struct LoadEvent {
  bool tick = false;
  int64_t time_ms = 0;  // the sample's or the tick's
  Sample sample;        // of a sample only

  // See headroom/operator.h: a tick is for all states.
  bool ends_chunk() const { return tick; }
};

// As make_sample_decoder, with ticks among the values: of the ticks of one record the latest, after its samples.
std::unique_ptr<Decoder<LoadEvent>> make_load_decoder(const SampleDecoderOptions& options = {});

}  // namespace headroom
