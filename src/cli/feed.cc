#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/concat.h"
#include "base/log.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/csv_feed.h"
#include "headroom/lag_codec.h"
#include "kafka/sample_producer.h"
#include "kafka/topics.h"

namespace headroom {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr uint64_t kShownFaults = 20;
constexpr int kFlushMs = 30'000;
constexpr int kTopicsMs = 15'000;

struct FeedOptions {
  ConfigOptions config;
  std::vector<std::string> csv;
  std::string delimiter = ",";
  std::string time_unit = "auto";
  std::string time_offset = "0";
  std::string container;
  std::string instance;
  std::vector<std::string> labels;
  CsvMapping mapping;
  std::string topic = "headroom.samples";
  double speed = 0;
  std::string stamp = "now";
  bool create_topics = false;
  bool print = false;
  bool strict = false;
  std::string ticks = "0s";
  int64_t ticks_ms = 0;
};

const std::map<std::string, TimeUnit> kTimeUnits = {{"auto", TimeUnit::kAuto},       {"s", TimeUnit::kSeconds},
                                                    {"ms", TimeUnit::kMilliseconds}, {"us", TimeUnit::kMicroseconds},
                                                    {"ns", TimeUnit::kNanoseconds},  {"rfc3339", TimeUnit::kRfc3339}};

std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_stop = true; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

// A duration to add, or the moment that the file's time 0 stands for.
Result<int64_t> parse_offset(const std::string& text) {
  const auto moment = parse_rfc3339(text);
  const auto length = moment ? moment : parse_duration(text);
  if (length) return length;
  return Status(Code::kInvalid,
                concat("--time-offset \"", text, "\": expected a duration, as in 90d, or a moment, as in 2019-05-01T00:00:00Z"));
}

Status complete_mapping(FeedOptions& options) {
  const auto ticks = parse_duration(options.ticks);
  if (!ticks || *ticks < 0 || (*ticks > 0 && *ticks < 1000))
    return {Code::kInvalid, concat("--ticks ", options.ticks, ": expected a duration of at least a second, as in 15s, or 0s for none")};
  options.ticks_ms = *ticks;
  const auto offset = parse_offset(options.time_offset);
  if (!offset) return offset.status();
  options.mapping.time_offset_ms = *offset;
  options.mapping.time_unit = kTimeUnits.at(options.time_unit);
  if (!options.container.empty()) options.mapping.labels.emplace_back("container", options.container);
  if (!options.instance.empty()) options.mapping.labels.emplace_back("instance", options.instance);
  for (const auto& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0)
      return {Code::kInvalid, concat("--label ", label, ": expected name=template, as in zone={az}")};
    options.mapping.labels.emplace_back(label.substr(0, equals), label.substr(equals + 1));
  }
  if (options.delimiter == "tab" || options.delimiter == "\\t") options.delimiter = "\t";
  if (options.delimiter.size() != 1 || options.delimiter == "\"")
    return {Code::kInvalid, "--delimiter: expected one character other than a quote, or tab"};
  return Status::ok();
}

// Holds samples back until their time has come, `speed` times as fast as they happened; 0: never.
class Pace {
 public:
  explicit Pace(double speed) : speed_(speed) {}
  void wait_for(int64_t time_ms) {
    if (speed_ <= 0) return;
    if (first_ms_ < 0) first_ms_ = time_ms, start_ = SteadyClock::now();
    const auto due = start_ + std::chrono::duration_cast<SteadyClock::duration>(
                                  std::chrono::duration<double, std::milli>(static_cast<double>(time_ms - first_ms_) / speed_));
    while (!g_stop && SteadyClock::now() < due)
      std::this_thread::sleep_until(std::min(due, SteadyClock::now() + std::chrono::milliseconds(100)));
  }

 private:
  double speed_;
  int64_t first_ms_ = -1;
  SteadyClock::time_point start_;
};

class Feed {
 public:
  explicit Feed(const FeedOptions& options) : options_(options), pace_(options.speed) {}

  int run() {
    std::optional<LoadedConfig> loaded;
    if (!options_.print && !(loaded = load_or_explain(options_.config))) return kExitUsage;
    auto csv = CsvFeed::open(options_.csv, options_.delimiter[0], options_.mapping, [this](const std::string& what) { tell(what); });
    if (!csv) return fail(kExitUsage, csv.status().message());
    if (loaded) {
      const int opened = open_producer(loaded->config.kafka);
      if (opened != kExitFine) return opened;
    }
    const int result = pump(**csv);
    summary((*csv)->counts());
    return result;
  }

