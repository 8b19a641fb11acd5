// lag_watch killed anywhere, on real servers: what it wrote is what an unkilled run writes, and it judges again soon.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "base/time_text.h"
#include "cli/child.h"
#include "engine/task.h"
#include "kafka/topic_reader.h"
#include "kit/kafka_cluster.h"
#include "lag_course.h"
#include "run_binary.h"
#include "topologies/registry.h"

namespace headroom::testing {
namespace {

using Json = nlohmann::json;

// Output records in the order in which they stand, by lane and topic, and by partition where that is known.
using Outputs = std::map<std::string, std::vector<std::string>>;

std::string text_of(const OutRecord& record) {
  std::string text = std::to_string(record.sequence) + " " + std::to_string(record.input_offset) + " " +
                     std::to_string(record.incarnation) + "\n" + record.key + "\n" + record.value;
  for (const auto& [name, value] : record.headers) text += "\n" + name + "=" + value;
  return text;
}

std::string text_of(const TopicRecord& record) {
  const auto number = [&](const char* name) { return std::to_string(std::stoull(std::string(record.header(name)))); };
  std::string text = number("sequence") + " " + number("input_offset") + " " + number("incarnation") + "\n";
  text.append(record.key).append("\n").append(record.value);
  for (const auto& [name, value] : record.headers)
    if (name != "lane" && name != "sequence" && name != "input_offset" && name != "incarnation")
      text.append("\n").append(name).append("=").append(value);
  return text;
}

// The first place where they are not the same, in words; empty when they are byte for byte.
std::string difference(const Outputs& seen, const Outputs& expected) {
  for (const auto& [place, records] : expected) {
    const auto found = seen.find(place);
    if (found == seen.end()) return "nothing in " + place;
    const auto [a, b] = std::mismatch(records.begin(), records.end(), found->second.begin(), found->second.end());
    if (a != records.end() || b != found->second.end())
      return place + ", record " + std::to_string(a - records.begin()) + ": expected " + (a == records.end() ? "no more" : *a) + "\nseen " +
             (b == found->second.end() ? "no more" : *b);
  }
  for (const auto& [place, records] : seen)
    if (!expected.contains(place)) return "unexpected in " + place;
  return {};
}

TEST(LagKillComparison, sees_what_is_lost_doubled_swapped_or_altered) {
  const Outputs whole = {{"a", {"1", "2", "3"}}, {"b", {"1"}}};
  EXPECT_EQ(difference(whole, whole), "");
  EXPECT_NE(difference({{"a", {"1", "3"}}, {"b", {"1"}}}, whole), "");
  EXPECT_NE(difference({{"a", {"1", "2"}}, {"b", {"1"}}}, whole), "");
  EXPECT_NE(difference({{"a", {"1", "2", "2", "3"}}, {"b", {"1"}}}, whole), "");
  EXPECT_NE(difference({{"a", {"1", "3", "2"}}, {"b", {"1"}}}, whole), "");
  EXPECT_NE(difference({{"a", {"1", "2", "4"}}, {"b", {"1"}}}, whole), "");
  EXPECT_NE(difference({{"a", {"1", "2", "3"}}}, whole), "");
  EXPECT_NE(difference(whole, {{"a", {"1", "2", "3"}}}), "");
}

// First verdicts after starts in the same slot, and of another worker. The bounds leave room for a machine that does other things too.
struct FirstVerdicts {
  std::vector<int64_t> same_slot_ms;
  std::vector<int64_t> other_worker_ms;

