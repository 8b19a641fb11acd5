#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/demo_screen.h"
#include "cli/lag_board.h"
#include "cli/lag_explain.h"
#include "cli/lag_reader.h"
#include "cli/lag_table.h"
#include "cli/scale_explain.h"
#include "config/nearest.h"
#include "topologies/registry.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

constexpr int kPollMs = 200;
constexpr size_t kExplained = 20;

struct LagOptions {
  ConfigOptions config;
  std::string since = "15m";
  bool once = false;
  bool json = false;
  std::string explain;
  std::string group;
  std::string topic;
  std::string sort = "verdict";
  std::optional<size_t> limit;
  int timeout_s = 60;
};

const std::map<std::string, LagSort>& sorts() {
  static const std::map<std::string, LagSort> kSorts = {
      {"verdict", LagSort::kVerdict}, {"seconds", LagSort::kSeconds}, {"lag", LagSort::kRecords}};
  return kSorts;
}

void print(const std::vector<std::string>& lines) {
  for (const auto& line : lines) std::printf("%s\n", line.c_str());
}

// Everything after the configuration was read.
class LagView {
 public:
  LagView(const LagOptions& options, const Config& config) : options_(options), config_(config), board_(options.explain) {
    choice_ = {options.group, options.topic, sorts().at(options.sort), options.limit.value_or(0)};
  }

  int run(int64_t since_ms) {
    from_ms_ = clock_.wall_ms() - since_ms;
    TopologyObservers observers;
    observers.lag = board_.observers();
    assumed_commit_ms_ = assumed_commit_ms(config_, since_ms);
    const auto topology = build_topology(with_assumed_commit(config_, assumed_commit_ms_), "lag_watch", observers);
    if (!topology) return fail(kExitUsage, topology.status().message());
    topic_ = topology->source_topic();
    const bool live = !options_.once && !options_.json && options_.explain.empty() && demo::Screen::possible();
    if (live) block_signals();
    auto reader = open_reader(*topology);
    if (!reader) return fail(kExitOutside, concat(reader.status().message(), hint(reader.status())));
    reader_ = std::move(*reader);
    if (const Status status = catch_up(); !status) return fail(kExitOutside, status.message());
    if (stopped_) return kExitFine;
    if (live) return follow();
    return options_.explain.empty() ? print_table() : print_explanation();
  }

 private:
  std::string since_text() const { return format_rfc3339(from_ms_ / 1000 * 1000); }

  static std::string hint(const Status& status) {
    return status.code() == Code::kNotFound ? ": `headroom lag-source` makes it, and writes what this command shows" : "";
  }

