// The branches of detectors as lag_watch has them: wiring, and the same alerts whatever is restored when.

#include "topologies/lag_detectors.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "operators/lag_watching.h"

namespace headroom::testing {
namespace {

Topology all_shipped() {
  Topology topology("lag_watch");
  const auto standings = from<LagStanding>(topology, "standings", decode_with<LagStanding>(decode_standings));
  std::vector<LagDetectorParams> detectors = default_lag_detectors();
  for (auto& detector : detectors) detector.for_ms /= 20, detector.clear_for_ms /= 20;
  detectors.front().window_ms = 30'000;
  LagDetectorParams mean = above_100_s();
  mean.name = "mean_by_view";
  mean.by = {"env", "view"};
  mean.aggregation = LagAggregation::kMean;
  mean.over = LagOver::kMean;
  mean.window_ms = 20'000;
  mean.clear_micro = 80'000'000;
  detectors.push_back(mean);
  add_lag_detectors(standings, detectors, "alerts");
  return topology;
}

// Groups that come, lag, go silent, are forgotten and come back; a record is a tick, half a tick, or something in between.
std::vector<Input> random_log(uint64_t seed, int records) {
  std::mt19937_64 random(seed);
  const std::vector<std::string> verdicts = {"ok", "ok", "unknown", "stalled", "stopped", "falling_behind", "losing_data"};
  std::vector<int64_t> lags(12, 90);
  std::vector<Input> inputs;
  int64_t now_ms = kStartMs;
  std::string pending;
  for (int i = 0; i < records; ++i) {
    now_ms += kTickMs;
    std::string what = std::to_string(now_ms);
    if (random() % 15 == 0) what += "|context group=g" + std::to_string(random() % 4) + " lying_milli=-20 target=a/b/c/d";
    if (random() % 40 == 0) what += "|forgotten reason=deleted group=g" + std::to_string(random() % 4);
    for (size_t p = 0; p < lags.size(); ++p) {
      if (random() % 60 == 0) continue;
      lags[p] = std::max<int64_t>(0, lags[p] + static_cast<int64_t>(random() % 801) - 390);
      const std::string verdict = verdicts[random() % 40 == 0 ? random() % verdicts.size() : (lags[p] / 600) % verdicts.size()];
      what += "|partition group=g" + std::to_string(p % 4) + " partition=" + std::to_string(p / 4) + " verdict=" + verdict;
      if (random() % 9 != 0) what += " lag_s=" + std::to_string(lags[p]) + " records=" + std::to_string(lags[p] * 3);
      if (p == 7) what += " open_s=" + std::to_string(lags[p]);
    }
    // A cut between the partitions and their tick must not matter either.
    if (random() % 5 == 0) {
      inputs.push_back({"", what, now_ms});
      what = std::to_string(now_ms);
    }
    inputs.push_back({"", what + "|tick", now_ms});
  }
  return inputs;
}

TEST(LagDetectors, give_the_same_alerts_whatever_is_restored_when) {
  for (uint64_t seed = 1; seed <= 4; ++seed) EXPECT_EQ(same_under_every_cut(all_shipped(), random_log(seed, 250)), "") << "seed " << seed;
}

TEST(LagDetectors, fire_and_resolve_each_incident_once_in_a_run_with_many_restores) {
  TopologyDriver driver(all_shipped());
  int i = 0;
  for (const auto& input : random_log(9, 400)) {
    driver.pipe(input.key, input.value, input.timestamp_ms);
    if (++i % 3 == 0) driver.crash_and_restore();
  }
  std::map<std::string, std::string> states;
  std::set<std::string> detectors;
  for (const auto& record : driver.sent()) {
    const auto data = nlohmann::json::parse(record.value)["data"];
    states[data["incident"]] += data["state"].get<std::string>() + " ";
    detectors.insert(data["detector"]);
  }
  for (const auto& [incident, seen] : states) EXPECT_TRUE(seen == "firing " || seen == "firing resolved ") << incident << ": " << seen;
  EXPECT_GT(states.size(), 50u);
  EXPECT_GT(detectors.size(), 5u);
}

TEST(LagDetectors, have_stores_of_their_own_by_name) {
  Topology topology("lag_watch");
  add_lag_detectors(from<LagStanding>(topology, "standings", decode_with<LagStanding>(decode_standings)), default_lag_detectors(),
                    "alerts");
  const std::string words = topology.describe();
  for (const auto& detector : default_lag_detectors()) {
    EXPECT_NE(words.find("detector." + detector.name), std::string::npos) << words;
    EXPECT_NE(words.find("attribution." + detector.name), std::string::npos) << words;
  }
  EXPECT_EQ(topology.output_topics(), (std::vector<std::string>{"alerts", "headroom.rejected"}));
}

}  // namespace
}  // namespace headroom::testing
