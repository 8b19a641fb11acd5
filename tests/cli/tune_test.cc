// headroom tune: what it tries, in which order, what it remembers, and the command itself.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/child.h"
#include "cli/run_binary.h"
#include "cli/tune_journal.h"
#include "cli/tune_search.h"

namespace headroom {
namespace {

using testing::Ran;
using testing::read_text;
using testing::run_headroom;
using testing::TestFolder;

using Json = nlohmann::json;
using Words = std::vector<std::string>;

TuneSpace space_of(const Words& ranges) {
  TuneSpace out;
  for (const auto& text : ranges) {
    const auto range = read_range(text);
    EXPECT_TRUE(range) << range.status().message();
    out.ranges.push_back(*range);
  }
  return out;
}

TEST(TuneRange, is_read_within_what_its_parameter_may_be) {
  const auto range = read_range("windows=4..16");
  ASSERT_TRUE(range) << range.status().message();
  EXPECT_EQ(range->from, 4);
  EXPECT_EQ(range->to, 16);
  EXPECT_EQ(read_range("rate")->to, 1e-2);
  EXPECT_EQ(read_range("rate=1e-4..1.5e-3")->to, 1.5e-3);
  EXPECT_EQ(read_range("windows=4..1000").status().message(), "--search windows=4..1000: expected windows=FROM..TO within 1..512");
  for (const std::string text : {"windows=", "windows=4", "windows=4..", "windows=..4", "windows=9..4", "windows=4..16x", "windows=a..b"})
    EXPECT_FALSE(read_range(text)) << text;
  EXPECT_NE(read_range("speed").status().message().find("no such parameter; there are rate, epochs"), std::string::npos);
}

TEST(TuneSpace, of_a_grid_has_every_pair_and_the_defaults_first) {
  const auto found = space_of({"windows=8..32", "smooth=0.1..0.8"}).grid(3);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 10u) << "3 x 3 and the defaults";
  EXPECT_EQ(values_of((*found)[0]), values_of(TrainingParams()));
  EXPECT_EQ((*found)[1].training.windows, 8u);
  EXPECT_EQ((*found)[4].training.windows, 16u) << "in equal ratios";
  EXPECT_EQ((*found)[9].training.windows, 32u);
  EXPECT_EQ(space_of({"rate", "epochs", "windows", "steps", "burn", "smooth"}).grid(10).status().code(), Code::kInvalid);
}

TEST(TuneSpace, leaves_out_what_breaks_a_relation) {
  const auto found = space_of({"steps=16..32", "burn=8..24"}).grid(2);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 4u) << "a piece of 16 steps has no 24 to burn";
}

TEST(TuneSpace, draws_the_same_for_a_seed_and_no_configuration_twice) {
  TuneSpace space = space_of({"rate", "windows"});
  const auto a = space.random(30), b = space.random(30);
  ASSERT_EQ(a->size(), 30u);
  for (size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(values_of((*a)[i]), values_of((*b)[i]));
    EXPECT_TRUE(i == 0 || ((*a)[i].training.rate >= 3e-4F && (*a)[i].training.rate <= 1e-2F));
    for (size_t j = 0; j < i; ++j) EXPECT_NE(values_of((*a)[i]), values_of((*a)[j]));
  }
  space.seed = 2;
  EXPECT_NE(values_of((*space.random(30))[1]), values_of((*a)[1]));
  EXPECT_EQ(space_of({"windows=4..6"}).random(50)->size(), 4u) << "three values and the defaults";
}

TEST(TuneRounds, of_halving_go_on_with_the_best_third_and_three_times_the_epochs) {
  const std::vector<TrainingParams> candidates(9);
  TuneRound round = first_round(TuneMethod::kHalving, candidates, 27);
  ASSERT_EQ(round.trials.size(), 9u);
  EXPECT_EQ(round.trials[8].epochs, 3u);
  std::vector<TuneResult> results(9);
  for (size_t i = 0; i < 9; ++i) results[i].objective = i == 5 ? 0.1 : 1.0 - 0.01 * static_cast<double>(i);
  round = *next_round(TuneMethod::kHalving, round, results, 27);
  ASSERT_EQ(round.trials.size(), 3u);
  EXPECT_EQ(round.trials[0].candidate, 5u);
  EXPECT_EQ(round.trials[1].candidate, 8u);
  EXPECT_EQ(round.trials[2].candidate, 7u);
  EXPECT_EQ(round.trials[0].epochs, 9u);
  results.resize(3);
  results[2].objective = 0.05;
  round = *next_round(TuneMethod::kHalving, round, results, 27);
  ASSERT_EQ(round.trials.size(), 1u);
  EXPECT_EQ(round.trials[0].candidate, 7u);
  EXPECT_EQ(round.trials[0].epochs, 27u);
  EXPECT_FALSE(next_round(TuneMethod::kHalving, round, {results[0]}, 27));
  EXPECT_FALSE(next_round(TuneMethod::kRandom, first_round(TuneMethod::kRandom, candidates, 27), results, 27));
}