  // A partition whose leader is about to move, or to be chosen, is waited for; brokers that do not answer at all take the whole time by
  // themselves.
  Result<std::unique_ptr<LagReader>> open_reader(const Topology& topology) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options_.timeout_s);
    for (;;) {
      auto reader = LagReader::open(config_, topology, {from_ms_}, options_.timeout_s * 1000);
      const bool passing = !reader && reader.status().code() == Code::kUnavailable;
      if (!passing || stop_asked() || std::chrono::steady_clock::now() > deadline) return reader;
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
    }
  }

  void block_signals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    blocked_ = true;
  }

  bool stop_asked() {
    const timespec now = {};
    if (blocked_ && sigtimedwait(&signals_, nullptr, &now) > 0) stopped_ = true;
    return stopped_;
  }

  // Until all is processed that there was. Brokers that are away give nothing and are no error, so silence has an end of its own.
  Status catch_up() {
    const bool told = isatty(STDERR_FILENO) == 1;
    auto last = std::chrono::steady_clock::now();
    while (!reader_->caught_up() && !stop_asked()) {
      const auto taken = reader_->poll(kPollMs);
      if (!taken) return taken.status();
      if (told) std::fprintf(stderr, "\rreading %s: %llu records", topic_.c_str(), static_cast<unsigned long long>(reader_->records()));
      const auto now = std::chrono::steady_clock::now();
      if (*taken > 0) last = now;
      if (now - last > std::chrono::seconds(options_.timeout_s))
        return Status(Code::kTimeout, concat("reading ", topic_, ": nothing came for ", std::to_string(options_.timeout_s), " s"));
    }
    if (told) std::fputs("\r\033[K", stderr);
    return Status::ok();
  }

  // Why there is nothing to show; empty when there is.
  std::string nothing() const {
    if (reader_->records() == 0) return concat("no record in ", topic_, " since ", since_text(), ": no source writes to it");
    if (board_.ticks() == 0)
      return concat("no tick in ", topic_, " since ", since_text(), ", in ", std::to_string(reader_->records()),
                    " records: without ticks of its source nothing is judged");
    return {};
  }

  // Headlines on standard error, so that standard output is the table alone.
  void warn() const {
    if (const std::string rejected = reader_->rejected(); !rejected.empty())
      std::fprintf(stderr, "headroom: records of %s that cannot be read: %s\n", topic_.c_str(), rejected.c_str());
    const std::string silent = silence_warning(board_.tick_ms().value_or(0), board_.interval_ms(), clock_.wall_ms());
    if (!silent.empty()) std::fprintf(stderr, "headroom: %s\n", silent.c_str());
  }

  int print_table() {
    if (const std::string why = nothing(); !why.empty()) return fail(kExitFound, why);
    warn();
    const std::vector<LagRow> all = board_.rows();
    size_t left_out = 0;
    const std::vector<LagRow> rows = choose(all, choice_, &left_out);
    if (rows.empty() && !all.empty())
      return fail(kExitFound, concat("of ", std::to_string(all.size()), " groups on topics none fits --group and --topic"));
    if (options_.json) {
      for (const auto& row : rows) std::printf("%s\n", row_json(row).c_str());
      return kExitFine;
    }
    std::printf("%s\n\n", table_title(all, *board_.tick_ms()).c_str());
    if (rows.empty()) return std::printf("No group has committed anything yet.\n"), kExitFine;
    print(table_lines(rows, false));
    if (left_out > 0) std::printf("and %zu more\n", left_out);
    return kExitFine;
  }

  int print_explanation() {
    if (const std::string why = nothing(); !why.empty()) return fail(kExitFound, why);
    warn();
    std::vector<LagPartitionRow> partitions = board_.partitions();
    if (partitions.empty()) return no_such_group();
    std::erase_if(partitions, [this](const auto& row) { return !fits_name(options_.topic, row.topic); });
    if (partitions.empty()) return fail(kExitFound, concat(options_.explain, " reads no topic that fits ", options_.topic));
    if (!options_.json) {
      print(explain_lines(board_.groups(), std::move(partitions), options_.limit.value_or(kExplained), assumed_commit_ms_));
      return kExitFine;
    }
    for (const auto& row : board_.groups())
      if (row.scaling) std::printf("%s\n", scale_json(row).c_str());
    for (const auto& row : partitions) std::printf("%s\n", partition_json(row, assumed_commit_ms_).c_str());
    return kExitFine;
  }

  int no_such_group() const {
    const std::vector<LagRow> rows = board_.rows();
    std::vector<std::string_view> names;
    for (const auto& row : rows) names.push_back(row.group);
    const std::string_view near = nearest_name(options_.explain, names);
    return fail(kExitFound, concat("no group \"", options_.explain, "\" at the last tick",
                                   near.empty() ? "" : concat("; did you mean \"", near, "\"?")));
  }

  int follow() {
    const Status status = draw_until_stopped();
    return status ? kExitFine : fail(kExitOutside, status.message());
  }

  Status draw_until_stopped() {
    demo::Screen screen("/dev/null");
    uint64_t drawn = 0;
    auto last = std::chrono::steady_clock::now() - std::chrono::hours(1);
    while (!stop_asked()) {
      const auto now = std::chrono::steady_clock::now();
      if (drawn != board_.ticks() || now - last > std::chrono::seconds(1)) {
        drawn = board_.ticks();
        last = now;
        draw(screen);
      }
      if (const auto taken = reader_->poll(kPollMs); !taken) return taken.status();
    }
    return Status::ok();
  }

  void draw(demo::Screen& screen) const {
    const demo::BoardStyle style = screen.style();
    const std::vector<LagRow> all = board_.rows();
    std::vector<std::string> lines = {board_.tick_ms() ? concat("headroom lag  ", table_title(all, *board_.tick_ms())) : "headroom lag"};
    lines.push_back(board_.tick_ms() ? silence_warning(*board_.tick_ms(), board_.interval_ms(), clock_.wall_ms())
                                     : concat("nothing yet: ", nothing()));
    const auto height = static_cast<size_t>(std::max(style.height, 5));
    LagChoice choice = choice_;
    choice.limit = choice.limit == 0 ? height - 4 : std::min(choice.limit, height - 4);
    size_t left_out = 0;
    const std::vector<LagRow> rows = choose(all, choice, &left_out);
    for (auto& line : table_lines(rows, style.colour)) lines.push_back(std::move(line));
    if (left_out > 0) lines.push_back(concat("and ", std::to_string(left_out), " more"));
    for (auto& line : lines) line = demo::clip(line, style.width);
    screen.draw(lines);
  }

  const LagOptions& options_;
  const Config& config_;
  const SystemClock clock_;
  LagBoard board_;
  LagChoice choice_;
  std::unique_ptr<LagReader> reader_;
  std::string topic_;
  int64_t from_ms_ = 0;
  int64_t assumed_commit_ms_ = 0;
  sigset_t signals_{};
  bool blocked_ = false;
  bool stopped_ = false;
};

