// headroom train: its data, its state between epochs, and the command itself.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/child.h"
#include "cli/generated_load.h"
#include "cli/model_file.h"
#include "cli/run_binary.h"
#include "cli/training_data.h"
#include "cli/training_run.h"

namespace headroom {
namespace {

using testing::Ran;
using testing::read_text;
using testing::run_headroom;
using testing::TestFolder;

using Words = std::vector<std::string>;

// Trainings of a test are short: small pieces.
constexpr const char* kQuick = R"({"headroom_training": 1, "windows": 4, "steps": 16, "burn": 4})";

TrainingDataOptions generated(size_t series) {
  TrainingDataOptions out;
  out.generated = series;
  return out;
}

TEST(GeneratedLoad, is_read_from_its_csv_the_same) {
  const TestFolder folder;
  for (const size_t index : {0, 1, 2}) {
    const Series made = generated_load(3, index);
    const auto read = read_series(folder.write(made.name + ".csv", series_csv(made)), {});
    ASSERT_TRUE(read) << read.status().message();
    EXPECT_EQ(read->values, made.values);
    EXPECT_EQ(read->times_ms, made.times_ms);
    EXPECT_EQ(read->step_ms, made.step_ms);
    EXPECT_GT(*std::max_element(made.values.begin(), made.values.end()), 1);
  }
  EXPECT_NE(generated_load(3, 0).values, generated_load(3, 1).values);
  EXPECT_NE(generated_load(3, 0).values, generated_load(4, 0).values);
}

TEST(TrainingData, gives_no_part_a_target_that_lies_behind_it) {
  const auto data = read_training_data(generated(1));
  ASSERT_TRUE(data) << data.status().message();
  const auto& one = data->series[0];
  EXPECT_EQ(one.ends, (PartEnds{14112, 17136, 20160}));
  for (size_t part = 0; part < 3; ++part) {
    const auto& targets = one.seen[part].targets;
    for (size_t h = 0; h < kForecastHorizons; ++h) {
      const auto ahead = static_cast<size_t>(data->settings.horizons[h]);
      EXPECT_TRUE(std::isnan(targets[targets.size() - ahead][h])) << part << " " << h;
      EXPECT_FALSE(std::isnan(targets[targets.size() - ahead - 1][h])) << part << " " << h;
    }
  }
}

TEST(TrainingData, of_the_first_part_hangs_on_no_row_behind_it) {
  const Series whole = generated_load(1, 0);
  Series other = whole;
  for (size_t row = 14112; row < other.values.size(); ++row) other.values[row] *= 3;
  const auto a = lstm_parts<HeadroomSmallSize>(whole, {}, {14112, 17136, 20160});
  const auto b = lstm_parts<HeadroomSmallSize>(other, {}, {14112, 17136, 20160});
  EXPECT_EQ(a[0].inputs, b[0].inputs);
  EXPECT_NE(a[1].inputs, b[1].inputs);
  for (size_t i = 0; i < a[0].targets.size(); ++i)
    for (size_t h = 0; h < kForecastHorizons; ++h)
      ASSERT_TRUE(a[0].targets[i][h] == b[0].targets[i][h] || (std::isnan(a[0].targets[i][h]) && std::isnan(b[0].targets[i][h])));
}

// What the project ships has learned from made-up loads alone, and anyone can make them again.
TEST(ShippedModels, have_learned_from_the_loads_that_their_command_generates) {
  size_t models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HEADROOM_SOURCE_DIR "/config/models")) {
    if (entry.path().extension() != ".json") continue;
    const auto model = load_model(entry.path().string());
    ASSERT_TRUE(model) << model.status().message();
    ++models;
    EXPECT_EQ(model->command.find("--series"), std::string::npos);
    const auto made = read_training_data(generated(model->series.size()));
    for (size_t i = 0; i < model->series.size(); ++i) {
      EXPECT_EQ(model->series[i].hash, made->series[i].hash);
      EXPECT_EQ(model->series[i].train_rows, made->series[i].ends[kTrainPart]);
    }
    for (const double error : model->scores[kTestPart].error) EXPECT_LT(error, 1);
  }
  EXPECT_EQ(models, 2u);
}

class ATraining : public ::testing::Test {
 protected:
  void SetUp() override {
    auto read = read_training_data(generated(1));
    ASSERT_TRUE(read);
    data = std::move(*read);
    plan.params.training.windows = 4;
    plan.params.training.steps = 16;
    plan.params.training.burn = 4;
    plan.params.epochs = 6;
  }
  TrainingData data;
  TrainingPlan plan;
  const AskedFor asked = {{"--seed", "1"}, {"series a", "b"}};
};

TEST_F(ATraining, goes_on_from_its_file_with_the_same_bits) {
  TrainingProgress whole = begin_progress(plan), pieces = whole;
  while (!whole.over(plan)) train_epoch(data, plan, whole);
  while (!pieces.over(plan)) {
    train_epoch(data, plan, pieces);
    TrainingProgress restored;
    const Status read = read_progress(write_progress(pieces, asked), asked, restored);
    ASSERT_TRUE(read) << read.message();
    pieces = restored;
  }
  EXPECT_EQ(whole.epoch, 6u);
  EXPECT_EQ(write_progress(pieces, asked), write_progress(whole, asked));
}