 private:
  int open_producer(const KafkaConfig& kafka) {
    if (const Status ready = check_topic(kafka); !ready) return fail(kExitOutside, ready.message());
    auto producer = SampleProducer::open(kafka, options_.topic);
    if (!producer) return fail(kExitUsage, producer.status().message());
    producer_ = std::move(*producer);
    return kExitFine;
  }

  // A topic that is missing would only be found out after the client's own patience; and one that forgets would take history away again.
  Status check_topic(const KafkaConfig& kafka) {
    const std::vector<std::string> topics = {options_.topic};
    if (options_.create_topics)
      if (Status created = create_topics(kafka, topics, kTopicsMs); !created) return created;
    const auto states = describe_topics(kafka, topics, kTopicsMs);
    if (!states) return states.status();
    const TopicState& state = states->front();
    if (state.partitions == 0) return {Code::kNotFound, concat("there is no topic ", options_.topic, "; --create-topics makes it")};
    partitions_ = state.partitions;
    if (options_.stamp == "event" && state.settings_known && state.retention_ms >= 0)
      log_warn("The topic's retention deletes records whose stamps are older; --stamp now keeps them",
               {{"topic", options_.topic}, {"retention", format_duration(state.retention_ms)}});
    return Status::ok();
  }

  int pump(CsvFeed& csv) {
    while (!g_stop) {
      if (options_.strict && faults_ > 0) return fail(kExitUsage, "stopped at the first fault, as --strict asks");
      const auto samples = csv.next();
      if (!samples) return fail(kExitUsage, samples.status().message());
      if (samples->empty()) break;
      pace_.wait_for(samples->front().time_ms);
      if (const Status status = tick_until(samples->front().time_ms); !status) return fail(kExitOutside, status.to_string());
      for (const auto& sample : *samples)
        if (const Status status = put(sample); !status) return fail(kExitOutside, status.to_string());
      show_progress();
    }
    if (options_.strict && faults_ > 0) return fail(kExitUsage, "a fault at the end, and --strict asks for none");
    if (const Status status = tick_until(next_tick_ms_); !status) return fail(kExitOutside, status.to_string());
    std::fflush(stdout);
    if (!producer_) return kExitFine;
    const Status flushed = producer_->flush(kFlushMs);
    return flushed ? kExitFine : fail(kExitOutside, flushed.to_string());
  }

  Status put(const CsvSample& sample) {
    ++samples_;
    if (producer_) return producer_->produce(sample.target, sample.json, options_.stamp == "event" ? sample.time_ms : -1);
    print(sample.json);
    return Status::ok();
  }

  void print(const std::string& json) const {
    std::fwrite(json.data(), 1, json.size(), stdout);
    std::fputc('\n', stdout);
    if (options_.speed > 0) std::fflush(stdout);
  }

  // The ticks that are due before a sample of this time. Of a long hole only the last ones: nothing happens between them.
  Status tick_until(int64_t time_ms) {
    constexpr int64_t kMostTicks = 1000;
    const int64_t interval_ms = options_.ticks_ms;
    if (interval_ms == 0 || time_ms == 0) return Status::ok();
    if (next_tick_ms_ == 0) next_tick_ms_ = (time_ms / interval_ms + 1) * interval_ms;
    next_tick_ms_ = std::max(next_tick_ms_, (time_ms / interval_ms - kMostTicks) * interval_ms);
    for (; next_tick_ms_ <= time_ms; next_tick_ms_ += interval_ms) {
      if (Status told = tick(next_tick_ms_); !told) return told;
    }
    return Status::ok();
  }

  Status tick(int64_t tick_ms) {
    std::string json;
    append_lag_tick({.source = "feed", .tick_ms = tick_ms, .interval_ms = options_.ticks_ms, .seq = static_cast<uint64_t>(tick_ms)}, json);
    if (!producer_) print(json);
    for (int partition = 0; producer_ && partition < partitions_; ++partition) {
      const int64_t stamp_ms = options_.stamp == "event" ? tick_ms : -1;
      if (Status told = producer_->produce({}, json, stamp_ms, partition); !told) return told;
    }
    return Status::ok();
  }

  void tell(const std::string& what) {
    if (++faults_ <= kShownFaults) std::fprintf(stderr, "%s\n", what.c_str());
    if (faults_ == kShownFaults) std::fputs("further faults are only counted\n", stderr);
  }

  void show_progress() {
    const auto now = SteadyClock::now();
    if (!terminal_ || now - shown_ < std::chrono::milliseconds(200)) return;
    shown_ = now;
    std::fprintf(stderr, "\r%llu samples", static_cast<unsigned long long>(samples_));
  }