int lag(const LagOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  const auto since_ms = parse_duration(options.since);
  if (!since_ms || *since_ms <= 0)
    return fail(kExitUsage, concat("--since ", options.since, ": a duration such as 15m or 1h30m is wanted"));
  return LagView(options, loaded->config).run(*since_ms);
}

}  // namespace

Command lag_command() {
  return {"lag", "Show how far consumer groups are behind, what is to be thought of it and why, from the lag topic itself.",
          "  headroom lag --config prod.json\n"
          "  headroom lag --config prod.json --once --sort seconds --limit 20\n"
          "  headroom lag --config prod.json --json --group 'pay*' | jq -c 'select(.verdict != \"ok\")'\n"
          "  headroom lag --config prod.json --explain payments\n",
          [](CLI::App& app) {
            auto options = std::make_shared<LagOptions>();
            add_config_options(app, options->config);
            app.add_option("--since", options->since, "How far back it reads; verdicts need some minutes, scaling at least its windows")
                ->capture_default_str();
            app.add_flag("--once", options->once, "Print the table once, as it is where the output is no terminal");
            app.add_flag("--json", options->json,
                         "One JSON object a line, once; with --explain `scaling` of the group, then its partitions");
            app.add_option("--explain", options->explain,
                           "Why this group has its verdict: each partition, its numbers and the rule; and why it is scaled or not")
                ->type_name("GROUP");
            app.add_option("--group", options->group, "Groups that fit: * any characters, ? one")->type_name("PATTERN");
            app.add_option("--topic", options->topic, "Topics that fit")->type_name("PATTERN");
            app.add_option("--sort", options->sort, "What comes first: the worst verdict, the most seconds, or the most lag in records")
                ->check(CLI::IsMember({"verdict", "seconds", "lag"}))
                ->capture_default_str();
            app.add_option("--limit", options->limit, "Rows at most (default: all; of --explain the 20 worst)");
            app.add_option("--timeout", options->timeout_s, "seconds without an answer after which it gives up")
                ->capture_default_str()
                ->check(CLI::Range(1, 3600));
            return [options] { return lag(*options); };
          }};
}

}  // namespace headroom