TEST(TuneJournal, forgets_a_line_that_was_cut_and_no_other) {
  const TestFolder folder;
  const AskedFor asked = {{"--trials", "3"}};
  TuneResult result;
  result.objective = 0.123456789012345;
  result.score.error[1] = 0.7;
  {
    TuneJournal journal(folder.file("j"));
    ASSERT_TRUE(journal.begin(asked, TuneJournal::Begin::kNew));
    ASSERT_TRUE(journal.add({1, 5}, result));
    ASSERT_TRUE(journal.add({2, 5}, result));
  }
  const std::string whole = read_text(folder.file("j"));
  folder.write("j", whole.substr(0, whole.size() - 9));
  TuneJournal journal(folder.file("j"));
  ASSERT_EQ(journal.begin(asked, TuneJournal::Begin::kNew).code(), Code::kInvalid);
  EXPECT_NE(TuneJournal(folder.file("j")).begin({{"--trials", "4"}}, TuneJournal::Begin::kResume).message().find("--trials was 3 and is 4"),
            std::string::npos);
  ASSERT_TRUE(journal.begin(asked, TuneJournal::Begin::kResume));
  ASSERT_NE(journal.find({1, 5}), nullptr);
  EXPECT_EQ(journal.find({1, 5})->objective, result.objective);
  EXPECT_EQ(journal.find({1, 5})->score.error, result.score.error);
  EXPECT_EQ(journal.find({2, 5}), nullptr);
  EXPECT_EQ(journal.find({1, 6}), nullptr);
  folder.write("k", "no journal\n");
  EXPECT_EQ(TuneJournal(folder.file("k")).begin(asked, TuneJournal::Begin::kResume).code(), Code::kCorrupt);
}

class Tune : public ::testing::Test {
 protected:
  Words words(const std::string& method, const std::string& jobs = "1") const {
    return {"tune",     "--generated",  "1",        "--method", method,   "--trials", "6",     "--points", "2",      "--epochs", "4",
            "--search", "windows=2..4", "--search", "rate",     "--jobs", jobs,       "--out", out,        "--save", saved};
  }
  // All of the report but what it cost.
  Json reported() const {
    Json json = Json::parse(read_text(out), nullptr, false);
    json["cost"].erase("cpu_seconds");
    return json;
  }
  TestFolder folder;
  const std::string out = folder.file("tuning.json");
  const std::string saved = folder.file("params.json");
};

TEST_F(Tune, finds_the_same_however_many_run_at_a_time) {
  for (const std::string method : {"grid", "halving"}) {
    const Ran one = run_headroom(words(method));
    ASSERT_EQ(one.code, 0) << one.err;
    const Json first = reported();
    const std::string best = read_text(saved);
    ASSERT_EQ(run_headroom(words(method, "3")).code, 0);
    EXPECT_EQ(reported(), first) << method;
    EXPECT_EQ(read_text(saved), best);
    EXPECT_EQ(first["trials"].size(), method == "grid" ? 5u : 6u + 2u + 1u);
    for (const auto& trial : first["trials"])
      if (trial["params"]["epochs"] == first["best"]["params"]["epochs"]) {
        EXPECT_LE(first["best"]["objective"], trial["objective"]);
      }
    EXPECT_NE(one.out.find("of CPU"), std::string::npos) << one.out;
    EXPECT_FALSE(std::filesystem::exists(out + ".journal"));
  }
}

TEST_F(Tune, saves_what_train_reads) {
  ASSERT_EQ(run_headroom(words("random")).code, 0);
  const auto params = read_training_params(read_text(saved));
  ASSERT_TRUE(params) << params.status().message();
  EXPECT_EQ(Json(values_of(*params)), reported()["best"]["params"]);
}

TEST_F(Tune, that_was_killed_goes_on_and_tries_nothing_twice) {
  ASSERT_EQ(run_headroom(words("random")).code, 0);
  const Json whole = reported();
  Words command = words("random");
  command.insert(command.begin(), HEADROOM_BINARY);
  auto child = Child::start({command, folder.file("log")});
  ASSERT_TRUE(child);
  // Until a trial is kept.
  const auto kept = [&] {
    const std::string text = read_text(out + ".journal");
    return std::count(text.begin(), text.end(), '\n') >= 2;
  };
  while (!kept() && !child->wait(1)) continue;
  child->signal(SIGKILL);
  EXPECT_EQ(child->wait(60'000), 128 + SIGKILL) << "it was over before it could be killed";
  EXPECT_EQ(run_headroom(words("random")).code, 2) << "it must be told what to do with the journal";
  Words again = words("random");
  again.push_back("--resume");
  const Ran ran = run_headroom(again);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("done before"), std::string::npos) << ran.err;
  EXPECT_EQ(reported(), whole);
}

TEST_F(Tune, refuses_what_it_cannot_search) {
  const auto fault = [&](Words more) {
    Words of = {"tune", "--generated", "1", "--out", out};
    of.insert(of.end(), more.begin(), more.end());
    const Ran ran = run_headroom(of);
    EXPECT_EQ(ran.code, 2) << ran.err;
    return ran.err;
  };
  EXPECT_NE(fault({"--search", "rate", "--search", "rate=0.1..0.2"}).find("--search rate=0.1..0.2: twice"), std::string::npos);
  EXPECT_NE(fault({"--method", "halving", "--search", "epochs"}).find("halving deals them out itself"), std::string::npos);
  EXPECT_NE(fault({"--method", "grid", "--points", "9"}).find("more than 10000 trials"), std::string::npos);
  EXPECT_NE(fault({"--method", "luck"}).find("--method"), std::string::npos);
}

}  // namespace
}  // namespace headroom
