#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "engine/task.h"
#include "kafka/audit.h"
#include "kafka/group_offsets.h"
#include "kafka/topic_reader.h"
#include "topologies/registry.h"

namespace headroom {
namespace {

constexpr uint64_t kShowEvery = 65'536;

struct VerifyOptions {
  ConfigOptions config;
  std::string topology = "right_sizing";
  bool oracle = false;
  bool json = false;
  int timeout_s = 60;
};

// A lane as the group has it.
struct CommittedLane {
  std::string name;
  Offset offset = 0;
  OffsetMetadata metadata;
  Offset start = 0;  // of the input's log
};

class Verification {
 public:
  Verification(const Config& config, const Topology& topology, const VerifyOptions& options)
      : config_(config), topology_(topology), options_(options), audit_(config.engine.delivery) {}

  // Offsets first: what they promise must then be in the topics.
  Status run() {
    if (Status status = read_topics_bounds(); !status) return status;
    if (Status status = read_offsets(); !status) return status;
    for (const auto& topic : topology_.output_topics())
      if (Status status = read_output(topic); !status) return status;
    if (options_.oracle)
      if (Status status = run_oracle(); !status) return status;
    clear_progress();
    report_ = audit_.finish();
    return Status::ok();
  }

  const AuditReport& report() const { return report_; }
  const std::map<Partition, CommittedLane>& lanes() const { return lanes_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  int timeout_ms() const { return options_.timeout_s * 1000; }
  bool is_ours(std::string_view lane) const { return lane.empty() || lane.starts_with(concat(topology_.name(), "/")); }

  Status read_topics_bounds() {
    for (const auto& topic : topology_.output_topics()) {
      const auto bounds = topic_bounds(config_.kafka, topic, timeout_ms());
      if (!bounds) return bounds.status();
      std::vector<Partition> truncated;
      for (const auto& [partition, start, end] : *bounds)
        if (start > 0) truncated.push_back(partition);
      if (!truncated.empty()) notes_.push_back(concat(topic, " no longer holds its first records; what is gone cannot be checked"));
      audit_.expect_topic(topic, truncated);
    }
    return Status::ok();
  }

  Status read_offsets() {
    const auto bounds = topic_bounds(config_.kafka, topology_.source_topic(), timeout_ms());
    if (!bounds) return bounds.status();
    const std::string group = concat(config_.installation, ".", topology_.name());
    const auto committed = group_offsets(config_.kafka, group, topology_.source_topic(), timeout_ms());
    if (!committed) return committed.status();
    for (const auto& [partition, offset, metadata] : *committed) {
      if (!offset) continue;
      CommittedLane lane{concat(topology_.name(), "/", std::to_string(partition)), *offset, {}, 0};
      const auto decoded = decode_offset_metadata(metadata);
      if (!decoded) {
        notes_.push_back(concat(lane.name, ": the committed offset is not a worker's (", decoded.status().message(), "); not compared"));
        continue;
      }
      lane.metadata = *decoded;
      for (const auto& one : *bounds)
        if (one.partition == partition) lane.start = one.start;
      audit_.expect_commit(lane.name, lane.metadata);
      lanes_[partition] = std::move(lane);
    }
    return Status::ok();
  }

  Status read_output(const std::string& topic) {
    ReadTopic what;
    what.topic = topic;
    what.timeout_ms = timeout_ms();
    what.wait_for_open = config_.engine.delivery == Delivery::kExactlyOnce;
    return read_topic(config_.kafka, what, [&](const TopicRecord& record) {
      const std::string_view lane = record.header("lane");
      if (!is_ours(lane)) return true;
      if (record.header("reason") == "skipped") note_skip(lane, record.header("offset"));
      audit_.take(record);
      progress("records of outputs");
      return true;
    });
  }

  void note_skip(std::string_view lane, std::string_view offset) {
    skips_[std::string(lane)].push_back(std::atoll(std::string(offset).c_str()));
  }

  // The same tasks over the same input, in one thread, up to what is committed.
  Status run_oracle() {
    std::map<Partition, std::unique_ptr<Task>> tasks;
    ReadTopic what;
    what.topic = topology_.source_topic();
    what.timeout_ms = timeout_ms();
    what.with_headers = false;
    for (const auto& [partition, lane] : lanes_) {
      auto task = oracle_task(partition, lane);
      if (task == nullptr) continue;
      if (lane.offset > 0) what.partitions.push_back(partition);
      tasks[partition] = std::move(task);
    }
    Outbox outbox;
    if (!what.partitions.empty()) {
      const Status status = read_topic(config_.kafka, what, [&](const TopicRecord& record) {
        if (record.offset >= lanes_.at(record.partition).offset) return true;
        const Record one{record.offset, record.timestamp_ms, record.key, record.value};
        tasks.at(record.partition)->process({record.partition, {&one, 1}, record.offset + 1}, outbox);
        for (const auto& output : outbox.records) audit_.expect_output(output);
        outbox.clear();
        progress("records of the input");
        return true;
      });
      if (!status) return status;
    }
    for (const auto& [partition, task] : tasks) audit_.end_outputs(lanes_.at(partition).name);
    return Status::ok();
  }

  std::unique_ptr<Task> oracle_task(Partition partition, const CommittedLane& lane) {
    if (lane.start > 0) {
      notes_.push_back(concat(lane.name, ": the input's log begins at offset ", std::to_string(lane.start), "; the oracle cannot run"));
      return nullptr;
    }
    const uint64_t incarnation = audit_.incarnation_of(lane.name);
    if (incarnation == 0 && audit_.holds(lane.name)) {
      notes_.push_back(concat(lane.name, ": has records of several incarnations; the oracle cannot run"));
      return nullptr;
    }
    auto task = topology_.make_task(
        {config_.installation, topology_.name(), partition, incarnation == 0 ? lane.metadata.incarnation : incarnation});
    if (const auto skips = skips_.find(lane.name); skips != skips_.end()) {
      std::sort(skips->second.begin(), skips->second.end());
      task->set_skips(skips->second);
    }
    return task;
  }

  void progress(const char* what) {
    if (++seen_ % kShowEvery == 0 && ::isatty(STDERR_FILENO) == 1)
      std::fprintf(stderr, "\r%llu %s", static_cast<unsigned long long>(seen_), what);
  }
  void clear_progress() const {
    if (seen_ >= kShowEvery && ::isatty(STDERR_FILENO) == 1) std::fputs("\r\033[K", stderr);
  }

  const Config& config_;
  const Topology& topology_;
  const VerifyOptions& options_;
  Audit audit_;
  std::map<Partition, CommittedLane> lanes_;
  std::map<std::string, std::vector<Offset>> skips_;  // by lane
  std::vector<std::string> notes_;
  uint64_t seen_ = 0;
  AuditReport report_;
};

const char* hash_word(const AuditRow& row) {
  return row.hash_checked ? (row.faults[static_cast<size_t>(Fault::kHashDiffers)] > 0 ? "differs" : "equal") : "-";
}

void print_table(const Verification& verification, const VerifyOptions& options) {
  const AuditReport& report = verification.report();
  size_t lane_width = 4;
  size_t topic_width = 5;
  for (const auto& row : report.rows) {
    lane_width = std::max(lane_width, row.lane.size());
    topic_width = std::max(topic_width, row.topic.size());
  }
  std::printf("%-*s  %-*s  %10s  %10s  %10s  %10s  %8s  %8s  %-7s  %s\n", static_cast<int>(lane_width), "LANE",
              static_cast<int>(topic_width), "TOPIC", "RECORDS", "FIRST", "LAST", "COMMITTED", "REPEATED", "EXPIRED", "HASH", "VIOLATIONS");
  for (const auto& row : report.rows) {
    std::string faults;
    for (size_t i = 0; i < kFaults; ++i)
      if (row.faults[i] > 0)
        faults += concat(faults.empty() ? "" : ", ", fault_name(static_cast<Fault>(i)), " ", std::to_string(row.faults[i]));
    std::printf("%-*s  %-*s  %10llu  %10llu  %10llu  %10llu  %8llu  %8llu  %-7s  %s\n", static_cast<int>(lane_width),
                row.lane.empty() ? "(none)" : row.lane.c_str(), static_cast<int>(topic_width), row.topic.c_str(),
                static_cast<unsigned long long>(row.records), static_cast<unsigned long long>(row.first),
                static_cast<unsigned long long>(row.last), static_cast<unsigned long long>(row.committed),
                static_cast<unsigned long long>(row.repeated), static_cast<unsigned long long>(row.expired), hash_word(row),
                faults.empty() ? "none" : faults.c_str());
  }
  for (const auto& finding : report.findings)
    std::printf("%s: %s, lane %s, sequence %llu %s\n", std::string(fault_name(finding.fault)).c_str(), finding.topic.c_str(),
                finding.lane.c_str(), static_cast<unsigned long long>(finding.sequence), finding.detail.c_str());
  for (const auto& note : verification.notes()) std::printf("note: %s\n", note.c_str());
  std::printf("%s: %llu records, %llu violations%s\n", report.clean() ? "clean" : "NOT CLEAN",
              static_cast<unsigned long long>(report.records), static_cast<unsigned long long>(report.violations),
              options.oracle ? ", compared with an independent run over the input" : "");
}

void print_json(const Verification& verification, const VerifyOptions& options) {
  using Json = nlohmann::ordered_json;
  const AuditReport& report = verification.report();
  Json out = {{"clean", report.clean()},   {"topology", options.topology},    {"oracle", options.oracle},
              {"records", report.records}, {"violations", report.violations}, {"lanes", Json::array()},
              {"findings", Json::array()}, {"notes", verification.notes()}};
  for (const auto& row : report.rows) {
    Json faults = Json::object();
    for (size_t i = 0; i < kFaults; ++i)
      if (row.faults[i] > 0) faults[std::string(fault_name(static_cast<Fault>(i)))] = row.faults[i];
    out["lanes"].push_back({{"lane", row.lane},
                            {"topic", row.topic},
                            {"records", row.records},
                            {"first", row.first},
                            {"last", row.last},
                            {"committed", row.committed},
                            {"repeated", row.repeated},
                            {"expired", row.expired},
                            {"hash_checked", row.hash_checked},
                            {"violations", std::move(faults)}});
  }
  for (const auto& finding : report.findings)
    out["findings"].push_back({{"fault", std::string(fault_name(finding.fault))},
                               {"topic", finding.topic},
                               {"lane", finding.lane},
                               {"sequence", finding.sequence},
                               {"detail", finding.detail}});
  std::printf("%s\n", out.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

int verify(const VerifyOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  const auto topology = build_topology(loaded->config, options.topology);
  if (!topology) return fail(kExitUsage, topology.status().message());
  Verification verification(loaded->config, *topology, options);
  if (Status status = verification.run(); !status) return fail(kExitOutside, status.message());
  options.json ? print_json(verification, options) : print_table(verification, options);
  return verification.report().clean() ? kExitFine : kExitFound;
}

}  // namespace

Command verify_command() {
  return {"verify",
          "Prove from the output topics that no record was lost, doubled or torn. Exit 0: clean, 1: violations, 3: Kafka did not answer.",
          "  headroom verify --config prod.json\n"
          "  headroom verify --config prod.json --oracle --json\n",
          [](CLI::App& app) {
            auto options = std::make_shared<VerifyOptions>();
            add_config_options(app, options->config);
            app.add_option("--topology", options->topology, "whose outputs")->capture_default_str();
            app.add_flag("--oracle", options->oracle, "also run the topology anew over its whole input and compare every byte");
            app.add_flag("--json", options->json, "JSON instead of a table");
            app.add_option("--timeout", options->timeout_s, "seconds without an answer after which it gives up")
                ->capture_default_str()
                ->check(CLI::Range(1, 3600));
            return [options] { return verify(*options); };
          }};
}

}  // namespace headroom