  void summary(const CsvFeedCounts& counts) const {
    if (terminal_) std::fputs("\r\033[K", stderr);
    const std::string line = concat("feed: ", std::to_string(counts.rows), " rows, ", std::to_string(counts.bad_rows), " with faults, ",
                                    std::to_string(counts.empty_cells), " empty cells, ", std::to_string(samples_), " samples",
                                    producer_ ? concat(" to ", options_.topic) : "", g_stop ? "; stopped by a signal\n" : "\n");
    std::fputs(line.c_str(), stderr);
  }

  const FeedOptions& options_;
  Pace pace_;
  std::unique_ptr<SampleProducer> producer_;
  int partitions_ = 0;
  int64_t next_tick_ms_ = 0;
  uint64_t samples_ = 0;
  uint64_t faults_ = 0;
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  SteadyClock::time_point shown_;
};

int feed(FeedOptions& options) {
  if (const Status status = complete_mapping(options); !status) return fail(kExitUsage, status.message());
  stop_on_signals();
  return Feed(options).run();
}

void add_mapping_options(CLI::App& app, FeedOptions& options) {
  app.add_option("--csv", options.csv, "A CSV with a header row; - for standard input; several are merged by time")
      ->required()
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  app.add_option("--delimiter", options.delimiter, "Between fields; tab for a tabulator")->capture_default_str();
  app.add_option("--time-column", options.mapping.time_column, "The column of the time")->capture_default_str();
  app.add_option("--time-unit", options.time_unit, "s, ms, us, ns, rfc3339 or auto: calendar times, or numbers by their size")
      ->check(CLI::IsMember(kTimeUnits))
      ->capture_default_str();
  app.add_option("--time-offset", options.time_offset, "Added to every time: a duration, or the moment of time 0")->capture_default_str();
  app.add_option("--target", options.mapping.target, "cluster/namespace/kind/name; {column} is that column's field, {file} the file's name")
      ->required();
  app.add_option("--container", options.container, "Label container; {column} and {file} as above");
  app.add_option("--instance", options.instance, "Label instance; {column} and {file} as above");
  app.add_option("--label", options.labels, "Another label, as in zone={az}; may be repeated")
      ->type_name("NAME=TEXT")
      ->expected(1)
      ->take_all();
  app.add_option("--map", options.mapping.metrics, "Which column is which metric, times a scale if given; may be repeated")
      ->required()
      ->type_name("METRIC=COLUMN[*SCALE]")
      ->expected(1)
      ->take_all();
  app.add_flag("--strict", options.strict, "Stop at the first fault in a row, with exit code 2");
}

}  // namespace

Command feed_command() {
  return {
      "feed", "Turn the rows of a CSV into samples and produce them to Kafka, at their own pace or faster, or print them.",
      "  headroom feed --print --csv usage.csv --target shop/web/Deployment/api --container app \\\n"
      "      --map cpu_used_cores=cpu --map cpu_reserved_cores=cpu_limit | headroom replay -\n"
      "  headroom feed --config config/local.json --create-topics --speed 60 --csv a.csv --csv b.csv --time-column ts --time-unit us \\\n"
      "      --time-offset 2019-05-01T00:00:00Z --target 'borg/{file}/Job/{file}' --map memory_used_bytes=avg_memory_usage*68719476736\n",
      [](CLI::App& app) {
        auto options = std::make_shared<FeedOptions>();
        add_mapping_options(app, *options);
        add_config_options(app, options->config, false);
        app.add_option("--topic", options->topic, "The topic to produce to")->capture_default_str();
        app.add_option("--speed", options->speed, "Times as fast as it happened; 0: as fast as possible")
            ->check(CLI::NonNegativeNumber)
            ->capture_default_str();
        app.add_option("--stamp", options->stamp,
                       "Kafka timestamp: now, or event for the sample's own time (brokers delete records with old ones)")
            ->check(CLI::IsMember({"now", "event"}))
            ->capture_default_str();
        app.add_option("--ticks", options->ticks,
                       "Tell every partition the samples' time this often, as predictive_scaling needs it; 0s: never")
            ->capture_default_str();
        app.add_flag("--create-topics", options->create_topics,
                     "Make the topic when it is missing, with kafka.partitions and kafka.replication");
        app.add_flag("--print", options->print, "Print the samples, one JSON a line, instead of producing them");
        return [options] { return feed(*options); };
      }};
}

}  // namespace headroom
