#include "forecast/forecaster.h"
#include "forecast/raw_form.h"

namespace headroom {
namespace {

constexpr int64_t kMostStep = int64_t{1} << 40;  // in seconds 35,000 years
constexpr int32_t kMostBinSteps = 1 << 20;

}  // namespace

template <class Size>
void ForecasterState<Size>::Hot::save(ByteWriter& writer) const {
  raw_form::save_fields(*this, writer);
}
template <class Size>
void ForecasterState<Size>::Cold::save(ByteWriter& writer) const {
  raw_form::save_fields(*this, writer);
}
// Numbers that count or name steps must be such, whatever the bytes; those of values are only finite.
template <class Size>
bool ForecasterState<Size>::Hot::load(ByteReader& reader) {
  return raw_form::load_fields(*this, reader) && begin >= -1 && begin <= step && step <= kMostStep && values <= kMostValues && unit > 0;
}
template <class Size>
bool ForecasterState<Size>::Cold::load(ByteReader& reader) {
  if (!raw_form::load_fields(*this, reader)) return false;
  bool good = learned >= -1 && learned <= kMostStep && season.bin_steps >= 0 && season.bin_steps <= kMostBinSteps;
  good = good && season.first_bin >= -1 && season.next_bin >= season.first_bin && season.next_bin <= kMostStep;
  if constexpr (Size::kOwnWeights) {
    for (const auto& window : own.replay) good = good && window.first >= -1 && window.first <= kMostStep;
  }
  if constexpr (Size::kCompanions > 0) good = good && companions.sound();
  return good;
}

template struct ForecasterState<HeadroomSize>;
template struct ForecasterState<HeadroomMultivariateSize>;
template struct ForecasterState<HeadroomSmallSize>;

}  // namespace headroom
