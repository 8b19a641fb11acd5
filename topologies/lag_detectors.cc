#include "topologies/lag_detectors.h"

#include "headroom/alert_codec.h"
#include "operators/lag_attribution.h"
#include "operators/lag_detector.h"
#include "operators/lag_select.h"

namespace headroom {

void add_lag_detectors(const Pipe<LagStanding>& standings, const std::vector<LagDetectorParams>& detectors,
                       const std::string& alert_topic) {
  for (const auto& detector : detectors)
    standings.map("select." + detector.name, LagSelect(detector))
        .then("detector." + detector.name, LagDetector(detector))
        .then("attribution." + detector.name, LagAttribution(detector))
        .to(alert_topic, encode_alert);
}

}  // namespace headroom
