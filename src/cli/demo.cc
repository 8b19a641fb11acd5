#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/demo_run.h"
#include "cli/demo_stage.h"

namespace headroom {
namespace {

// What --quick takes of the minute that it may need: the rest is for starting, a takeover that is slow, and stopping.
constexpr double kQuickSeconds = 24;

struct DemoOptions {
  demo::RunOptions run;
  bool quick = false;
  bool json = false;
  bool keep = false;
};

using Json = nlohmann::ordered_json;

Json json_of(const demo::Findings& findings) {
  return {{"expected", findings.expected}, {"found", findings.found},     {"repeated", findings.repeated},
          {"lost", findings.lost},         {"doubled", findings.doubled}, {"foreign", findings.foreign}};
}

void print_json(const demo::Outcome& outcome) {
  const Json report = {{"ok", outcome.clean()},
                       {"commands", json_of(outcome.actions)},
                       {"rejected", json_of(outcome.rejected)},
                       {"records", outcome.records},
                       {"broken_records", outcome.broken},
                       {"kills", outcome.kills},
                       {"takeovers", outcome.takeovers},
                       {"slowest_takeover_s", outcome.slowest_takeover_seconds},
                       {"lying_factor_cores_before", outcome.before.cpu_reserved_cores - outcome.before.cpu_used_cores},
                       {"lying_factor_cores_after", outcome.after.cpu_reserved_cores - outcome.after.cpu_used_cores},
                       {"verified", outcome.verified},
                       {"trouble", outcome.trouble}};
  std::printf("%s\n", report.dump().c_str());
}

void print_findings(const char* what, const demo::Findings& found) {
  std::printf("  %-17s%zu of %zu expected; lost %zu, doubled %zu, other than expected %zu; repeated %zu\n", what,
              static_cast<size_t>(found.found), static_cast<size_t>(found.expected), static_cast<size_t>(found.lost),
              static_cast<size_t>(found.doubled), static_cast<size_t>(found.foreign), static_cast<size_t>(found.repeated));
}

void print_text(const demo::Outcome& outcome) {
  std::printf("\n$ headroom verify --oracle\n%s", outcome.verification.c_str());
  std::printf("\nChecked as it came, against one undisturbed run over all %zu records:\n", static_cast<size_t>(outcome.records));
  print_findings("commands", outcome.actions);
  print_findings("rejected records", outcome.rejected);
  std::printf("  %-17s%d; their lanes taken over: %s (slowest after %.1f s)\n", "workers killed", outcome.kills,
              outcome.takeovers == outcome.kills ? "all" : "NOT ALL", outcome.slowest_takeover_seconds);
  std::printf("  %-17s%+.1f cores at first, %+.1f at the end\n", "lying factor",
              outcome.before.cpu_reserved_cores - outcome.before.cpu_used_cores,
              outcome.after.cpu_reserved_cores - outcome.after.cpu_used_cores);
  for (const auto* found : {&outcome.actions, &outcome.rejected})
    if (!found->first_wrong.empty()) std::printf("  first wrong: %s\n", found->first_wrong.c_str());
  if (!outcome.trouble.empty()) std::printf("  trouble: %s\n", outcome.trouble.c_str());
  std::printf("%s\n", outcome.clean() ? "OK: no command lost, none doubled" : "NOT OK");
}

// Before any thread is made: all of them inherit it, and signals wait for the demo's loop.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int play(const DemoOptions& options) {
  block_signals();
  auto stage = demo::Stage::set(options.run.workers);
  if (!stage) return fail(kExitOutside, stage.status().message());
  Result<demo::Outcome> outcome = Status(Code::kInternal, "");
  {
    demo::Run run(**stage, options.run);
    outcome = run.play();
  }
  if (options.keep || !outcome || !outcome->clean()) {
    (*stage)->folder().keep();
    std::fprintf(stderr, "headroom: logs are in %s\n", (*stage)->folder().path().c_str());
  }
  if (!outcome) return fail(outcome.status().code() == Code::kAborted ? kExitFound : kExitOutside, outcome.status().message());
  if (options.json)
    print_json(*outcome);
  else
    print_text(*outcome);
  return outcome->clean() ? kExitFine : kExitFound;
}

}  // namespace

Command demo_command() {
  return {"demo",
          "Show the whole on parts of its own: a made-up fleet, Kafka in memory, Redis, workers of which one is killed, and the proof.",
          "  headroom demo\n"
          "  headroom demo --quick\n"
          "  headroom demo --seconds 300 --workers 3 --containers 100 --plain\n",
          [](CLI::App& app) {
            auto options = std::make_shared<DemoOptions>();
            app.add_flag("--quick", options->quick, "End by itself within a minute");
            app.add_option("--seconds", options->run.seconds, "End by itself when the fleet has lived so long; without: on Ctrl-C")
                ->check(CLI::Range(1.0, 1e7))
                ->excludes("--quick");
            app.add_option("--workers", options->run.workers, "Worker processes; one is killed when there are two or more")
                ->check(CLI::Range(1, 16))
                ->capture_default_str();
            app.add_option("--containers", options->run.containers, "Containers of the fleet")
                ->check(CLI::Range(1, 2000))
                ->capture_default_str();
            app.add_option("--seed", options->run.seed, "Another fleet")->capture_default_str();
            app.add_flag("--plain", options->run.plain, "Lines instead of a live board, also on a terminal");
            app.add_flag("--json", options->json, "The result as one JSON line");
            app.add_flag("--keep", options->keep, "Keep the configuration and the logs");
            return [options] {
              if (options->quick) options->run.seconds = kQuickSeconds;
              return play(*options);
            };
          }};
}

}  // namespace headroom
