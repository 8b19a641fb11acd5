#include <gtest/gtest.h>

#include <algorithm>

#include "base/concat.h"
#include "engine/ports.h"
#include "kafka/topic_reader.h"
#include "kit/kafka_cluster.h"
#include "kit/model_broker.h"
#include "worker_ports.h"

// One script over the ports, played on the model that the simulator trusts and on a real broker: what each says must be the same.
namespace headroom {
namespace {

// Where a script is played.
class World {
 public:
  virtual ~World() = default;
  virtual std::unique_ptr<Source> source(const std::string& slot) = 0;
  virtual std::unique_ptr<Sink> sink(const std::string& slot, Source& source) = 0;
  virtual void append(Partition partition, int from, int to) = 0;
  virtual std::vector<std::string> visible() = 0;
};

struct Player : RebalanceListener {
  Player(World& world, const std::string& name) : slot(name), source(world.source(name)), sink(world.sink(name, *source)) {}
  ~Player() override { sink.reset(); }

  void on_assigned(std::span<const Partition> partitions, std::shared_ptr<GroupMetadata> taken) override {
    owned.assign(partitions.begin(), partitions.end());
    group = std::move(taken);
    std::vector<PartitionOffset> places;
    for (const Partition partition : owned) places.push_back({partition, 0});
    EXPECT_TRUE(source->assign(places));
  }
  void on_revoked(std::span<const Partition>, bool) override {
    owned.clear();
    group.reset();
  }

  std::string slot;
  std::unique_ptr<Source> source;
  std::unique_ptr<Sink> sink;
  std::vector<Partition> owned;
  std::shared_ptr<GroupMetadata> group;
};

class Script {
 public:
  Script(World& world, const std::string& topic) : world_(world), topic_(topic) {}

  std::vector<std::string> play() {
    Player a(world_, "a");
    join(a, {&a}, [&] { return a.owned.size() == 2; });
    commits_and_aborts(a);
    Player b(world_, "b");
    hand_over(a, b);
    open_transaction(a, b);
    second_process(a, b);
    return std::move(said_);
  }

 private:
  void say(const std::string& what) { said_.push_back(what); }

