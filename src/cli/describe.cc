#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "topologies/registry.h"

namespace headroom {
namespace {

struct DescribeOptions {
  ConfigOptions config;
  bool json = false;
};

struct Described {
  const TopologyConfig* part;
  Topology topology;
};

void print_text(const std::vector<Described>& described, const std::vector<EffectiveSetting>& settings) {
  for (const auto& [part, topology] : described) {
    std::printf("%s (%d %s)\n", part->name.c_str(), part->workers, part->workers == 1 ? "worker" : "workers");
    std::printf("  reads   %s\n", topology.source_topic().c_str());
    for (const auto& topic : topology.output_topics()) std::printf("  writes  %s\n", topic.c_str());
    std::printf("\n%s\n\n", topology.describe().c_str());
  }
  size_t width = 0;
  for (const auto& setting : settings) width = std::max(width, setting.path.size());
  for (const auto& setting : settings)
    std::printf("%-*s = %s  (%s)\n", static_cast<int>(width), setting.path.c_str(), setting.value.c_str(), setting.origin.c_str());
}

void print_json(const Config& config, const std::vector<Described>& described, const std::vector<EffectiveSetting>& settings) {
  using Json = nlohmann::ordered_json;
  Json report = {{"installation", config.installation}, {"topologies", Json::array()}, {"settings", Json::array()}};
  for (const auto& [part, topology] : described) {
    report["topologies"].push_back({{"name", part->name},
                                    {"workers", part->workers},
                                    {"source_topic", topology.source_topic()},
                                    {"output_topics", topology.output_topics()},
                                    {"chain", topology.describe()}});
  }
  for (const auto& setting : settings)
    report["settings"].push_back({{"path", setting.path}, {"value", Json::parse(setting.value)}, {"origin", setting.origin}});
  std::printf("%s\n", report.dump(2).c_str());
}

int describe(const DescribeOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  std::vector<Described> described;
  for (const auto& part : loaded->config.topologies) {
    auto topology = build_topology(loaded->config, part.name);
    if (!topology) return fail(kExitUsage, topology.status().message());
    described.push_back({&part, std::move(*topology)});
  }
  const auto settings = effective_config(*loaded, topology_declarations());
  if (options.json)
    print_json(loaded->config, described, settings);
  else
    print_text(described, settings);
  return kExitFine;
}

}  // namespace

Command describe_command() {
  return {"describe",
          "Show what would run: each topology's chain and topics, and every setting with where it comes from. Secrets are hidden.",
          "  headroom describe\n"
          "  headroom describe --config prod.json --json | jq '.settings[] | select(.origin != \"default\")'\n",
          [](CLI::App& app) {
            auto options = std::make_shared<DescribeOptions>();
            add_config_options(app, options->config, false);
            app.add_flag("--json", options->json, "JSON instead of text");
            return [options] { return describe(*options); };
          }};
}

}  // namespace headroom
