#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/concat.h"
#include "base/log.h"
#include "cli/commands.h"
#include "config/nearest.h"

namespace headroom {
namespace {

constexpr const char* kAbout =
    "Headroom keeps a fleet's capacity honest: metric and lag streams from Kafka in, scaling commands out.\n"
    "Exit codes: 0 fine, 1 what was checked is not as it should be, 2 bad usage or configuration, 3 a final fault outside.";

void add_log_options(CLI::App& app) {
  static const std::map<std::string, LogLevel> kLevels = {
      {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}};
  static const std::map<std::string, LogFormat> kFormats = {{"logfmt", LogFormat::kLogfmt}, {"json", LogFormat::kJson}};
  auto level = std::make_shared<std::string>("info");
  auto format = std::make_shared<std::string>("logfmt");
  app.add_option("--log-level", *level, "Least level that is logged: debug, info, warn or error")
      ->check(CLI::IsMember(kLevels))
      ->capture_default_str();
  app.add_option("--log-format", *format, "logfmt or json, on standard error")->check(CLI::IsMember(kFormats))->capture_default_str();
  app.parse_complete_callback([level, format] { set_log(kLevels.at(*level), kFormats.at(*format)); });
}

// A first word that is no command gets a better answer than "not expected".
int unknown_command(std::string_view word, std::span<const Command> known) {
  std::vector<std::string_view> names;
  std::string list;
  for (const auto& command : known) {
    names.push_back(command.name);
    list += concat(list.empty() ? "" : ", ", command.name);
  }
  const std::string_view near = nearest_name(word, names);
  return fail(kExitUsage,
              concat("no command \"", word, "\"", near.empty() ? "" : concat("; did you mean \"", near, "\"?"), " Commands: ", list));
}

bool is_known(std::string_view word, std::span<const Command> known) {
  for (const auto& command : known)
    if (command.name == word) return true;
  return false;
}

}  // namespace

CommandLine::CommandLine() : app(std::make_unique<CLI::App>(kAbout, "headroom")) {}
CommandLine::~CommandLine() = default;

int fail(ExitCode code, std::string_view sentence) {
  const std::string line = concat("headroom: ", sentence, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  return code;
}

std::unique_ptr<CommandLine> make_command_line(std::span<const Command> commands) {
  auto line = std::make_unique<CommandLine>();
  line->app->require_subcommand(1);
  line->app->fallthrough();
  add_log_options(*line->app);
  for (const auto& command : commands) {
    CLI::App* app = line->app->add_subcommand(std::string(command.name), std::string(command.text));
    app->footer(concat("Examples:\n", command.examples));
    auto run = command.setup(*app);
    app->callback([chosen = &line->chosen, run] { *chosen = run; });
  }
  return line;
}

int run_command_line(int argc, const char* const* argv) {
  const auto known = commands();
  if (argc > 1 && argv[1][0] != '-' && !is_known(argv[1], known)) return unknown_command(argv[1], known);
  const auto line = make_command_line(known);
  try {
    line->app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line->app->exit(error) == 0 ? kExitFine : kExitUsage;
  }
  return line->chosen();
}

}  // namespace headroom
