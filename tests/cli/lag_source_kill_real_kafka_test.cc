// A lag source killed in the middle of its cycles, on real topics and groups: what is judged from what it wrote.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/time_text.h"
#include "cli/child.h"
#include "engine/task.h"
#include "kafka/topic_reader.h"
#include "lag_world.h"
#include "run_binary.h"
#include "topologies/registry.h"

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr int64_t kIntervalMs = 1000;

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// A source process, and its lag topic as far as it was read.
struct Source {
  std::string name;
  std::string file;  // configuration
  std::string log;
  std::unique_ptr<Child> child;
  std::unique_ptr<TopicTail> tail;
  std::vector<int64_t> started_ms;
  int ticks = 0;
  int64_t tick_ms = 0;     // the last
  int64_t written_ms = 0;  // how long after its own time the last tick was written
};

// What lag_watch makes of a lag topic.
struct Judged {
  struct Incident {
    std::vector<std::string> states;
    int64_t since_ms = 0;
  };
  struct Note {
    int64_t tick_ms = 0;
    std::string group;
    LagVerdict verdict = LagVerdict::kUnknown;
  };
  std::map<std::string, std::vector<Incident>> incidents;  // by detector and labels
  std::vector<Note> notes;                                 // one a partition and tick

  std::string text() const {
    std::string out;
    for (const auto& [subject, of_subject] : incidents)
      for (const auto& one : of_subject) {
        out += subject + " since " + format_rfc3339(one.since_ms) + ":";
        for (const auto& state : one.states) out += " " + state;
        out += "\n";
      }
    return out;
  }
};

class LagSourceKillRealKafka : public LagRealKafka {
 protected:
  void SetUp() override {
    LagRealKafka::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    live = make_topic("live", 2);
    auto opened = SampleProducer::open(config, live);
    ASSERT_TRUE(opened);
    producer = std::move(*opened);
    for (const char* name : {"steady", "stalling"}) readers[name] = reader(name);
    write_old();
    for (int i = 0; i < 5; ++i) write_live();
    commit_live();
    began_ms = steady_ms();
  }

  // Two hours of records, and groups that are far behind in them: their times stand in no memory of a source that has just started.
  void write_old() {
    const std::string old = make_topic("old", 1);
    constexpr Offset kRecords = 7200;
    std::vector<int64_t> stamps;
    for (Offset i = 0; i < kRecords; ++i) stamps.push_back(wall_ms() - (kRecords - i) * 1000);
    produce(old, 0, stamps);
    for (int i = 1; i <= 5; ++i) {
      const std::string name = "old" + std::to_string(i);
      commit(group(name), old, 0, kRecords * i / 6);
    }
  }

  ClientHandle reader(const std::string& name) const {
    ClientPlan plan = client_plan(config, RD_KAFKA_CONSUMER);
    plan.required.insert({{"group.id", group(name)}});
    auto client = make_client(config, plan);
    EXPECT_TRUE(client);
    return std::move(*client);
  }