  // Polls all players until it holds.
  void until(const std::vector<Player*>& players, const std::function<bool()>& holds) {
    for (const int64_t deadline = steady_ms() + 30'000; !holds() && steady_ms() < deadline;)
      for (Player* player : players) (void)player->source->poll(5, 100);
    EXPECT_TRUE(holds());
    for (Player* player : players) {
      std::string owns = player->slot + " owns";
      for (const Partition partition : player->owned) owns += " " + std::to_string(partition);
      say(owns);
    }
  }
  void join(Player& player, const std::vector<Player*>& players, const std::function<bool()>& holds) {
    say(player.slot + " opens: " + std::string(player.sink->open(20'000) ? "ok" : "no"));
    EXPECT_TRUE(player.source->subscribe(player));
    until(players, holds);
  }

  void send(Player& player, Partition partition, uint64_t sequence, Offset offset, const GroupMetadata& group) {
    const Status begun = player.sink->begin();
    say(player.slot + " begins: " + (begun ? "ok" : std::string(begun.code() == Code::kFenced ? "fenced" : "no")));
    if (!begun) return;
    auto record = out_record(topic_, sequence, "v" + std::to_string(sequence), offset - 1);
    record.lane = "sizes/" + std::to_string(partition);
    EXPECT_TRUE(player.sink->produce(record));
    const OffsetCommit commit{partition, offset, "m" + std::to_string(sequence)};
    say(concat(player.slot, " sends offsets: ", outcome_name(player.sink->send_offsets(std::span(&commit, 1), group).outcome)));
  }
  void commit(Player& player) { say(concat(player.slot, " commits: ", outcome_name(player.sink->commit().outcome))); }
  void abort(Player& player) { say(concat(player.slot, " aborts: ", outcome_name(player.sink->abort().outcome))); }

  void look(Player& player, Partition partition, bool stable, int timeout_ms = 20'000) {
    const auto found = player.source->committed(std::span(&partition, 1), stable, timeout_ms);
    std::string text = "offset of " + std::to_string(partition) + (stable ? ", stable: " : ": ");
    if (!found)
      text += found.status().code() == Code::kTimeout ? "timeout" : found.status().to_string();
    else
      text += found->front().offset ? std::to_string(*found->front().offset) + " " + found->front().metadata : "none";
    say(text);
  }
  // A commit is answered before its marker stands in the output topic: what it wrote can be read a moment later.
  void see(size_t at_least) {
    auto values = world_.visible();
    for (const int64_t deadline = steady_ms() + 20'000; values.size() < at_least && steady_ms() < deadline;) values = world_.visible();
    std::string text = "visible:";
    for (const auto& value : values) text += " " + value;
    say(text);
  }
  void listed(Player& player, const std::string& slot) {
    const auto answer = player.source->group_lists_slot(slot, 20'000);
    say("the group lists " + slot + ": " + (answer ? (answer.value() ? "yes" : "no") : answer.status().to_string()));
  }

  void commits_and_aborts(Player& a) {
    look(a, 0, true);
    send(a, 0, 1, 5, *a.group);
    commit(a);
    look(a, 0, true);
    see(1);
    send(a, 0, 2, 7, *a.group);
    abort(a);
    look(a, 0, true);
    see(1);
    send(a, 0, 2, 8, *a.group);
    commit(a);
    look(a, 0, false);
    see(2);
  }

  void hand_over(Player& a, Player& b) {
    const auto old = a.group;
    join(b, {&a, &b}, [&] { return a.owned.size() == 1 && b.owned.size() == 1; });
    send(a, 1, 3, 4, *old);
    abort(a);
    look(a, 1, true);
    see(2);
    send(a, a.owned.front(), 3, 11, *a.group);
    commit(a);
    see(3);
    listed(a, "b");
    listed(a, "c");
  }

  // b dies with an open transaction: its offset cannot be read until somebody ends it.
  void open_transaction(Player& a, Player& b) {
    send(b, 1, 1, 3, *b.group);
    look(a, 1, true, 300);
    look(a, 1, false);
    say(std::string("ended: ") + (a.sink->end_transaction_of("b", 20'000) ? "ok" : "no"));
    look(a, 1, true);
    commit(b);
    see(3);
    say(std::string("b opens: ") + (b.sink->open(20'000) ? "ok" : "no"));
    send(b, 1, 1, 3, *b.group);
    commit(b);
    look(a, 1, true);
    see(4);
    const std::string lanes[] = {"sizes/0", "sizes/1"};
    const auto held = a.source->scan_outputs(lanes, 20'000);
    ASSERT_TRUE(held) << held.status().to_string();
    for (const auto& [lane, outputs] : held.value())
      for (const auto& [topic, last] : outputs.topics)
        say(lane + " holds " + std::to_string(last.sequence) + " of offset " + std::to_string(last.input_offset));
  }

  // Another process takes a's slot while a still runs; then b leaves.
  void second_process(Player& a, Player& b) {
    send(a, 0, 4, 12, *a.group);
    Player again(world_, "a");
    join(again, {&again, &b}, [&] { return again.owned.size() == 1 && b.owned.size() == 1; });
    commit(a);
    look(again, 0, true);
    send(again, 0, 4, 13, *again.group);
    commit(again);
    look(again, 0, true);
    see(5);
    b.source->leave(20'000);
    until({&again}, [&] { return again.owned.size() == 2; });
    listed(again, "b");
    read(again);
  }

  void read(Player& player) {
    world_.append(0, 0, 5);
    const auto bounds = player.source->bounds(0, 20'000);
    ASSERT_TRUE(bounds);
    say("log " + std::to_string(bounds->start) + " to " + std::to_string(bounds->end));
    std::string values = "read:";
    int count = 0;
    for (const int64_t deadline = steady_ms() + 30'000; count < 5 && steady_ms() < deadline;) {
      const auto batches = player.source->poll(20, 3);
      ASSERT_TRUE(batches);
      for (const Batch& batch : *batches)
        for (const Record& record : batch.records) {
          values += " " + std::string(record.value) + "@" + std::to_string(record.offset);
          ++count;
        }
    }
    say(values);
    for (const Offset offset : {Offset{3}, Offset{5}}) {
      const auto timestamp = player.source->timestamp_at(0, offset, 20'000);
      ASSERT_TRUE(timestamp) << timestamp.status().to_string();
      say("timestamp at " + std::to_string(offset) + ": " + (timestamp.value() ? std::to_string(*timestamp.value()) : "none"));
    }
  }

  World& world_;
  const std::string topic_;
  std::vector<std::string> said_;
};

class Model final : public World {
 public:
  std::unique_ptr<Source> source(const std::string& slot) override { return std::make_unique<kit::ModelSource>(broker_, clock_, slot); }
  std::unique_ptr<Sink> sink(const std::string& slot, Source&) override { return std::make_unique<kit::ModelSink>(broker_, clock_, slot); }
  void append(Partition partition, int from, int to) override {
    for (int i = from; i < to; ++i) broker_.append(partition, "k", std::to_string(i), 1'700'000'000'000 + i);
  }
  std::vector<std::string> visible() override {
    std::vector<std::string> values;
    for (const auto& record : broker_.output()) values.push_back(record.value);
    return values;
  }

 private:
  kit::ModelBroker broker_{2};
  kit::ModelClock clock_;
};

class Real final : public World {
 public:
  Real(KafkaConfig config, std::string installation, std::string in, std::string out)
      : config_(std::move(config)), installation_(std::move(installation)), in_(std::move(in)), out_(std::move(out)) {}
  std::unique_ptr<Source> source(const std::string& slot) override { return std::move(*make_kafka_source(options(slot))); }
  std::unique_ptr<Sink> sink(const std::string& slot, Source& source) override {
    return std::move(*make_kafka_sink(options(slot), source));
  }
  void append(Partition partition, int from, int to) override { fill(config_, in_, partition, from, to); }
  std::vector<std::string> visible() override {
    std::vector<std::string> values;
    ReadTopic what;
    what.topic = out_;
    EXPECT_TRUE(read_topic(config_, what, [&](const TopicRecord& record) { return values.emplace_back(record.value), true; }));
    return values;
  }

 private:
  KafkaWorkerOptions options(const std::string& slot) const { return worker_options(config_, installation_, slot, in_, {out_}); }

  const KafkaConfig config_;
  const std::string installation_;
  const std::string in_;
  const std::string out_;
};

class ModelRealKafka : public kit::RealKafkaTest {};

TEST_F(ModelRealKafka, says_what_a_real_broker_says) {
  const std::string in = make_topic("in", 2);
  const std::string out = make_topic("out", 1);
  Model model;
  const auto expected = Script(model, out).play();
  Real real(config, installation, in, out);
  const auto said = Script(real, out).play();
  EXPECT_EQ(said, expected);
  EXPECT_GT(expected.size(), 60u);
}

}  // namespace
}  // namespace headroom
