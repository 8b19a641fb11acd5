#include "cli/training_params.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <vector>

#include "base/concat.h"
#include "codec/member_reader.h"

namespace headroom {
namespace {

using codec::Member;
using codec::MemberReader;

constexpr const char* kVersionName = "headroom_training";

// The place's value, after it was set if there is something to set it to; of floats the shortest decimal that reads back the same.
template <class Number>
double exchange(Number& place, const double* value) {
  if (value != nullptr) place = static_cast<Number>(*value);
  if constexpr (std::is_floating_point_v<Number>) {
    char text[32];
    const auto written = std::to_chars(text, text + sizeof text, place);
    double out = 0;
    std::from_chars(text, written.ptr, out);
    return out;
  }
  return static_cast<double>(place);
}

constexpr std::array<TrainingParam, 7> kParams = {{
    {"rate", "Most that a weight changes in one update, at the height of the schedule.", 1e-6, 1, 3e-4, 1e-2, false, true,
     [](TrainingParams& p, const double* value) { return exchange(p.training.rate, value); }},
    {"epochs", "Epochs of 50 updates; the rate falls to nothing by the last one.", 1, 10'000, 10, 80, true, true,
     [](TrainingParams& p, const double* value) { return exchange(p.epochs, value); }},
    {"windows", "Pieces of series in one update.", 1, 512, 8, 64, true, true,
     [](TrainingParams& p, const double* value) { return exchange(p.training.windows, value); }},
    {"steps", "Steps of a piece.", 8, 512, 48, 160, true, true,
     [](TrainingParams& p, const double* value) { return exchange(p.training.steps, value); }},
    {"burn", "Steps at the start of a piece that are not judged.", 0, 256, 4, 40, true, false,
     [](TrainingParams& p, const double* value) { return exchange(p.training.burn, value); }},
    {"smooth", "Errors below it, in scales, weigh by their square.", 1e-3, 10, 0.05, 1, false, true,
     [](TrainingParams& p, const double* value) { return exchange(p.training.loss.smooth, value); }},
    {"outer_weight", "Weight of the other quantiles beside the median.", 0, 10, 0.1, 1, false, false,
     [](TrainingParams& p, const double* value) { return exchange(p.training.loss.outer_weight, value); }},
}};

}  // namespace

std::span<const TrainingParam> training_params() {
  return kParams;
}

std::map<std::string, double> values_of(const TrainingParams& params) {
  std::map<std::string, double> out;
  for (const auto& param : kParams) out[std::string(param.name)] = param.get(params);
  return out;
}

std::string write_training_params(const TrainingParams& params) {
  nlohmann::ordered_json json = {{kVersionName, 1}};
  for (const auto& param : kParams) json[std::string(param.name)] = codec::number_json(param.get(params));
  return json.dump(1) + "\n";
}

Status check_training_params(const TrainingParams& params) {
  if (params.training.burn < params.training.steps) return Status::ok();
  return {Code::kInvalid, concat("burn: found ", std::to_string(params.training.burn), "; allowed: fewer than the ",
                                 std::to_string(params.training.steps), " steps of a piece")};
}

Result<TrainingParams> read_training_params(std::string_view text) {
  const auto json = codec::parse_json(text);
  if (!json) return json.status();
  MemberReader in;
  const Member root{&*json, {}};
  in.count(root, kVersionName, 1, 1);
  std::vector<std::string_view> names = {kVersionName};
  for (const auto& param : kParams) names.push_back(param.name);
  in.only(root, names);
  TrainingParams out;
  for (const auto& param : kParams) {
    if (!in.has(root, param.name)) continue;
    const double value = in.number(root, param.name, param.least, param.most);
    if (param.whole && value != std::floor(value)) in.fail({root.value, std::string(param.name)}, std::to_string(value), "a whole number");
    if (in.status()) param.set(out, value);
  }
  if (!in.status()) return in.status();
  if (const Status holds = check_training_params(out); !holds) return holds;
  return out;
}

}  // namespace headroom
