// The requests of other exporters, re-stated: what a scrape asks, as their code has it, and nothing of what they do with it. Each says a
// JSON line: requests and seconds.
//
//   lag_ways --brokers 127.0.0.1:9092 --way kminion|kafka_exporter --seconds 60
//
// kminion (2.3, scrapeMode adminApi): the groups, all described, one OffsetFetch a group, ends and starts of all partitions a leader.
// kafka_exporter (1.9): end and start of each partition by a request of its own; of each group one OffsetFetch; then for each group and
// partition that it committed the end again, by a request of its own, one after another.
// Neither tells times. A scrape begins 5 s after the last one began, or when that is over.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "kafka/client.h"
#include "kafka/lag_groups.h"
#include "kafka/lag_offsets.h"

namespace headroom {
namespace {

constexpr int64_t kIntervalMs = 5000;
constexpr int64_t kPatienceMs = 600'000;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "lag_ways: %s\n", result.status().to_string().c_str());
  std::exit(1);
}

// Scrapes as one of them does.
class Scraper {
 public:
  Scraper(const std::string& brokers, bool one_by_one) : one_by_one_(one_by_one) {
    KafkaConfig kafka;
    kafka.brokers = brokers;
    groups_ = must(LagGroups::make(kafka));
    offsets_ = must(LagOffsets::make(kafka, LagOffsets::End::kHigh));
    client_ = must(make_client(kafka, client_plan(kafka, RD_KAFKA_CONSUMER)));
  }

  void scrape() {
    const int64_t deadline_ms = steady_ms() + kPatienceMs;
    leaders_ = must(groups_->leaders(deadline_ms));
    std::vector<OffsetQuestion> ends;
    for (const auto& [topic, partitions] : leaders_)
      for (size_t p = 0; p < partitions.size(); ++p)
        ends.push_back({.topic = &topic, .partition = static_cast<int32_t>(p), .leader = partitions[p]});
    std::vector<OffsetQuestion> starts = ends;
    for (OffsetQuestion& start : starts) start.time_ms = OffsetQuestion::kStart;
    ask(ends, deadline_ms);
    ask(starts, deadline_ms);
    const std::vector<std::string> names = describe_all();
    for (const GroupCommits& commits : groups_->committed(names, deadline_ms)) {
      if (!one_by_one_) continue;
      std::vector<OffsetQuestion> again;
      for (const CommittedPartition& one : commits.partitions) {
        const auto topic = leaders_.find(one.place.first);
        if (topic != leaders_.end())
          again.push_back(
              {.topic = &topic->first, .partition = one.place.second, .leader = topic->second[static_cast<size_t>(one.place.second)]});
      }
      ask(again, deadline_ms);
    }
  }

  uint64_t requests() const { return groups_->requests() + offsets_->requests() + described_; }

 private:
  void ask(std::vector<OffsetQuestion>& questions, int64_t deadline_ms) {
    if (!one_by_one_) return offsets_->ask(questions, deadline_ms);
    for (OffsetQuestion& question : questions) offsets_->ask(std::span(&question, 1), deadline_ms);
  }

  // A listing, and one description of all, a broker; there is one broker.
  std::vector<std::string> describe_all() {
    const rd_kafka_group_list* list = nullptr;
    if (rd_kafka_list_groups(client_.get(), nullptr, &list, kPatienceMs) != RD_KAFKA_RESP_ERR_NO_ERROR) std::exit(1);
    described_ += 2;
    std::vector<std::string> names;
    for (int i = 0; i < list->group_cnt; ++i) names.emplace_back(list->groups[i].group);
    rd_kafka_group_list_destroy(list);
    return names;
  }

  const bool one_by_one_;
  uint64_t described_ = 0;
  ClientHandle client_;
  std::unique_ptr<LagGroups> groups_;
  std::unique_ptr<LagOffsets> offsets_;
  TopicLeaders leaders_;
};

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  using namespace headroom;
  std::string brokers;
  std::string way;
  double seconds = 60;
  CLI::App app("The requests of other exporters");
  app.add_option("--brokers", brokers)->required();
  app.add_option("--way", way)->required()->check(CLI::IsMember({"kminion", "kafka_exporter"}));
  app.add_option("--seconds", seconds);
  CLI11_PARSE(app, argc, argv);
  Scraper scraper(brokers, way == "kafka_exporter");
  const int64_t until_ms = steady_ms() + static_cast<int64_t>(seconds * 1000);
  while (steady_ms() < until_ms) {
    const int64_t began_ms = steady_ms();
    const uint64_t before = scraper.requests();
    scraper.scrape();
    std::printf("{\"requests\":%llu,\"seconds\":%.3f}\n", static_cast<unsigned long long>(scraper.requests() - before),
                static_cast<double>(steady_ms() - began_ms) / 1000);
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::milliseconds(std::max<int64_t>(0, began_ms + kIntervalMs - steady_ms())));
  }
}
