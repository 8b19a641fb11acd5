#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"
#include "operators/lag_detector_params.h"

namespace headroom {

// A mute window without its labels: a stretch of time, or of every day (UTC).
struct MuteSpan {
  bool daily = false;
  int64_t from_ms = 0;   // Unix time; of daily ones since midnight
  int64_t until_ms = 0;  // the first that is not muted; of daily ones above from_ms, at most a day more
  uint32_t days = 0x7f;  // of daily ones: a bit a day on which it may begin, from Sunday

  // The end of the window that holds `time_ms`; 0 when none does.
  int64_t end_around(int64_t time_ms) const;
};

// kInvalid with what is wrong with its times.
Result<MuteSpan> read_mute_span(const LagMute& mute);

// The mute windows of one detector.
class LagMutes {
 public:
  // `by` are the detector's labels; windows that do not read are left out (the configuration's check names them).
  LagMutes(const std::vector<std::string>& by, const std::vector<LagMute>& mutes);
  // Until when a label set is muted at a time; 0 when it is not. `values` are those of `by`.
  int64_t muted_until(int64_t time_ms, std::span<const std::string_view> values) const;

 private:
  struct Filter {
    size_t place;  // in `by`
    std::vector<std::string> matches;
  };
  struct Window {
    MuteSpan span;
    std::vector<Filter> when;
  };
  std::vector<Window> windows_;
};

}  // namespace headroom