  void tell(const char* of_what) {
    std::sort(same_slot_ms.begin(), same_slot_ms.end());
    std::sort(other_worker_ms.begin(), other_worker_ms.end());
    std::printf("first verdict after a kill, %s: same slot %s; another worker %s\n", of_what, words(same_slot_ms).c_str(),
                words(other_worker_ms).c_str());
    EXPECT_LE(median(same_slot_ms), 2'000);
    EXPECT_LE(same_slot_ms.back(), 8'000);
    EXPECT_LE(other_worker_ms.back(), 16'000);
  }

 private:
  static int64_t median(const std::vector<int64_t>& sorted) { return sorted[sorted.size() / 2]; }
  static std::string words(const std::vector<int64_t>& sorted) {
    return std::to_string(sorted.size()) + " starts, median " + std::to_string(median(sorted)) + " ms, worst " +
           std::to_string(sorted.back()) + " ms";
  }
};

class LagKillRealKafka : public kit::RealKafkaTest {
 protected:
  static constexpr int64_t kStart = 1'700'000'000'000;

  void SetUp() override {
    RealKafkaTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    lag_topic = make_topic("lag", LagCourse::kLanes);
    alerts = make_topic("alerts", 2);
    actions = make_topic("actions", 2);
    rejected = make_topic("rejected", 1);
    settings = {{"topic", lag_topic},
                {"alert_topic", alerts},
                {"action_topic", actions},
                {"detectors", Json::parse(LagCourse::kDetectors)},
                {"scaling", Json::parse(LagCourse::kScaling)}};
    auto opened = SampleProducer::open(config, lag_topic);
    ASSERT_TRUE(opened);
    producer = std::move(*opened);
    tail = follow_topic(alerts);
    ASSERT_NE(tail, nullptr);
  }

  // `every_ms` of the clock for a cycle of the course.
  void begin(int width, int64_t every_ms, const Json& engine = Json::object()) {
    course = std::make_unique<LagCourse>(kStart, width);
    cycle_every_ms = every_ms;
    next_cycle_ms = steady_ms();
    file = folder.write("config.json", Json({{"installation", installation},
                                             {"rejected_topic", rejected},
                                             {"kafka", {{"brokers", config.brokers}}},
                                             {"redis", {{"url", kit::shared_cluster().redis()}}},
                                             {"http", {{"listen", "127.0.0.1:0"}}},
                                             {"engine", engine},
                                             {"topologies", {{"lag_watch", settings}}}})
                                           .dump());
  }

  void write_cycle() {
    ASSERT_TRUE(course->write(*producer, cycles++));
    next_cycle_ms = std::max(next_cycle_ms + cycle_every_ms, steady_ms() - 10 * cycle_every_ms);
  }

  // Writes what is due and takes what the alert topic has, until `done` or too long.
  template <class Done>
  [[nodiscard]] bool go_on(int64_t at_most_ms, Done done) {
    const int64_t deadline = steady_ms() + at_most_ms;
    while (!done()) {
      if (steady_ms() >= deadline || HasFatalFailure()) return false;
      while (steady_ms() >= next_cycle_ms && !fed) write_cycle();
      EXPECT_TRUE(tail->poll(5, [&](const TopicRecord& record) { note(record); }));
    }
    return true;
  }

  void go_on_for(int64_t ms) {
    (void)go_on(ms, [] { return false; });
  }

  void note(const TopicRecord& record) {
    const size_t at = record.value.find(R"("time":")") + 8;
    const auto time = parse_rfc3339(record.value.substr(at, record.value.find('"', at) - at));
    ASSERT_TRUE(time) << record.value;
    judged_ms[std::string(record.header("lane"))] = *time;
  }

  // All lanes have told, in committed records, of the tick of this cycle or a later one.
  bool judged(int64_t cycle) const {
    return judged_ms.size() == LagCourse::kLanes &&
           std::all_of(judged_ms.begin(), judged_ms.end(), [&](const auto& lane) { return lane.second >= course->tick_ms(cycle); });
  }

  void start(const std::string& slot) {
    auto child = Child::start({{HEADROOM_BINARY, "run", "--config", file, "--slot", slot}, folder.file("log")});
    ASSERT_TRUE(child);
    worker = std::make_unique<Child>(std::move(*child));
  }

  // Starts it, and gives the time from the first sample that follows until the verdicts on it can be read in all lanes.
  int64_t start_and_judge(const std::string& slot) {
    start(slot);
    const int64_t first = cycles;
    const int64_t since_ms = steady_ms();
    write_cycle();
    EXPECT_TRUE(go_on(40'000, [&] { return judged(first); })) << slot << "\n" << read_text(folder.file("log"));
    return steady_ms() - since_ms;
  }

  void kill() {
    worker->signal(SIGKILL);
    ASSERT_EQ(worker->wait(10'000), 128 + SIGKILL) << read_text(folder.file("log"));
  }

  // The course ends; everything is judged, and the worker leaves.
  void finish() {
    fed = true;
    ASSERT_TRUE(producer->flush(30'000));
    ASSERT_TRUE(go_on(60'000, [&] { return judged(cycles - 1); })) << read_text(folder.file("log"));
    worker->signal(SIGTERM);
    ASSERT_EQ(worker->wait(20'000), 0) << read_text(folder.file("log"));
  }

  Outputs written() {
    Outputs outputs;
    for (const std::string& topic : {alerts, actions, rejected}) {
      ReadTopic what;
      what.topic = topic;
      EXPECT_TRUE(read_topic(config, what, [&](const TopicRecord& record) {
        const std::string place = topic + "/" + std::to_string(record.partition);
        const auto [known, anew] = partition_of.emplace(topic + " " + std::string(record.key), place);
        EXPECT_EQ(known->second, place) << record.key << " stands in two partitions";
        outputs[place + " of " + std::string(record.header("lane"))].push_back(text_of(record));
        return true;
      }));
    }
    return outputs;
  }

  // What one task a lane writes that never fails, in the partitions where written() found the keys.
  Outputs unkilled(const Json& of_settings) {
    Config whole;
    whole.installation = installation;
    whole.rejected_topic = rejected;
    whole.topologies.push_back({"lag_watch", 1, of_settings.dump()});
    const auto topology = build_topology(whole, "lag_watch");
    EXPECT_TRUE(topology) << topology.status().to_string();
    std::map<Partition, std::unique_ptr<Task>> tasks;
    Outputs outputs;
    ReadTopic what;
    what.topic = lag_topic;
    EXPECT_TRUE(read_topic(config, what, [&](const TopicRecord& record) {
      auto& task = tasks[record.partition];
      if (task == nullptr) task = topology->make_task({installation, "lag_watch", record.partition, 1});
      const Record one{record.offset, record.timestamp_ms, record.key, record.value};
      Outbox outbox;
      task->process({record.partition, {&one, 1}, record.offset + 1}, outbox);
      for (const OutRecord& out : outbox.records) {
        const auto place = partition_of.find(out.topic + " " + out.key);
        outputs[(place == partition_of.end() ? out.topic + ", no partition" : place->second) + " of " + out.lane].push_back(text_of(out));
      }
      return true;
    }));
    return outputs;
  }

  size_t count(const Outputs& outputs, const std::string& topic, const std::string& word) const {
    size_t number = 0;
    for (const auto& [place, records] : outputs)
      if (place.starts_with(topic + "/"))
        for (const auto& record : records) number += record.find(word) != std::string::npos;
    return number;
  }

  TestFolder folder;
  std::string file, lag_topic, alerts, actions, rejected;
  Json settings;
  std::unique_ptr<LagCourse> course;
  std::unique_ptr<SampleProducer> producer;
  std::unique_ptr<TopicTail> tail;
  std::unique_ptr<Child> worker;
  int64_t cycles = 0;
  int64_t cycle_every_ms = 0;
  int64_t next_cycle_ms = 0;
  bool fed = false;
  std::map<std::string, int64_t> judged_ms;         // by lane, the latest tick that an alert tells of
  std::map<std::string, std::string> partition_of;  // by topic and key
};

TEST_F(LagKillRealKafka, alerts_of_a_killed_lag_watch_are_those_of_one_that_never_was) {
  std::mt19937 random(20261122);
  const auto drawn = [&](int64_t least, int64_t most) { return std::uniform_int_distribution<int64_t>(least, most)(random); };
  FirstVerdicts verdicts;
  begin(2, 25, {{"checkpoint_interval", "1s"}});
  start_and_judge("a");
  for (int i = 0; i < 5; ++i) {
    go_on_for(drawn(0, 1500));
    kill();
    if (i % 2 == 1) {  // and again before it has begun, or has just
      start("a");
      go_on_for(drawn(20, 900));
      kill();
    }
    verdicts.same_slot_ms.push_back(start_and_judge("a"));
  }
  for (const char* successor : {"b", "a"}) {
    kill();
    verdicts.other_worker_ms.push_back(start_and_judge(successor));
    go_on_for(drawn(0, 500));
  }
  finish();
  verdicts.tell("72 partitions");

  const Outputs outputs = written();
  EXPECT_EQ(difference(outputs, unkilled(settings)), "");
  EXPECT_EQ(count(outputs, rejected, ""), 0u);
  for (const char* detector : {"pulse", "behind", "view_behind", "stalled", "stopped"})
    for (const char* state : {"firing", "resolved"})
      EXPECT_GE(count(outputs, alerts, R"("state":")" + std::string(state) + R"(","detector":")" + detector + '"'), 2u) << detector;
  EXPECT_GE(count(outputs, actions, "consumers"), 3u);
  Json other = settings;
  other["detectors"][1]["threshold"] = 125;
  EXPECT_NE(difference(outputs, unkilled(other)), "") << "another function must be told from this one";

  const Ran verified = run_headroom({"verify", "--config", file, "--topology", "lag_watch", "--oracle"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  std::printf("%lld cycles of course time, %zu alerts, %zu commands\n%s", static_cast<long long>(cycles), count(outputs, alerts, ""),
              count(outputs, actions, ""), verified.out.c_str());
}

TEST_F(LagKillRealKafka, judges_ten_thousand_partitions_again_soon_after_a_kill) {
  std::mt19937 random(5);
  FirstVerdicts verdicts;
  begin(280, 1000);
  start_and_judge("a");
  go_on_for(5000);
  for (int i = 0; i < 6; ++i) {
    go_on_for(std::uniform_int_distribution<int64_t>(0, 1000)(random));
    kill();
    verdicts.same_slot_ms.push_back(start_and_judge("a"));
  }
  kill();
  verdicts.other_worker_ms.push_back(start_and_judge("b"));
  finish();
  verdicts.tell("10,080 partitions");
  const Outputs outputs = written();
  EXPECT_EQ(difference(outputs, unkilled(settings)), "");
}

}  // namespace
}  // namespace headroom::testing
