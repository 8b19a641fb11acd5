#include "codec/lstm_model.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

LstmModel made_model() {
  LstmModel out;
  out.size = "headroom_small";
  out.horizons = {1, 5, 15};
  out.command = "headroom train --generated 2";
  out.date = "2026-11-23";
  out.version = "0.1.0";
  out.seed = 7;
  out.split = {0.7, 0.15, 0.15};
  out.params = {{"rate", 0.002}, {"windows", 32}};
  out.epochs = 12;
  out.best_epoch = 9;
  out.series = {{"a", std::string(32, '0'), 60'000, 1000, 700}, {"b \xc3\xa9", std::string(32, 'f'), 300'000, 90, 63}};
  out.scores[1] = {2, {0.8, 0.7, 0.61}, {0.7, 0.6, 0.5}, {0.95, 0.949, 0.948}, 1.25};
  for (size_t i = 0; i < kModelWeights; ++i) out.weights.push_back(static_cast<float>(i) * 0.37F - 300);
  return out;
}

// What read_model says of the file after a change.
std::string fault(const std::function<void(Json&)>& change) {
  Json json = Json::parse(write_model(made_model()));
  change(json);
  const auto read = read_model(json.dump());
  return read ? "" : read.status().message();
}

TEST(LstmModel, reads_back_every_member_that_it_writes) {
  const LstmModel model = made_model();
  const std::string text = write_model(model);
  const auto read = read_model(text);
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read->weights, model.weights);
  EXPECT_EQ(read->series[1].name, model.series[1].name);
  EXPECT_EQ(read->scores[1].error, model.scores[1].error);
  EXPECT_EQ(write_model(*read), text) << "nothing is lost";
}

TEST(LstmModel, is_named_by_its_weights_alone) {
  LstmModel model = made_model();
  const std::string hash = model_hash(model);
  EXPECT_EQ(hash.size(), 32u);
  model.command = "another";
  EXPECT_EQ(model_hash(model), hash);
  model.weights[5] += 1;
  EXPECT_NE(model_hash(model), hash);
}

TEST(LstmModel, says_what_is_wrong_where_and_what_is_allowed) {
  EXPECT_EQ(fault([](Json& j) { j["size"] = "large"; }), "size: found \"large\"; allowed: headroom or headroom_small");
  EXPECT_EQ(fault([](Json& j) { j["made"]["series"][1]["hash"] = "xyz"; }),
            "made.series[1].hash: found \"xyz\"; allowed: 32 hexadecimal digits");
  EXPECT_EQ(fault([](Json& j) { j["scores"].erase("test"); }), "scores.test: found nothing; allowed: an object");
  EXPECT_EQ(fault([](Json& j) {
              j["scores"]["test"]["error"] = {1, 2};
            }),
            "scores.test.error[2]: found nothing; allowed: a number from 0 to 1000000000");
  EXPECT_EQ(fault([](Json& j) { j["horizons"] = {1, 5, 4}; }), "horizons[2]: found 4; allowed: a number from 6 to 15");
  EXPECT_EQ(fault([](Json& j) { j["made"]["series"][0]["train_rows"] = 1001; }),
            "made.series[0].train_rows: found 1001; allowed: a whole number from 0 to 1000");
  EXPECT_EQ(fault([](Json& j) { j["colour"] = 1; }),
            "the file: found the member \"colour\"; allowed: headroom_model, size, hash, horizons, made, scores, weights");
  EXPECT_EQ(fault([](Json& j) { j["headroom_model"] = 2; }), "headroom_model: found version 2; this program reads 1");
  EXPECT_EQ(read_model("{\n \"size\": }").status().message(), "no JSON from line 2, column 10 on");
  EXPECT_EQ(read_model("[]").status().message(), "the file: found a list of 0; allowed: an object");
  EXPECT_EQ(read_model(std::string(kMostModelBytes + 1, ' ')).status().code(), Code::kInvalid);
}

TEST(LstmModel, refuses_weights_that_are_not_those_it_names) {
  EXPECT_EQ(fault([](Json& j) { j["weights"] = "AAAA"; }), "weights: found 3 bytes; allowed: 2706 floats of 4 bytes");
  EXPECT_EQ(fault([](Json& j) { j["weights"] = "A"; }), "weights: found what is not base64; allowed: base64 with padding");
  LstmModel other = made_model();
  other.weights[0] = 1;
  const std::string weights = Json::parse(write_model(other))["weights"];
  EXPECT_EQ(fault([&](Json& j) { j["weights"] = weights; }),
            "weights: their hash is " + model_hash(other) + "; hash says " + model_hash(made_model()));
  LstmModel broken = made_model();
  broken.weights[17] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(read_model(write_model(broken)).status().message(), "weights[17]: found NaN or infinity; allowed: a finite number");
}

// Every cut, and every byte replaced by each of some that matter to JSON: an answer or a sentence, never another model.
TEST(LstmModel, takes_any_text_whatever_was_done_to_it) {
  const std::string text = write_model(made_model());
  const size_t weights_at = text.find("\"weights\": \"") + 12;
  for (size_t cut = 0; cut + 2 < text.size(); cut += cut < weights_at ? 1 : 997) EXPECT_FALSE(read_model(text.substr(0, cut))) << cut;
  const auto original = read_model(text);
  for (size_t at = 0; at < weights_at + 50; ++at) {
    for (const char with : {'"', '{', ']', '0', '-', '\0', '\xff', ','}) {
      std::string changed = text;
      changed[at] = with;
      const auto read = read_model(changed);
      if (read)
        EXPECT_EQ(read->weights, original->weights) << at;
      else
        EXPECT_FALSE(read.status().message().empty());
    }
  }
}

}  // namespace
}  // namespace headroom
