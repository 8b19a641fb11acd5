// Runs schedules by seed: simulate --seeds N [--from S] [--trace SEED]. See simulation.h. Exit 1 when one violates an invariant.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>

#include "base/log.h"
#include "simulator/simulation.h"

namespace headroom::simulator {
namespace {

struct Options {
  uint64_t seeds = 1000;
  uint64_t from = 1;
  bool until_violation = false;
  std::optional<uint64_t> trace;
};

Outcome play(std::span<const Topology> topologies, uint64_t seed, bool traced, CrashCounts& crashes) {
  return Simulation(topologies, seed, traced, crashes).run();
}

int trace(std::span<const Topology> topologies, uint64_t seed) {
  CrashCounts crashes;
  const Outcome outcome = play(topologies, seed, true, crashes);
  for (const auto& line : outcome.trace) std::puts(line.c_str());
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
              outcome.violation.empty() ? "no violation" : outcome.violation.c_str());
  return outcome.violation.empty() ? 0 : 1;
}

int run(const Options& options) {
  set_log(options.trace ? LogLevel::kInfo : LogLevel::kOff, LogFormat::kLogfmt);
  const auto topologies = simulator::topologies();
  if (options.trace) return trace(topologies, *options.trace);
  CrashCounts crashes;
  Outcome sum;
  uint64_t violations = 0;
  const std::clock_t began = std::clock();
  for (uint64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    const Outcome outcome = play(topologies, seed, false, crashes);
    sum.records += outcome.records;
    sum.commits += outcome.commits;
    sum.faults += outcome.faults;
    if (outcome.violation.empty()) continue;
    if (++violations <= 10) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.violation.c_str());
    if (options.until_violation) break;
  }
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  const auto each = [&](uint64_t count) { return static_cast<double>(count) / static_cast<double>(options.seeds); };
  std::puts("crashes by the step they fell before:");
  for (const auto& [step, count] : crashes) std::printf("  %-18s %llu\n", step.c_str(), static_cast<unsigned long long>(count));
  std::printf("%llu schedules, %.0f a CPU-second; each %.0f records, %.1f faults, %.1f commits; %llu violations\n",
              static_cast<unsigned long long>(options.seeds), static_cast<double>(options.seeds) / seconds, each(sum.records),
              each(sum.faults), each(sum.commits), static_cast<unsigned long long>(violations));
  return violations == 0 ? 0 : 1;
}

}  // namespace
}  // namespace headroom::simulator

int main(int argc, char** argv) {
  headroom::simulator::Options options;
  CLI::App app("Simulated schedules of workers, brokers and stores that fail.");
  app.add_option("--seeds", options.seeds, "How many schedules")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--from", options.from, "The first seed")->capture_default_str();
  app.add_flag("--until-violation", options.until_violation, "End with the first");
  app.add_option("--trace", options.trace, "Only this seed, and what happens in it");
  CLI11_PARSE(app, argc, argv);
  return headroom::simulator::run(options);
}
