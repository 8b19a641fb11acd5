#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>

#include "base/concat.h"
#include "base/log.h"
#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/host_name.h"
#include "cli/sample_topic.h"
#include "cli/stop_signals.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

constexpr int64_t kLeastIntervalMs = 100;
constexpr int64_t kMostIntervalMs = 3'600'000;
constexpr int64_t kTryAgainMs = 1000;

struct TicksOptions {
  ConfigOptions config;
  std::string topic = "headroom.samples";
  std::string interval = "15s";
  std::string source;
  bool create_topics = false;
};

Result<int64_t> parse_interval(const std::string& text) {
  const auto interval = parse_duration(text);
  if (interval && *interval >= kLeastIntervalMs && *interval <= kMostIntervalMs) return interval;
  return Status(Code::kInvalid, concat("--interval \"", text, "\": expected a duration from 100ms to 1h, as in 15s"));
}

// Writes the time to a topic, at every multiple of the interval since the epoch. One thread.
class Ticks {
 public:
  Ticks(const TicksOptions& options, const KafkaConfig& kafka, int64_t interval_ms)
      : topic_({kafka, options.topic, options.create_topics, std::max<int64_t>(interval_ms, 5000)}),
        source_(options.source.empty() ? host_name() : options.source),
        interval_ms_(interval_ms) {}

  int run() {
    if (const Status opened = open(); !opened) return ending(opened);
    log_info("ticking", {{"topic", topic_.name()}, {"source", source_}, {"interval", format_duration(interval_ms_)}});
    int64_t next_ms = next_after(clock_.wall_ms());
    while (stop_.wait_for(std::max<int64_t>(next_ms - clock_.wall_ms(), 0))) {
      // Ticks whose time has passed while the brokers were away tell nothing that this one does not.
      const int64_t tick_ms = std::max(next_ms, next_after(clock_.wall_ms()) - interval_ms_);
      const Status written = tick(tick_ms);
      if (is_final(written)) return ending(written);
      next_ms = std::max(tick_ms + interval_ms_, written ? 0 : next_after(clock_.wall_ms()));
    }
    return ending(Status::ok());
  }

 private:
  int64_t next_after(int64_t time_ms) const { return (time_ms / interval_ms_ + 1) * interval_ms_; }

  Status open() {
    for (;;) {
      const Status opened = topic_.open();
      if (opened || is_final(opened)) return opened;
      log_warn("the brokers do not answer yet", {{"topic", topic_.name()}, {"why", opened.message()}});
      if (!stop_.wait_for(kTryAgainMs)) return Status::ok();
    }
  }

  Status tick(int64_t tick_ms) {
    Status status = away_ ? topic_.open() : Status::ok();
    if (status) status = topic_.tick(tick_ms, source_, interval_ms_);
    if (status) ++written_;
    if (away_ == status.is_ok()) {
      if (status)
        log_info("ticks are written again", {{"topic", topic_.name()}});
      else
        log_warn("a tick was not written; the next one tries again", {{"topic", topic_.name()}, {"why", status.message()}});
    }
    away_ = !status;
    return status;
  }

  int ending(const Status& status) const {
    log_info("no longer ticking", {{"topic", topic_.name()}, {"ticks", written_}});
    return status ? kExitFine : fail(kExitOutside, status.message());
  }

  StopSignals stop_;  // before the client's threads
  SystemClock clock_;
  SampleTopic topic_;
  const std::string source_;
  const int64_t interval_ms_;
  bool away_ = false;
  uint64_t written_ = 0;
};

int ticks(const TicksOptions& options) {
  const auto interval_ms = parse_interval(options.interval);
  if (!interval_ms) return fail(kExitUsage, interval_ms.status().message());
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  return Ticks(options, loaded->config.kafka, *interval_ms).run();
}

}  // namespace

Command ticks_command() {
  return {"ticks", "Write the time to every partition of a topic, for samples whose producers do not, until SIGTERM or SIGINT.",
          "  headroom ticks --config config/local.json\n"
          "  headroom ticks --config prod.json --topic fleet.samples --interval 5s --source ticker-a\n",
          [](CLI::App& app) {
            auto options = std::make_shared<TicksOptions>();
            add_config_options(app, options->config, false);
            app.add_option("--topic", options->topic, "The topic to write to")->capture_default_str();
            app.add_option("--interval", options->interval, "Between ticks, from 100ms to 1h; they stand at its multiples since the epoch")
                ->capture_default_str();
            app.add_option("--source", options->source, "The name that stands in the ticks; default: this machine's");
            app.add_flag("--create-topics", options->create_topics,
                         "Make the topic when it is missing, with kafka.partitions and kafka.replication");
            return [options] { return ticks(*options); };
          }};
}

}  // namespace headroom