TEST_F(ATraining, stops_when_the_validation_part_gains_no_more) {
  plan.params.training.rate = 0.9F;  // it only gets worse
  plan.params.epochs = 100;
  plan.patience = 3;
  TrainingProgress progress = begin_progress(plan);
  while (!progress.over(plan)) train_epoch(data, plan, progress);
  EXPECT_EQ(progress.epoch, progress.best_epoch + 3);
  EXPECT_LT(progress.epoch, 100u);
}

TEST_F(ATraining, refuses_a_state_that_is_not_its_own) {
  const std::string text = write_progress(begin_progress(plan), asked);
  TrainingProgress out;
  EXPECT_EQ(read_progress(text, {{"--seed", "2"}, {"series a", "b"}}, out).message(), "--seed was 1 and is 2");
  EXPECT_EQ(read_progress("{}", asked, out).code(), Code::kCorrupt);
  EXPECT_EQ(read_progress("", asked, out).code(), Code::kCorrupt);
  auto json = nlohmann::json::parse(text);
  json["weights"] = "AAAA";
  EXPECT_EQ(read_progress(json.dump(), asked, out).code(), Code::kCorrupt);
}

TEST(TrainingParams, are_read_as_they_are_written_and_bounded) {
  TrainingParams params;
  params.training.rate = 0.0123F;
  params.training.windows = 17;
  const auto read = read_training_params(write_training_params(params));
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(values_of(*read), values_of(params));
  EXPECT_EQ(read->training.rate, 0.0123F);
  const auto fault = [](const std::string& members) {
    return read_training_params("{\"headroom_training\": 1, " + members + "}").status().message();
  };
  EXPECT_EQ(fault("\"rate\": 2"), "rate: found 2; allowed: a number from 1e-06 to 1");
  EXPECT_EQ(fault("\"windows\": 2.5"), "windows: found 2.500000; allowed: a whole number");
  EXPECT_EQ(fault("\"burn\": 96"), "burn: found 96; allowed: fewer than the 96 steps of a piece");
  EXPECT_NE(fault("\"speed\": 1").find("found the member \"speed\"; allowed: headroom_training, rate, epochs"), std::string::npos);
}

class Train : public ::testing::Test {
 protected:
  void SetUp() override { params = folder.write("quick.json", kQuick); }
  Words words(const std::string& epochs = "6") const {
    return {"train", "--generated", "1", "--params", params, "--epochs", epochs, "--patience", "10000", "--out", out};
  }
  Ran run(Words of, const Words& more = {}) {
    of.insert(of.end(), more.begin(), more.end());
    return run_headroom(of);
  }
  TestFolder folder;
  std::string params;
  const std::string out = folder.file("model.json");
};

