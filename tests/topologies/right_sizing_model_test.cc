// right_sizing against the model in right_sizing_model.py, which was written from the rules alone.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "headroom/testing/every_cut.h"
#include "topologies/sizing_run.h"

namespace headroom::testing {
namespace {

const std::string kFolder = std::string(HEADROOM_SOURCE_DIR) + "/tests/topologies/";

struct Fleet {
  int number = 0;
  std::string params;
  std::vector<std::string> lines;  // samples, or commands
};

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(FILE* pipe) const { pclose(pipe); }
  };
  const std::unique_ptr<FILE, Close> pipe(popen(command.c_str(), "r"));
  std::string output;
  std::array<char, 1 << 16> buffer;
  for (size_t n = 0; pipe && (n = fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) output.append(buffer.data(), n);
  return output;
}

std::vector<Fleet> fleets_in(const std::string& text) {
  std::vector<Fleet> fleets;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("{\"fleet\"")) {
      fleets.back().lines.push_back(line);
      continue;
    }
    const auto head = nlohmann::json::parse(line);
    fleets.push_back({head["fleet"], head.value("params", nlohmann::json::object()).dump(), {}});
  }
  return fleets;
}

std::vector<Fleet> random_fleets(int first, int count) {
  return fleets_in(output_of("python3 '" + kFolder + "right_sizing_fleets.py' " + std::to_string(first) + " " + std::to_string(count)));
}

// The model's commands of these fleets, in the form of command_line().
std::vector<Fleet> model_of(const std::vector<Fleet>& fleets) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / ("right_sizing_fleets_" + std::to_string(getpid()) + ".jsonl");
  std::ofstream file(path);
  for (const Fleet& fleet : fleets) {
    file << "{\"fleet\": " << fleet.number << ", \"params\": " << fleet.params << "}\n";
    for (const std::string& line : fleet.lines) file << line << '\n';
  }
  file.close();
  std::vector<Fleet> commands = fleets_in(output_of("python3 '" + kFolder + "right_sizing_model.py' < '" + path.string() + "'"));
  std::filesystem::remove(path);
  for (Fleet& fleet : commands) {
    for (std::string& line : fleet.lines) {
      auto command = nlohmann::json::parse(line);
      line = command.dump();
    }
  }
  return commands;
}

size_t expect_agreement(const std::vector<Fleet>& fleets) {
  const std::vector<Fleet> model = model_of(fleets);
  EXPECT_EQ(model.size(), fleets.size());
  size_t commands = 0;
  for (size_t i = 0; i < fleets.size() && i < model.size(); ++i) {
    Status status;
    const RightSizingParams params = sizing_params(fleets[i].params, status);
    EXPECT_TRUE(status) << "fleet " << fleets[i].number << ": " << status.to_string();
    const SizingRun run = run_sizing(params, fleets[i].lines);
    EXPECT_TRUE(run.rejected.empty()) << "fleet " << fleets[i].number << " has bad samples";
    EXPECT_EQ(command_lines(run), model[i].lines) << "fleet " << fleets[i].number << ", " << fleets[i].params;
    EXPECT_EQ(run.sent.size(), model[i].lines.size());
    commands += model[i].lines.size();
    if (::testing::Test::HasFailure()) break;
  }
  return commands;
}

class RightSizingModel : public ::testing::TestWithParam<int> {};

