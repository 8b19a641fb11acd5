#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "engine/task.h"
#include "kafka/topic_reader.h"
#include "redis/redis_store.h"
#include "redis/store_calls.h"
#include "topologies/registry.h"
#include "worker/manifest_core.h"

namespace headroom {
namespace {

constexpr int kKafkaTimeoutMs = 20'000;

struct StateOptions {
  ConfigOptions config;
  std::string lane;
  bool pages = false;
  bool json = false;
  int64_t offset = -1;
  bool yes = false;
};

struct LaneName {
  std::string topology;
  Partition partition = 0;
};

Result<LaneName> parse_lane(const std::string& text) {
  const size_t slash = text.rfind('/');
  LaneName out{text.substr(0, slash), -1};
  if (slash != std::string::npos) std::from_chars(text.data() + slash + 1, text.data() + text.size(), out.partition);
  if (out.partition < 0 || concat(out.topology, "/", std::to_string(out.partition)) != text)
    return Status(Code::kInvalid, concat("a lane is topology/partition, as in right_sizing/3, and not \"", text, "\""));
  return out;
}

// What Redis has of one lane.
struct LaneState {
  LaneIdentity identity;
  std::optional<Manifest> manifest;
  ManifestCore core;
  Progress progress;
  std::string trouble;  // why the manifest cannot be used by this binary
  std::optional<AttemptMark> mark;
  std::vector<Offset> skips;
  std::optional<uint64_t> bytes;  // of pages, when they were read
  uint64_t keys = 0;
};

class StateReader {
 public:
  StateReader(const Config& config, CheckpointStore& store) : config_(config), store_(store) {}

  Result<LaneState> read(const LaneName& lane, bool with_pages) {
    const auto topology = build_topology(config_, lane.topology);
    if (!topology) return topology.status();
    LaneState out;
    out.identity = {config_.installation, lane.topology, lane.partition, 1};
    StoreCalls calls(store_);
    const std::string name = out.identity.full_name();
    auto manifest = calls.manifest(name);
    if (!manifest) return manifest.status();
    out.manifest = std::move(*manifest);
    const auto mark = calls.mark(name);
    if (!mark) return mark.status();
    out.mark = *mark;
    auto skips = calls.skips(name);
    if (!skips) return skips.status();
    out.skips = std::move(*skips);
    if (out.manifest) explain(*topology, with_pages, out);
    return out;
  }

 private:
  void explain(const Topology& topology, bool with_pages, LaneState& out) {
    auto core = decode_manifest_core(out.manifest->core);
    if (!core) return void(out.trouble = core.status().message());
    out.core = std::move(*core);
    out.identity.incarnation = out.core.incarnation;
    const auto task = topology.make_task(out.identity);
    if (Status status = task->load_core(out.core.task); !status) return void(out.trouble = status.message());
    out.progress = task->progress();
    if (with_pages) load_pages(*task, out);
  }

  // The pages as a worker would load them, many under way at once.
  void load_pages(Task& task, LaneState& out) {
    uint64_t bytes = 0;
    size_t answered = 0;
    size_t asked = 0;
    for (const auto& [id, name] : out.manifest->pages) {
      ++asked;
      store_.read_page(out.identity.full_name(), name, [&task, &out, &bytes, &answered, page_id = id](Result<std::string> page) {
        ++answered;
        if (page) bytes += page->size();
        const Status status = page ? load_page(task, page_id, *page) : page.status();
        if (!status && out.trouble.empty())
          out.trouble = concat("page ", std::to_string(page_id.store), ".", std::to_string(page_id.page), ": ", status.message());
      });
      while (asked - answered >= 64) store_.wait(100);
    }
    while (answered < asked) store_.wait(100);
    out.bytes = bytes;
    for (StateStore* store : task.stores()) {
      if (Status status = store->finish_load(); !status && out.trouble.empty()) out.trouble = status.message();
      out.keys += store->key_count();
    }
  }

  static Status load_page(Task& task, PageId id, std::string_view bytes) {
    if (id.store >= task.stores().size()) return {Code::kSchema, "of an operator that this topology has not"};
    return task.stores()[id.store]->load_page(id.page, bytes);
  }

