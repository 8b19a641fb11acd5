#include <signal.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/concat.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/lag_source_thread.h"
#include "cli/lag_topic.h"
#include "http/http_server.h"

namespace headroom {
namespace {

struct LagSourceOptions {
  ConfigOptions config;
  bool create_topics = false;
};

constexpr int64_t kLookMs = 500;

// Waits for SIGTERM or SIGINT; whether one came.
bool asked_to_stop(const sigset_t& signals, int64_t wait_ms) {
  const timespec time = {wait_ms / 1000, (wait_ms % 1000) * 1'000'000};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

int lag_source(const LagSourceOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  LagSourceThread source(loaded->config);
  HttpServer server({.listen = loaded->config.http.listen});
  server.add_metrics(source.metrics().collectable());
  server.set_readiness([&source] { return source.readiness(); });
  if (const Status started = server.start(); !started) return fail(kExitOutside, started.message());
  for (;;) {
    const Status ready = prepare_lag_topic(loaded->config, options.create_topics);
    if (ready) break;
    if (ready.code() != Code::kUnavailable && ready.code() != Code::kTimeout) return fail(kExitOutside, ready.message());
    log_warn("brokers do not answer yet", {{"brokers", loaded->config.kafka.brokers}, {"why", ready.message()}});
    if (asked_to_stop(signals, 1000)) return kExitFine;
  }
  if (const Status started = source.start(); !started) return fail(kExitUsage, started.message());
  while (!source.ended() && !asked_to_stop(signals, kLookMs)) {
  }
  source.stop();
  server.stop();
  if (const Status outcome = source.outcome(); !outcome) return fail(kExitOutside, outcome.message());
  return kExitFine;
}

}  // namespace

Command lag_source_command() {
  return {"lag-source", "Watch the consumer groups of a cluster and write samples and ticks to the lag topic, until SIGTERM or SIGINT.",
          "  headroom lag-source --config config/local.json --create-topics\n"
          "  headroom lag-source --config prod.json --set lag_source.source=b --set http.listen=:9465\n",
          [](CLI::App& app) {
            auto options = std::make_shared<LagSourceOptions>();
            add_config_options(app, options->config);
            app.add_flag("--create-topics", options->create_topics, "Make the lag topic when it is missing");
            return [options] { return lag_source(*options); };
          }};
}

}  // namespace headroom
