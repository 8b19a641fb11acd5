// The cases of right_sizing_*.case: each rule at least once, each also cut everywhere.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "headroom/codec.h"
#include "headroom/testing/every_cut.h"
#include "topologies/sizing_case.h"

namespace headroom::testing {
namespace {

std::vector<SizingCase> all_cases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(HEADROOM_SOURCE_DIR) + "/tests/topologies")) {
    if (entry.path().extension() == ".case" && entry.path().filename().string().starts_with("right_sizing_")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<SizingCase> cases;
  for (const auto& file : files) {
    for (SizingCase& part : read_sizing_cases(file.string())) cases.push_back(std::move(part));
  }
  return cases;
}

void expect_case(const SizingCase& part) {
  SCOPED_TRACE(part.name + " at " + part.place);
  Status status;
  const RightSizingParams params = sizing_params(part.settings, status);
  ASSERT_TRUE(status) << status.to_string();
  const SizingRun run = run_sizing(params, part.samples);
  EXPECT_TRUE(run.rejected.empty());

  std::vector<std::string> wanted;
  for (const ExpectedCommand& expected : part.expected) wanted.push_back(expected.text);
  std::vector<std::string> got;
  std::vector<const SizingNote*> commands;
  std::map<std::string, int> counts;
  for (const SizingNote& note : run.notes) {
    ++counts[std::string(outcome_name(note.seen.outcome))];
    if (note.seen.outcome != Outcome::kCommand) continue;
    got.push_back(sizing_case::command_text(note));
    commands.push_back(&note);
  }
  EXPECT_EQ(got, wanted);
  for (size_t i = 0; i < commands.size() && i < part.expected.size(); ++i) {
    auto members = sizing_case::members_of(*commands[i]);
    for (const auto& [name, value] : part.expected[i].named) EXPECT_EQ(members[name], value) << name << " of " << part.expected[i].text;
  }
  for (const auto& [outcome, count] : part.counts) EXPECT_EQ(counts[outcome], count) << outcome;
}

// What goes to the topic is what was decided.
void expect_sent(const SizingCase& part) {
  SCOPED_TRACE(part.name + " at " + part.place);
  Status status;
  const SizingRun run = run_sizing(sizing_params(part.settings, status), part.samples);
  ASSERT_EQ(run.sent.size(), part.expected.size());
  size_t i = 0;
  for (const SizingNote& note : run.notes) {
    if (note.seen.outcome != Outcome::kCommand) continue;
    const auto action = parse_action(run.sent[i].value);
    ASSERT_TRUE(action) << action.status().to_string();
    EXPECT_EQ(run.sent[i].key, note.target);
    EXPECT_EQ(action->partitionkey, note.target);
    EXPECT_EQ(action->subject, note.container.empty() ? note.target : note.target + "/" + note.container);
    EXPECT_EQ(action->time_ms, note.seen.time_ms);
    EXPECT_EQ(action->expiry_ms, note.seen.time_ms + 300'000);
    EXPECT_EQ(action->current, note.seen.current);
    EXPECT_EQ(action->desired, note.seen.desired);
    EXPECT_EQ(action->sequence, ++i);
  }
}

TEST(RightSizingCases, give_the_commands_that_stand_in_them) {
  const std::vector<SizingCase> cases = all_cases();
  ASSERT_GE(cases.size(), 40u);
  for (const SizingCase& part : cases) expect_case(part);
}

TEST(RightSizingCases, send_what_was_decided) {
  for (const SizingCase& part : all_cases()) expect_sent(part);
}

TEST(RightSizingCases, give_the_same_commands_under_every_cut) {
  for (const SizingCase& part : all_cases()) {
    Status status;
    const RightSizingParams params = sizing_params(part.settings, status);
    ASSERT_TRUE(status) << status.to_string();
    std::vector<Input> inputs;
    for (const std::string& sample : part.samples) inputs.push_back({.key = {}, .value = sample, .timestamp_ms = -1});
    EXPECT_EQ(same_under_every_cut(right_sizing(params), inputs), "") << part.name << " at " << part.place;
  }
}

TEST(RightSizingCases, have_names_of_their_own) {
  std::set<std::string> names;
  for (const SizingCase& part : all_cases()) EXPECT_TRUE(names.insert(part.name).second) << part.name;
}

}  // namespace
}  // namespace headroom::testing