  const Config& config_;
  CheckpointStore& store_;
};

std::string rfc3339_or_dash(int64_t time_ms) {
  return time_ms < 0 ? "-" : format_rfc3339(time_ms);
}

std::string join(const std::vector<Offset>& offsets) {
  std::string out;
  for (const Offset offset : offsets) out += concat(out.empty() ? "" : ",", std::to_string(offset));
  return out.empty() ? "-" : out;
}

std::string mark_text_of(const LaneState& state) {
  if (!state.mark) return "-";
  return concat(std::to_string(state.mark->offset), " (", std::to_string(state.mark->deaths),
                state.mark->deaths == 1 ? " death)" : " deaths)");
}

void print_table(const std::vector<LaneState>& states, bool with_pages) {
  std::printf("%-24s %7s %14s %7s %14s %-20s %-20s %-18s %s\n", "LANE", "EPOCH", "OFFSET", "PAGES", with_pages ? "BYTES" : "",
              "INPUT UP TO", "EVENT TIME", "MARK", "SKIPS");
  for (const LaneState& state : states) {
    const std::string lane = state.identity.lane();
    if (!state.manifest) {
      std::printf("%-24s %s; mark %s, skips %s\n", lane.c_str(), "no checkpoint", mark_text_of(state).c_str(), join(state.skips).c_str());
      continue;
    }
    std::printf("%-24s %7llu %14lld %7zu %14s %-20s %-20s %-18s %s\n", lane.c_str(), static_cast<unsigned long long>(state.manifest->epoch),
                static_cast<long long>(state.core.offset), state.manifest->pages.size(),
                state.bytes ? std::to_string(*state.bytes).c_str() : "", rfc3339_or_dash(state.progress.last_record_timestamp).c_str(),
                rfc3339_or_dash(state.progress.time_ms).c_str(), mark_text_of(state).c_str(), join(state.skips).c_str());
    if (!state.trouble.empty()) std::printf("  cannot be loaded by this binary: %s\n", state.trouble.c_str());
  }
}

nlohmann::json json_of(const LaneState& state) {
  nlohmann::json out = {{"lane", state.identity.lane()}, {"skips", state.skips}};
  if (state.mark) out["mark"] = {{"offset", state.mark->offset}, {"deaths", state.mark->deaths}};
  if (!state.manifest) return out;
  nlohmann::json& manifest = out["checkpoint"] = {{"owner", state.manifest->owner},        {"epoch", state.manifest->epoch},
                                                  {"incarnation", state.core.incarnation}, {"offset", state.core.offset},
                                                  {"pages", state.manifest->pages.size()}, {"core_bytes", state.manifest->core.size()}};
  if (state.progress.last_record_timestamp >= 0) manifest["input_time"] = format_rfc3339(state.progress.last_record_timestamp);
  if (state.progress.time_ms >= 0) manifest["event_time"] = format_rfc3339(state.progress.time_ms);
  for (const OutputProgress& output : state.progress.outputs) manifest["sequences"][output.topic] = output.sequence;
  if (state.bytes) {
    manifest["bytes"] = *state.bytes;
    manifest["keys"] = state.keys;
  }
  if (!state.trouble.empty()) manifest["trouble"] = state.trouble;
  return out;
}

// All lanes there can be: the partitions of each configured topology's input. Only Kafka knows how many.
Result<std::vector<LaneName>> all_lanes(const Config& config) {
  std::vector<LaneName> out;
  for (const TopologyConfig& part : config.topologies) {
    const auto topology = build_topology(config, part.name);
    if (!topology) return topology.status();
    const auto bounds = topic_bounds(config.kafka, topology->source_topic(), kKafkaTimeoutMs);
    if (!bounds) return Status(bounds.status().code(), concat(bounds.status().message(), " (with LANE named, only Redis is asked)"));
    for (const PartitionBounds& one : *bounds) out.push_back({part.name, one.partition});
  }
  return out;
}

ExitCode exit_of(const Status& status) {
  return status.code() == Code::kInvalid || status.code() == Code::kNotFound ? kExitUsage : kExitOutside;
}

std::string sentence_of(const CheckpointStore& store, const Status& status) {
  return store.connected() || store.trouble().empty() ? status.message() : store.trouble();
}

Result<std::vector<LaneState>> read_states(const Config& config, CheckpointStore& store, const StateOptions& options) {
  std::vector<LaneName> lanes;
  if (options.lane.empty()) {
    auto all = all_lanes(config);
    if (!all) return all.status();
    lanes = std::move(*all);
  } else {
    auto lane = parse_lane(options.lane);
    if (!lane) return lane.status();
    lanes.push_back(std::move(*lane));
  }
  std::vector<LaneState> out;
  for (const LaneName& lane : lanes) {
    auto state = StateReader(config, store).read(lane, options.pages);
    if (!state) return Status(state.status().code(), sentence_of(store, state.status()));
    out.push_back(std::move(*state));
  }
  return out;
}

int show(const StateOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  auto store = RedisStore::make(loaded->config.redis, "headroom-state");
  if (!store) return fail(kExitUsage, store.status().message());
  const auto states = read_states(loaded->config, **store, options);
  if (!states) return fail(exit_of(states.status()), states.status().message());
  if (options.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const LaneState& state : *states) out.push_back(json_of(state));
    std::printf("%s\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    print_table(*states, options.pages);
  }
  const bool trouble = std::any_of(states->begin(), states->end(), [](const LaneState& state) { return !state.trouble.empty(); });
  return trouble ? kExitFound : kExitFine;
}

// Losing a record is nobody's accident: asked on a terminal, --yes elsewhere.
bool confirmed(const StateOptions& options, const std::string& question) {
  if (options.yes) return true;
  if (::isatty(STDIN_FILENO) != 1) return false;
  std::fprintf(stderr, "%s Type yes: ", question.c_str());
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}

int skip(const StateOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  const auto lane = parse_lane(options.lane);
  if (!lane) return fail(kExitUsage, lane.status().message());
  const auto topology = build_topology(loaded->config, lane->topology);
  if (!topology) return fail(kExitUsage, topology.status().message());
  auto store = RedisStore::make(loaded->config.redis, "headroom-state");
  if (!store) return fail(kExitUsage, store.status().message());
  const std::string name = LaneIdentity{loaded->config.installation, lane->topology, lane->partition, 1}.full_name();
  const std::string place =
      concat("offset ", std::to_string(options.offset), " of ", topology->source_topic(), "/", std::to_string(lane->partition));
  StoreCalls calls(**store);
  const auto mark = calls.mark(name);
  if (!mark) return fail(kExitOutside, sentence_of(**store, mark.status()));
  if (!*mark || (*mark)->offset != options.offset)
    std::fprintf(stderr, "Note: no worker says that it died at this offset (mark: %s).\n",
                 *mark ? std::to_string((*mark)->offset).c_str() : "none");
  if (!confirmed(options, concat("The record at ", place, " will not be processed; it goes to ", loaded->config.rejected_topic,
                                 " with reason skipped.")))
    return fail(kExitUsage, "not confirmed, nothing was changed (--yes confirms where there is no terminal)");
  if (Status status = calls.add_skip(name, options.offset); !status) return fail(kExitOutside, sentence_of(**store, status));
  std::printf("%s will be passed. A lane paused at it goes on within seconds.\n", place.c_str());
  return kExitFine;
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<StateOptions>();
  auto* show_app = app.add_subcommand("show", "Show what Redis has of each lane, or of one");
  add_config_options(*show_app, options->config);
  show_app->add_option("LANE", options->lane, "topology/partition; without it all of them, counted by Kafka");
  show_app->add_flag("--pages", options->pages, "also load every page: bytes, keys, and whether this binary can read them");
  show_app->add_flag("--json", options->json, "JSON instead of a table");
  auto* skip_app = app.add_subcommand("skip", "Pass a record that kills workers: it goes to the rejected topic with reason skipped");
  add_config_options(*skip_app, options->config);
  skip_app->add_option("LANE", options->lane, "topology/partition")->required();
  skip_app->add_option("OFFSET", options->offset, "of the record in the lane's input")->required()->check(CLI::NonNegativeNumber);
  skip_app->add_flag("--yes", options->yes, "do not ask");
  app.require_subcommand(1);
  return [options, skip_app] { return skip_app->parsed() ? skip(*options) : show(*options); };
}

}  // namespace

Command state_command() {
  return {"state",
          "Show the lanes' checkpoints in Redis, or pass a record that kills workers. Exit 1: a checkpoint cannot be loaded, 3: Redis or "
          "Kafka did not answer.",
          "  headroom state show --config prod.json\n"
          "  headroom state show right_sizing/3 --pages --json --config prod.json\n"
          "  headroom state skip right_sizing/3 88121 --config prod.json\n",
          setup};
}

}  // namespace headroom
