#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>

#include "base/concat.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/line_reader.h"
#include "engine/task.h"
#include "topologies/registry.h"

namespace headroom {
namespace {

constexpr uint64_t kShownRejects = 10;

struct ReplayOptions {
  ConfigOptions config;
  std::string topology = "right_sizing";
  std::string input;
  bool quiet = false;
};

// What a replay has come across, for the summary.
struct ReplayCounts {
  uint64_t lines = 0;
  uint64_t outputs = 0;
  uint64_t shown_rejects = 0;
  std::map<std::string_view, uint64_t> outcomes;  // of assessments
};

std::string header(const OutRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.headers)
    if (key == name) return value;
  return {};
}

// The same task as a worker runs, fed from lines instead of a partition.
class Replay {
 public:
  Replay(const Topology& topology, const Config& config, ReplayCounts& counts)
      : task_(topology.make_task({config.installation, topology.name(), 0, 1})), rejected_topic_(config.rejected_topic), counts_(counts) {}

  void take(const std::vector<std::string_view>& lines) {
    records_.clear();
    for (const auto line : lines) {
      const Offset offset = static_cast<Offset>(counts_.lines++);
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      records_.push_back({.offset = offset, .timestamp_ms = -1, .key = {}, .value = line});
    }
    task_->process({.partition = 0, .records = records_, .position = static_cast<Offset>(counts_.lines)}, outbox_);
    for (const auto& record : outbox_.records) put(record);
    outbox_.clear();
    std::fflush(stdout);
  }

  TaskCounts task_counts() const { return task_->counts(); }

 private:
  void put(const OutRecord& record) {
    if (record.topic == rejected_topic_) {
      if (counts_.shown_rejects++ < kShownRejects)
        std::fprintf(stderr, "line %lld: rejected: %s\n", static_cast<long long>(record.input_offset) + 1,
                     header(record, "reason").c_str());
      return;
    }
    ++counts_.outputs;
    std::fwrite(record.value.data(), 1, record.value.size(), stdout);
    std::fputc('\n', stdout);
  }

  std::unique_ptr<Task> task_;
  std::string rejected_topic_;
  ReplayCounts& counts_;
  std::vector<Record> records_;
  Outbox outbox_;
};

// A line on standard error that is rewritten five times a second; only on a terminal.
class Progress {
 public:
  explicit Progress(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}
  void show(const ReplayCounts& counts) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    std::fprintf(stderr, "\r%llu lines, %llu commands", static_cast<unsigned long long>(counts.lines),
                 static_cast<unsigned long long>(counts.outputs));
  }
  void end() const {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  bool shown_;
  std::chrono::steady_clock::time_point last_;
};

void print_summary(const ReplayCounts& counts, const TaskCounts& task) {
  uint64_t rejected = 0;
  std::string reasons;
  for (const auto& [reason, count] : task.rejected) {
    rejected += count;
    reasons += concat(reasons.empty() ? " (" : ", ", reason, " ", std::to_string(count));
  }
  if (!reasons.empty()) reasons += ")";
  std::string suppressed;
  uint64_t late = 0;
  for (const auto& [outcome, count] : counts.outcomes) {
    if (outcome == outcome_name(Outcome::kLate)) late = count;
    if (outcome.starts_with("suppressed_"))
      suppressed += concat(suppressed.empty() ? "" : ", ", outcome.substr(11), " ", std::to_string(count));
  }
  const std::string line =
      concat("replay: ", std::to_string(task.records), " records, ", std::to_string(task.values), " samples, ", std::to_string(late),
             " late, ", std::to_string(rejected), " rejected", reasons, ", ", std::to_string(counts.outputs), " commands",
             suppressed.empty() ? "" : concat("; suppressed: ", suppressed), "\n");
  std::fputs(line.c_str(), stderr);
}

int replay(const ReplayOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  ReplayCounts counts;
  TopologyObservers observers;
  observers.assessment = [&counts](const LaneIdentity&, const Assessment& assessment) {
    ++counts.outcomes[outcome_name(assessment.outcome)];
  };
  const auto topology = build_topology(loaded->config, options.topology, observers);
  if (!topology) return fail(kExitUsage, topology.status().message());
  auto lines = LineReader::open(options.input);
  if (!lines) return fail(kExitUsage, lines.status().message());
  Replay replay(*topology, loaded->config, counts);
  Progress progress(!options.quiet);
  for (;;) {
    const auto some = lines->next();
    if (!some) return fail(kExitUsage, concat(options.input, ", after line ", std::to_string(counts.lines), ": ", some.status().message()));
    if (some->empty()) break;
    replay.take(*some);
    progress.show(counts);
  }
  progress.end();
  if (!options.quiet) print_summary(counts, replay.task_counts());
  return kExitFine;
}

}  // namespace

Command replay_command() {
  return {"replay", "Run a topology over a file, without any server, and print the commands it would have written, one JSON a line.",
          "  headroom replay --topology right_sizing samples.jsonl\n"
          "  headroom replay --config prod.json --set engine.propose_only=true samples.jsonl | jq .data.desired\n"
          "  headroom feed --print --csv usage.csv --target shop/web/Deployment/api --map cpu_used_cores=cpu | headroom replay -\n",
          [](CLI::App& app) {
            auto options = std::make_shared<ReplayOptions>();
            add_config_options(app, options->config, false);
            app.add_option("--topology", options->topology, "Which topology to run")->capture_default_str();
            app.add_option("samples", options->input, "A file with one Sample, or an array of them, on each line; - for standard input")
                ->required()
                ->type_name("SAMPLES.jsonl");
            app.add_flag("-q,--quiet", options->quiet, "No progress and no summary");
            return [options] { return replay(*options); };
          }};
}

}  // namespace headroom