  void write_live() {
    for (Partition partition = 0; partition < 2; ++partition) ASSERT_TRUE(producer->produce({}, "v", -1, partition));
    ++written;
    ASSERT_TRUE(producer->flush(20'000));
  }

  // Both read everything, but for the one that does nothing while it stalls.
  void commit_live() {
    for (const auto& [name, client] : readers) {
      if (name == "stalling" && stalled) continue;
      const PartitionOffset places[] = {{0, written}, {1, written}};
      const PartitionList list = list_of(live, places);
      ASSERT_EQ(rd_kafka_commit(client.get(), list.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
  }

  Source source(const std::string& name, const std::string& lag_topic) {
    Source made;
    made.name = name;
    made.log = folder.file(name + ".log");
    made.file = folder.write(name + ".json", Json({{"installation", installation},
                                                   {"kafka", {{"brokers", config.brokers}}},
                                                   {"http", {{"listen", "127.0.0.1:0"}}},
                                                   {"lag_source",
                                                    {{"topic", lag_topic},
                                                     {"interval", "1s"},
                                                     {"source", name},
                                                     {"cluster", "prod"},
                                                     {"groups", {group("*")}},
                                                     {"topics", {installation + ".live", installation + ".old"}},
                                                     {"labels", {{{"labels", {{"env", "production"}}}}}}}},
                                                   {"topologies", {{"right_sizing", Json::object()}}}})
                                                 .dump());
    made.tail = follow_topic(lag_topic);
    return made;
  }

  static void start(Source& source) {
    auto child = Child::start({{HEADROOM_BINARY, "lag-source", "--config", source.file}, source.log});
    ASSERT_TRUE(child);
    source.started_ms.push_back(wall_ms());
    source.child = std::make_unique<Child>(std::move(*child));
  }

  static void kill(Source& source) {
    source.child->signal(SIGKILL);
    ASSERT_EQ(source.child->wait(10'000), 128 + SIGKILL) << testing::read_text(source.log);
  }

  static void listen(Source& source) {
    ASSERT_TRUE(source.tail->poll(1, [&](const TopicRecord& record) {
      const Json value = Json::parse(record.value, nullptr, false);
      if (!value.contains("tick_ms")) return;
      if (value["source"] != source.name) return;
      if (source.tick_ms != value["tick_ms"]) ++source.ticks;
      source.tick_ms = value["tick_ms"];
      source.written_ms = record.timestamp_ms - source.tick_ms;
    }));
  }

  // The world goes on, until `done` or too long.
  template <class Done>
  [[nodiscard]] bool go_on(const std::vector<Source*>& sources, Done done, int64_t at_most_ms = 20'000) {
    for (const int64_t deadline = steady_ms() + at_most_ms; !done();) {
      if (steady_ms() >= deadline || HasFatalFailure()) return false;
      for (Source* source : sources) listen(*source);
      if (steady_ms() < next_ms) continue;
      next_ms = steady_ms() + 100;
      write_live();
      if (written % 5 == 0) commit_live();
    }
    return true;
  }
  // So many more of its own.
  void await_ticks(Source& source, const std::vector<Source*>& all, int number) {
    const int due = source.ticks + number;
    ASSERT_TRUE(go_on(all, [&] { return source.ticks >= due; })) << testing::read_text(source.log);
  }
  int64_t second() const { return (steady_ms() - began_ms) / 1000; }

  // Somewhere in the cycle that follows the next tick, told by when that should begin and by how long the last one took.
  void kill_within_cycle(Source& source, const std::vector<Source*>& all) {
    await_ticks(source, all, 1);
    const int64_t in_cycle_ms = std::uniform_int_distribution<int64_t>(0, std::max<int64_t>(source.written_ms, 10))(random);
    const int64_t at_ms = source.tick_ms + kIntervalMs + in_cycle_ms;
    ASSERT_TRUE(go_on(all, [&] { return wall_ms() >= at_ms; }));
    kill(source);
  }

  std::vector<std::pair<Partition, Json>> records_of(const std::string& lag_topic) const {
    std::vector<std::pair<Partition, Json>> records;
    ReadTopic what;
    what.topic = lag_topic;
    EXPECT_TRUE(read_topic(config, what, [&](const TopicRecord& record) {
      records.emplace_back(record.partition, Json::parse(record.value, nullptr, false));
      return true;
    }));
    return records;
  }

  // `left_out` by partition and place in it.
  Judged judge(const std::string& lag_topic, const std::set<std::pair<Partition, Offset>>& left_out = {}) const {
    Judged judged;
    Config whole;
    whole.installation = installation;
    const Json watch = {
        {"topic", lag_topic},
        {"detectors",
         {{{"name", "late"}, {"metric", "lag_seconds"}, {"threshold", 4}, {"for", "2s"}, {"commit_allowance", "off"}},
          {{"name", "unwell"}, {"metric", "verdict"}, {"verdicts", {"unknown", "losing_data", "rewound", "stopped", "abandoned"}}}}}};
    whole.topologies.push_back({"lag_watch", 1, watch.dump()});
    TopologyObservers observers;
    observers.lag.partition = [&](const LaneIdentity&, const LagStanding& in) {
      if (in.kind == StandingKind::kPartition) judged.notes.push_back({in.time_ms, std::string(in.group), in.verdict});
    };
    const auto topology = build_topology(whole, "lag_watch", observers);
    EXPECT_TRUE(topology) << topology.status().to_string();
    std::map<Partition, std::unique_ptr<Task>> tasks;
    ReadTopic what;
    what.topic = lag_topic;
    EXPECT_TRUE(read_topic(config, what, [&](const TopicRecord& record) {
      if (left_out.contains({record.partition, record.offset})) return true;
      auto& task = tasks[record.partition];
      if (task == nullptr) task = topology->make_task({installation, "lag_watch", record.partition, 1});
      const Record one{record.offset, record.timestamp_ms, record.key, record.value};
      Outbox outbox;
      task->process({record.partition, {&one, 1}, record.offset + 1}, outbox);
      for (const OutRecord& out : outbox.records) take(Json::parse(out.value, nullptr, false)["data"], judged);
      return true;
    }));
    return judged;
  }

  static void take(const Json& data, Judged& judged) {
    ASSERT_TRUE(data.contains("incident")) << data;
    auto& of_subject = judged.incidents[data["detector"].get<std::string>() + " " + data["labels"].dump()];
    if (data["state"] == "firing") of_subject.push_back({{}, *parse_rfc3339(data["since"].get<std::string>())});
    of_subject.back().states.push_back(data["state"]);
  }

  testing::TestFolder folder;
  std::mt19937 random{20261122};
  std::string live;
  std::unique_ptr<SampleProducer> producer;
  std::map<std::string, ClientHandle> readers;
  Offset written = 0;
  bool stalled = false;
  int64_t began_ms = 0;
  int64_t next_ms = 0;
};

// How well the times of the samples of each cycle after a start are known, and cycles without a tick.
struct Qualities {
  std::map<int, std::map<std::string, int>> by_cycle;  // 1: the first after a start; 4: all from the fourth on
  int torn = 0;

  Qualities(const std::vector<std::pair<Partition, Json>>& records, const std::vector<int64_t>& started_ms) {
    std::set<uint64_t> sampled, ticked;
    std::map<int64_t, std::set<uint64_t>> cycles;  // by start
    const auto start_of = [&](const Json& value) {
      return *std::prev(std::upper_bound(started_ms.begin(), started_ms.end(), value["seq"].get<int64_t>()));
    };
    for (const auto& [partition, value] : records) {
      const uint64_t seq = value["seq"];
      (value.contains("tick_ms") ? ticked : sampled).insert(seq);
      cycles[start_of(value)].insert(seq);
    }
    for (const uint64_t seq : sampled) torn += !ticked.contains(seq);
    for (const auto& [partition, value] : records) {
      if (value.contains("tick_ms")) continue;
      const auto& of_start = cycles[start_of(value)];
      const auto number = std::distance(of_start.begin(), of_start.find(value["seq"].get<uint64_t>())) + 1;
      ++by_cycle[static_cast<int>(std::min<int64_t>(number, 4))][value["quality"]];
    }
  }

  std::string text() const {
    std::string out;
    for (const auto& [cycle, counts] : by_cycle) {
      out += "  cycle " + std::to_string(cycle) + (cycle == 4 ? " and later:" : " after a start:");
      for (const auto& [quality, count] : counts) out += " " + quality + " " + std::to_string(count);
      out += "\n";
    }
    return out;
  }
};

TEST_F(LagSourceKillRealKafka, a_killed_source_causes_no_incident_and_hides_none) {
  Source a = source("a", make_topic("lag-a", 3));
  Source b = source("b", make_topic("lag-b", 3));
  const std::vector<Source*> all = {&a, &b};
  start(a);
  start(b);
  await_ticks(a, all, 1);
  ASSERT_TRUE(go_on(all, [&] { return b.ticks > 0; })) << testing::read_text(b.log);
  began_ms = steady_ms();
  const auto until = [&](int64_t at) { ASSERT_TRUE(go_on(all, [&] { return second() >= at; })); };
  until(2);
  kill_within_cycle(a, all);
  start(a);
  until(6);
  kill_within_cycle(a, all);
  until(8);
  stalled = true;
  until(11);  // away for longer than three intervals
  start(a);
  for (const int64_t at : {16, 18}) {  // once it fires, twice in a row
    until(at);
    kill_within_cycle(a, all);
    start(a);
  }
  until(21);
  stalled = false;
  until(22);
  kill_within_cycle(a, all);
  start(a);
  until(28);

  Qualities qualities(records_of(installation + ".lag-a"), a.started_ms);
  std::printf("a source killed %zu times within its cycles (the last took %lld ms), %d cycles left without a tick\n%s",
              a.started_ms.size() - 1, static_cast<long long>(a.written_ms), qualities.torn, qualities.text().c_str());
  // Six starts of nine samples. Reads wait for a connection in the first half second; what look-ups can tell does not.
  EXPECT_LE(qualities.by_cycle.at(1)["unknown"], 9) << qualities.text();
  for (const int cycle : {3, 4}) {
    const auto& counts = qualities.by_cycle.at(cycle);
    for (const char* bad : {"bracketed", "unknown"}) EXPECT_FALSE(counts.contains(bad)) << qualities.text();
    EXPECT_TRUE(counts.contains("exact") || counts.contains("interpolated"));
  }

  const Judged killed = judge(installation + ".lag-a");
  const Judged whole = judge(installation + ".lag-b");
  std::printf("killed:\n%snever killed:\n%s", killed.text().c_str(), whole.text().c_str());
  ASSERT_EQ(whole.incidents.size(), 6u) << "of the five that are far behind, and of the one that stalls";
  ASSERT_EQ(killed.incidents.size(), whole.incidents.size());
  for (const auto& [subject, expected] : whole.incidents) {
    ASSERT_TRUE(killed.incidents.contains(subject)) << subject;
    const auto& seen = killed.incidents.at(subject);
    ASSERT_EQ(seen.size(), 1u) << subject;
    ASSERT_EQ(expected.size(), 1u) << subject;
    EXPECT_EQ(seen[0].states, expected[0].states) << subject;
    EXPECT_EQ(seen[0].states.size(), subject.find("stalling") == std::string::npos ? 1u : 2u) << subject;
    EXPECT_LE(std::abs(seen[0].since_ms - expected[0].since_ms), 6 * kIntervalMs)
        << subject << ": three of a gap, and three of a slow machine";
  }
}

// The groups that are far behind are late all the time; nothing else is the matter.
void expect_only_the_old(const Judged& judged) {
  EXPECT_EQ(judged.incidents.size(), 5u) << judged.text();
  for (const auto& [subject, incidents] : judged.incidents) {
    EXPECT_TRUE(subject.starts_with("late ") && subject.find(".old") != std::string::npos) << subject;
    ASSERT_EQ(incidents.size(), 1u) << subject;
    EXPECT_EQ(incidents[0].states, std::vector<std::string>{"firing"}) << subject;
  }
  for (const auto& note : judged.notes) EXPECT_NE(note.verdict, LagVerdict::kUnknown) << note.group << " at " << note.tick_ms;
}

TEST_F(LagSourceKillRealKafka, samples_without_their_tick_change_nothing_but_that_tick) {
  const std::string lag_topic = make_topic("lag", 3);
  Source a = source("a", lag_topic);
  start(a);
  await_ticks(a, {&a}, 4);
  kill(a);

  // What a source leaves that dies while it writes: all samples of its next cycle and the tick of one partition, another than theirs.
  const auto records = records_of(lag_topic);
  const auto newest = std::find_if(records.rbegin(), records.rend(), [](const auto& one) { return one.second.contains("group"); });
  ASSERT_NE(newest, records.rend());
  const uint64_t seq = newest->second["seq"];
  std::map<Partition, Offset> next;
  for (const auto& one : records) ++next[one.first];
  auto torn = SampleProducer::open(config, lag_topic);
  ASSERT_TRUE(torn);
  std::set<std::pair<Partition, Offset>> left;
  const auto leave = [&](const std::string& key, const Json& value, Partition partition) {
    left.emplace(partition, next[partition]++);
    return (*torn)->produce(key, value.dump(), -1, partition);
  };
  for (const auto& [partition, value] : records) {
    if (!value.contains("group") || value["seq"] != seq) continue;
    Json sample = value;
    sample["seq"] = seq + 1;
    sample["observed_ms"] = value["observed_ms"].get<int64_t>() + kIntervalMs;
    ASSERT_TRUE(leave("production/none", sample, partition));
  }
  const Json tick = {{"tick_ms", a.tick_ms + kIntervalMs}, {"source", "a"}, {"interval_ms", kIntervalMs}, {"seq", seq + 1}};
  ASSERT_TRUE(leave("", tick, (newest->first + 1) % 3));
  ASSERT_TRUE((*torn)->flush(20'000));
  ASSERT_EQ(left.size(), 10u) << "of nine places";

  start(a);
  await_ticks(a, {&a}, 5);
  const Judged judged = judge(lag_topic);
  expect_only_the_old(judged);
  const Judged without = judge(lag_topic, left);
  EXPECT_EQ(judged.text(), without.text());
  ASSERT_EQ(judged.notes.size(), without.notes.size());
  for (size_t i = 0; i < judged.notes.size(); ++i) {
    EXPECT_EQ(judged.notes[i].tick_ms, without.notes[i].tick_ms);
    EXPECT_EQ(judged.notes[i].verdict, without.notes[i].verdict) << judged.notes[i].group;
  }
}

// The new source is followed from the first of its ticks that tells of three intervals without the old one: by the ticks themselves, for
// how far apart they are is the machine's doing. Silence counts from the first tick after the old one's last record, which its torn cycle
// may have written after two ticks of the new one.
void expect_no_longer_silence_than_due(const std::map<int64_t, std::string>& source_of, int64_t last_ms, int64_t first_ms) {
  std::vector<int64_t> unheard;
  for (auto tick = source_of.upper_bound(last_ms); tick->first < first_ms; ++tick) {
    EXPECT_EQ(tick->second, source_of.at(first_ms)) << "the old one was still there at " << tick->first;
    unheard.push_back(tick->first);
  }
  ASSERT_GE(unheard.size(), 3u);
  EXPECT_LT(unheard.back() - unheard[2], 3 * kIntervalMs) << "from " << last_ms << " to " << first_ms;
}

TEST_F(LagSourceKillRealKafka, a_second_source_takes_over_and_keeps_the_lane) {
  const std::string lag_topic = make_topic("lag", 3);
  Source a = source("a", lag_topic);
  Source b = source("b", lag_topic);
  const std::vector<Source*> all = {&a, &b};
  start(a);
  await_ticks(a, all, 2);
  start(b);
  await_ticks(b, all, 3);
  kill_within_cycle(a, all);
  await_ticks(b, all, 7);
  start(a);
  await_ticks(a, all, 4);
  kill_within_cycle(b, all);
  await_ticks(a, all, 7);

  std::map<int64_t, std::string> source_of;  // by tick
  for (const auto& [partition, value] : records_of(lag_topic))
    if (value.contains("tick_ms")) source_of[value["tick_ms"]] = value["source"];
  const Judged judged = judge(lag_topic);
  expect_only_the_old(judged);
  std::string followed;
  int64_t last_ms = 0;
  for (const auto& note : judged.notes) {
    const std::string& name = source_of[note.tick_ms];
    if (followed.empty() || followed.substr(followed.size() - 1) != name) {
      if (!followed.empty()) expect_no_longer_silence_than_due(source_of, last_ms, note.tick_ms);
      followed += name;
    }
    last_ms = note.tick_ms;
  }
  std::printf("the lane followed %s\n", followed.c_str());
  EXPECT_EQ(followed, "aba") << "and b is kept while both are there";
}

}  // namespace
}  // namespace headroom