TEST_P(RightSizingModel, gives_the_same_commands_on_two_hundred_random_fleets) {
  const std::vector<Fleet> fleets = random_fleets(GetParam(), 200);
  ASSERT_EQ(fleets.size(), 200u) << "the generator did not run; is python3 there?";
  EXPECT_GT(expect_agreement(fleets), 500u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RightSizingModel, ::testing::Values(1, 201, 401, 601, 801));

TEST(RightSizingFleets, give_the_same_commands_under_every_cut) {
  const std::vector<Fleet> fleets = random_fleets(5001, 100);
  ASSERT_EQ(fleets.size(), 100u);
  for (const Fleet& fleet : fleets) {
    Status status;
    const RightSizingParams params = sizing_params(fleet.params, status);
    ASSERT_TRUE(status) << status.to_string();
    std::vector<Input> inputs;
    for (const std::string& line : fleet.lines) inputs.push_back({.key = {}, .value = line, .timestamp_ms = -1});
    ASSERT_EQ(same_under_every_cut(right_sizing(params), inputs), "") << "fleet " << fleet.number;
  }
}

// ---- the containers of a public trace: used against limit, as if machines had 64 cores and 64 GiB

std::filesystem::path borg_folder() {
  const char* data = std::getenv("HEADROOM_DATA");
  const std::filesystem::path root =
      data != nullptr ? std::filesystem::path(data) : std::filesystem::path(HEADROOM_SOURCE_DIR) / "../shared/data";
  return root / "google-borg-2019";
}

std::vector<std::string> columns_of(const std::string& line) {
  std::vector<std::string> columns;
  std::istringstream text(line);
  for (std::string column; std::getline(text, column, ',');) columns.push_back(column);
  return columns;
}

void add_sample(Fleet& fleet, const std::string& name, const char* metric, int64_t time_ms, double value) {
  const nlohmann::json sample = {{"target", "borg/trace/Job/" + name.substr(0, name.find('_'))},
                                 {"metric", metric},
                                 {"time_ms", time_ms},
                                 {"value", value},
                                 {"labels", {{"container", "task"}, {"instance", name}}}};
  fleet.lines.push_back(sample.dump());
}

void add_borg_rows(Fleet& fleet, const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = columns_of(line);
  const auto column = [&names](const std::string& name) {
    return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  const size_t time = column("time"), cpu_limit = column("cpu_limit"), cpu = column("avg_cpu_usage"), memory_limit = column("memory_limit"),
               memory = column("avg_memory_usage");
  while (std::getline(file, line)) {
    const std::vector<std::string> row = columns_of(line);
    ASSERT_EQ(row.size(), names.size());
    const int64_t time_ms = 1'556'668'800'000 + std::stoll(row[time]) / 1000;  // 2019-05-01T00:00:00Z
    const double gib64 = 64.0 * 1024 * 1024 * 1024;
    add_sample(fleet, path.stem().string(), "cpu_reserved_cores", time_ms, std::stod(row[cpu_limit]) * 64);
    add_sample(fleet, path.stem().string(), "memory_reserved_bytes", time_ms, std::stod(row[memory_limit]) * gib64);
    add_sample(fleet, path.stem().string(), "cpu_used_cores", time_ms, std::stod(row[cpu]) * 64);
    add_sample(fleet, path.stem().string(), "memory_used_bytes", time_ms, std::stod(row[memory]) * gib64);
  }
}

TEST(RightSizingModelOnBorg, gives_the_same_commands_on_the_containers_of_the_trace) {
  const std::filesystem::path folder = borg_folder();
  if (!std::filesystem::is_directory(folder))
    GTEST_SKIP() << "no trace at " << folder << "; set HEADROOM_DATA to the folder that holds google-borg-2019";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Fleet> fleets;
  const char* const settings[] = {
      "{}",
      R"({"patience":1,"min_change":0,"cooldown":"0s","repeat_after":"0s","budget":1000,"cpu":{"band":{"unit":"ratio","lower":-0.05,"upper":0.35}}})",
      R"({"window":"6h","policy":"quantile","repeat_after":"1h"})"};
  for (const char* setting : settings) {
    fleets.push_back({static_cast<int>(fleets.size()), setting, {}});
    for (const auto& file : files) add_borg_rows(fleets.back(), file);
  }
  EXPECT_GT(expect_agreement(fleets), 20u);
}

}  // namespace
}  // namespace headroom::testing
