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

struct CheckOptions {
  ConfigOptions config;
  bool json = false;
};

std::string summary(const Config& config) {
  std::string out = concat("OK: installation ", config.installation, ", brokers ", config.kafka.brokers, ", ",
                           config.engine.delivery == Delivery::kExactlyOnce ? "exactly_once" : "at_least_once");
  for (const auto& topology : config.topologies)
    out += concat("; ", topology.name, " with ", std::to_string(topology.workers), topology.workers == 1 ? " worker" : " workers");
  return out + (config.engine.propose_only ? "; every command is a proposal\n" : "\n");
}

void print_json(const CheckOptions& options, const std::vector<Mistake>& mistakes) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& mistake : mistakes) {
    nlohmann::ordered_json item = {{"path", mistake.path}, {"message", mistake.message}};
    if (mistake.place.line > 0) item["line"] = mistake.place.line, item["column"] = mistake.place.column;
    list.push_back(std::move(item));
  }
  const nlohmann::ordered_json report = {{"ok", mistakes.empty()}, {"file", options.config.path}, {"mistakes", std::move(list)}};
  std::printf("%s\n", report.dump(2).c_str());
}

int check(const CheckOptions& options) {
  std::optional<LoadedConfig> loaded;
  if (options.json) {
    std::vector<Mistake> mistakes;
    loaded = load_config(options.config, mistakes);
    print_json(options, mistakes);
  } else {
    loaded = load_or_explain(options.config);
    if (loaded) std::fputs(summary(loaded->config).c_str(), stdout);
  }
  return loaded ? kExitFine : kExitUsage;
}

}  // namespace

Command check_command() {
  return {"check", "Say every mistake of a configuration at once, with its place and what is allowed. Opens no connection.",
          "  headroom check --config config/local.json\n"
          "  headroom check --config prod.json --set kafka.brokers=kafka-1:9092 --json\n",
          [](CLI::App& app) {
            auto options = std::make_shared<CheckOptions>();
            add_config_options(app, options->config);
            app.add_flag("--json", options->json, "JSON instead of lines");
            return [options] { return check(*options); };
          }};
}

}  // namespace headroom
