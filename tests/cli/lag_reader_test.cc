#include "cli/lag_reader.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/lag_board.h"
#include "cli/lag_metrics.h"
#include "headroom/testing/function_decoder.h"
#include "kafka/embedded.h"
#include "kafka/sample_producer.h"
#include "lag_standings.h"

namespace headroom::testing {
namespace {

TEST(LagMetrics, pass_on_ticks_partitions_groups_and_what_is_forgotten) {
  LagFamilies families(LagSeriesLimits{.partitions = 0}, [] { return kTick; });
  const LagObservers observers = lag_metrics_observers(families, {"pay*"});
  const auto series = [&](const std::string& name) {
    size_t count = 0;
    for (const auto& family : families.Collect()) count += family.name == name ? family.metric.size() : 0;
    return count;
  };
  observers.partition(lane(0), on_partition("payments", "orders", 0, LagVerdict::kOk, 5, 5));
  observers.partition(lane(0), on_partition("ship", "orders", 0, LagVerdict::kOk, 5, 5));
  observers.partition(lane(0), end_of_tick());
  LagGroupStanding whole;
  whole.cluster = "prod";
  whole.group = "payments";
  whole.time_ms = kTick;
  whole.verdict = LagVerdict::kNearRetention;
  whole.lag_records = 5;
  observers.group(lane(0), whole);
  EXPECT_EQ(series("kafka_consumergroup_group_lag"), 1u) << "only of the groups that are to be shown whole";
  EXPECT_EQ(series("kafka_consumergroup_group_topic_sum_lag"), 2u);
  EXPECT_EQ(series("kafka_consumergroup_group_sum_lag"), 1u);
  for (const auto& family : families.Collect()) {
    if (family.name == "headroom_lag_verdict") {
      EXPECT_EQ(family.metric.at(0).label.at(2).value, "near_retention");
    }
    if (family.name == "kafka_consumergroup_poll_time_ms") {
      EXPECT_EQ(family.metric.at(0).gauge.value, 1000);
    }
  }
  LagStanding forgotten;
  forgotten.kind = StandingKind::kForgotten;
  forgotten.forgotten = {"prod", "payments", "deleted"};
  observers.partition(lane(0), forgotten);
  EXPECT_EQ(series("headroom_lag_verdict"), 0u);
  EXPECT_EQ(series("kafka_consumergroup_group_lag"), 0u);
}

TEST(LagMetrics, pass_on_of_scaling_what_is_known_at_its_outcome) {
  LagFamilies families({}, [] { return kTick; });
  const LagObservers observers = lag_metrics_observers(families, {});
  observers.partition(lane(0), end_of_tick());
  LagGroupStanding whole;
  whole.cluster = "prod";
  whole.group = "pay";
  observers.group(lane(0), whole);
  const auto seen = [&](ScaleOutcome outcome) {
    observers.scaling(lane(0), assessed("pay", outcome));
    std::string out;
    for (const auto& family : families.Collect()) {
      if (!family.name.starts_with("headroom_lag_scaling_") || family.metric.empty()) continue;
      const auto& metric = family.metric.at(0);
      const std::string value = metric.label.size() == 3 ? metric.label[2].value : std::to_string(std::lround(metric.gauge.value));
      out += family.name.substr(std::string("headroom_lag_scaling_").size()) + "=" + value + " ";
    }
    return out;
  };
  EXPECT_EQ(seen(ScaleOutcome::kUnknownMembers), "outcome=unknown_members ");
  EXPECT_EQ(seen(ScaleOutcome::kMissingData), "outcome=missing_data consumers=4 ");
  EXPECT_EQ(seen(ScaleOutcome::kNotMeasured), "outcome=not_measured consumers=4 consumers_max_useful=12 ");
  EXPECT_EQ(seen(ScaleOutcome::kStabilising),
            "outcome=stabilising consumers=4 consumers_needed=6 consumers_max_useful=12 consumer_records_per_second=400 ");
}

// Stands in for lag_watch: a record is the number of records that a group lags, "tick" a tick.
struct Passing {
  using In = LagStanding;
  using Out = LagStanding;
  struct State {
    int64_t seen = 0;
    auto fields() { return std::tie(seen); }
  };
  static StateKey key(const LagStanding& in) { return {in.group, {}}; }
  std::optional<LagStanding> step(State& state, const LagStanding& in) const {
    ++state.seen;
    return in;
  }
  int64_t idle_ms() const { return 3'600'000; }
  static constexpr uint32_t kStateVersion = 1;
};

Topology stand_in(const std::string& topic, const LagObservers& observers) {
  Topology topology("lag_watch");
  from<LagStanding>(topology, topic, decode_with<LagStanding>([](const Record& record, uint32_t index, Decoded<LagStanding>& out) {
                      LagStanding s = record.value == "tick" ? end_of_tick()
                                                             : on_partition("pay", "orders", 0, LagVerdict::kOk,
                                                                            std::atoi(std::string(record.value).c_str()), 0);
                      if (record.value == "bad") {
                        out.rejects.push_back({index, "not_json", 1, {}});
                        return out.count("not_json");
                      }
                      out.values.push_back({index, s});
                    }))
      .then("pass", Passing{})
      .observe("partition", observers.partition);
  return topology;
}

TEST(LagReader, runs_every_partition_of_the_topic_and_goes_on_with_what_comes) {
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker) << broker.status().to_string();
  Config config;
  config.kafka.brokers = (*broker)->brokers();
  ASSERT_TRUE((*broker)->create_topic("lag", 2));
  auto producer = SampleProducer::open(config.kafka, "lag");
  ASSERT_TRUE(producer);
  const auto produce = [&](const std::string& value, int partition) { ASSERT_TRUE((*producer)->produce("", value, -1, partition)); };
  produce("5", 0);
  produce("bad", 0);
  produce("tick", 0);
  produce("tick", 1);
  ASSERT_TRUE((*producer)->flush(10'000));

  LagBoard board;
  const Topology topology = stand_in("lag", board.observers());
  auto reader = LagReader::open(config, topology, {}, 10'000);
  ASSERT_TRUE(reader) << reader.status().to_string();
  const auto poll_until = [&](const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < deadline) ASSERT_TRUE((*reader)->poll(50));
    EXPECT_TRUE(done());
  };
  EXPECT_FALSE((*reader)->caught_up());
  poll_until([&] { return (*reader)->caught_up(); });
  EXPECT_EQ((*reader)->records(), 4u);
  EXPECT_EQ((*reader)->rejected(), "1 (not_json 1)");
  EXPECT_EQ(board.ticks(), 2u);
  EXPECT_EQ(board.rows().at(0).lag_records, 5);
  produce("7", 0);
  produce("tick", 0);
  ASSERT_TRUE((*producer)->flush(10'000));
  poll_until([&] { return board.ticks() == 3; });
  EXPECT_EQ(board.rows().at(0).lag_records, 7);
}

TEST(LagReader, takes_a_tenth_of_a_short_past_for_a_commit_interval_that_it_did_not_see) {
  Config config;
  EXPECT_EQ(assumed_commit_ms(config, 900'000), 90'000);
  EXPECT_EQ(assumed_commit_ms(config, 86'400'000), 3'600'000) << "no more than the default";
  EXPECT_EQ(assumed_commit_ms(config, 1), 1000);
  config.topologies = {{"right_sizing", 1, "{}"}, {"lag_watch", 2, R"({"topic":"t","first_commit_interval":"30s"})"}};
  EXPECT_EQ(assumed_commit_ms(config, 900'000), 30'000) << "no more than is configured";
  const Config with = with_assumed_commit(config, 20'000);
  EXPECT_EQ(nlohmann::json::parse(with.topologies.at(1).params_json), (nlohmann::json{{"topic", "t"}, {"first_commit_interval", "20s"}}));
  EXPECT_EQ(with.topologies.at(0).params_json, "{}");
  EXPECT_EQ(with_assumed_commit(Config{}, 90'000).topologies.at(0).params_json, R"({"first_commit_interval":"1m30s"})");
}

}  // namespace
}  // namespace headroom::testing