TEST_F(Train, writes_a_model_that_says_how_it_was_made_and_is_the_same_each_time) {
  const Ran ran = run(words(), {"--date", "2026-11-23"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("headroom_small: 1 series"), std::string::npos) << ran.out;
  const auto model = load_model(out);
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_EQ(model->date, "2026-11-23");
  EXPECT_EQ(model->params.at("windows"), 4);
  EXPECT_EQ(model->series.at(0).train_rows, 14112u);
  EXPECT_EQ(model->command,
            "headroom train --generated 1 --size headroom_small --horizons 1,5,15 --validation 0.15 --test 0.15 --seed 1 --params " +
                params + " --epochs 6 --patience 10000 --date 2026-11-23 --out " + out);
  for (const auto& score : model->scores) EXPECT_LT(score.error[2], 1);
  EXPECT_FALSE(std::filesystem::exists(out + ".state"));
  const std::string text = read_text(out);
  ASSERT_EQ(run(words(), {"--date", "2026-11-23"}).code, 0);
  EXPECT_EQ(read_text(out), text);
  ASSERT_EQ(run(words(), {"--seed", "2"}).code, 0);
  EXPECT_NE(model_hash(*load_model(out)), model_hash(*model));
}

TEST_F(Train, that_was_killed_and_goes_on_gives_the_file_of_one_that_was_not) {
  ASSERT_EQ(run(words("150")).code, 0);
  const std::string whole = read_text(out);
  std::filesystem::remove(out);
  Words command = words("150");
  command.insert(command.begin(), HEADROOM_BINARY);
  auto child = Child::start({command, folder.file("log")});
  ASSERT_TRUE(child) << child.status().message();
  // Until some epochs are kept.
  const auto reached = [&] {
    const auto state = nlohmann::json::parse(read_text(out + ".state"), nullptr, false);
    return state.is_object() && state["epoch"] >= 3;
  };
  while (!reached() && !child->wait(1)) continue;
  child->signal(SIGKILL);
  EXPECT_EQ(child->wait(60'000), 128 + SIGKILL) << "it was over before it could be killed";
  EXPECT_FALSE(std::filesystem::exists(out));
  const Ran refused = run(words("150"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--resume goes on, --restart begins anew"), std::string::npos) << refused.err;
  const Ran other = run(words("151"), {"--resume"});
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("is of another training: epochs was 150 and is 151"), std::string::npos) << other.err;
  const Ran ran = run(words("150"), {"--resume"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("going on behind epoch "), std::string::npos) << ran.err;
  EXPECT_EQ(read_text(out), whole);
}

TEST_F(Train, refuses_what_it_cannot_learn_from_and_says_why) {
  const auto fault = [&](const Words& more) {
    Words of = {"train", "--out", out};
    const Ran ran = run(of, more);
    EXPECT_EQ(ran.code, 2) << ran.err;
    return ran.err;
  };
  std::string rows = "time_ms,value\n";
  for (int i = 1; i <= 500; ++i) rows += std::to_string(i * 60'000) + ",1\n";
  const std::string small = folder.write("small.csv", rows);
  const std::string twin = folder.write("twin.csv", series_csv(generated_load(1, 0)));
  const std::string other = folder.write("other.csv", series_csv(generated_load(1, 0)));
  EXPECT_NE(fault({}).find("--series DIR|FILE or --generated N is needed"), std::string::npos);
  EXPECT_NE(fault({"--series", small})
                .find("small.csv has 500 rows, 350 of them to learn from and 75 in the smaller of the other parts; at "
                      "least 400 and 64 are needed"),
            std::string::npos);
  EXPECT_NE(fault({"--series", twin, "--series", other}).find("other.csv is the same file as "), std::string::npos);
  EXPECT_NE(fault({"--series", folder.file("none.csv")}).find("none.csv"), std::string::npos);
  EXPECT_NE(fault({"--series", small, "--generated", "1"}).find("excludes"), std::string::npos);
  EXPECT_NE(fault({"--generated", "1", "--test", "0.6"}).find("--test: a share of the rows from 0.01 to 0.45"), std::string::npos);
  EXPECT_NE(fault({"--generated", "1", "--horizons", "1,5,30"}).find("ascending steps from 1 to 15"), std::string::npos);
  EXPECT_NE(fault({"--generated", "1", "--date", "soon"}).find("--date soon: a day"), std::string::npos);
  EXPECT_NE(fault({"--generated", "1", "--params", small}).find("small.csv: no JSON from line 1"), std::string::npos);
  EXPECT_NE(fault({"--generated", "1", "--size", "large"}).find("--size"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(out));
}

class EvalWithModel : public Train {
 protected:
  void SetUp() override {
    Train::SetUp();
    taught = folder.write("taught.csv", series_csv(generated_load(1, 0)));
    fresh = folder.write("fresh.csv", series_csv(generated_load(9, 2)));
    const Ran ran = run_headroom({"train", "--series", taught, "--params", params, "--epochs", "4", "--out", out});
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  std::string taught, fresh;
};

TEST_F(EvalWithModel, judges_with_its_weights_and_names_them) {
  const Ran without = run_headroom({"forecast", "eval", "--series", fresh});
  const Ran with = run_headroom({"forecast", "eval", "--series", fresh, "--model", out});
  ASSERT_EQ(with.code, 0) << with.err;
  EXPECT_NE(with.out.find("weights " + model_hash(*load_model(out)) + " for headroom_small"), std::string::npos) << with.out;
  EXPECT_NE(with.out.substr(0, with.out.find("1 series")), without.out.substr(0, without.out.find("1 series")));
}

TEST_F(EvalWithModel, says_which_series_it_was_trained_on_whatever_their_name) {
  const std::string renamed = folder.write("renamed.csv", read_text(taught));
  const Ran ran = run_headroom({"forecast", "eval", "--series", fresh, renamed, "--model", out});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("renamed: LEAK: the model for headroom_small was trained on this file: 14112 of its 20160 rows taught"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("fresh: LEAK"), std::string::npos);
  EXPECT_NE(ran.err.find("fresh: the model for headroom_small has learned from no series with a step of 5m"), std::string::npos) << ran.err;
}

TEST_F(EvalWithModel, refuses_models_that_do_not_fit) {
  const auto fault = [&](const Words& more) {
    const Ran ran = run({"forecast", "eval", "--series", fresh}, more);
    EXPECT_EQ(ran.code, 2) << ran.err;
    return ran.err;
  };
  EXPECT_NE(fault({"--model", out, "--horizons", "1,2,3"}).find("model.json is for --horizons 1,5,15, not 1,2,3"), std::string::npos);
  EXPECT_NE(fault({"--model", out, "--model", out}).find("model.json is the second model for headroom_small"), std::string::npos);
  EXPECT_NE(fault({"--model", params}).find("quick.json: headroom_model: found nothing; allowed: a whole number"), std::string::npos);
  EXPECT_NE(fault({"--model", out, "--leave-source-out", fresh}).find("excludes"), std::string::npos);
}

}  // namespace
}  // namespace headroom
