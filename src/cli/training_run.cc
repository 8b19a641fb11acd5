#include "cli/training_run.h"

#include <array>
#include <cmath>
#include <cstring>

#include "base/base64.h"
#include "base/concat.h"
#include "codec/member_reader.h"

namespace headroom {
namespace {

using codec::Member;
using codec::MemberReader;
using Json = nlohmann::ordered_json;

constexpr uint64_t kVersion = 1;
constexpr uint64_t kMostEpochs = 1'000'000;
constexpr size_t kMostAsked = 100'000;
constexpr size_t kMomentFloats = 2 * (LstmWeights::kGates + LstmWeights::kIn + kLstmOutputs);
static_assert(sizeof(LstmMoments) == kMomentFloats * sizeof(float) + sizeof(uint32_t), "a moment was added or has a hole before it");

template <class T>
std::string packed(const T* from, size_t count) {
  return base64({reinterpret_cast<const char*>(from), count * sizeof(T)});
}

std::string packed(const LstmWeights& weights) {
  std::array<float, kLstmSize> flat;
  flatten(weights, flat);
  return packed(flat.data(), flat.size());
}

bool unpack(const std::string& text, void* into, size_t size) {
  const auto bytes = base64_bytes(text);
  if (!bytes || bytes->size() != size) return false;
  std::memcpy(into, bytes->data(), size);
  return true;
}

bool unpack(const std::string& text, LstmWeights& weights) {
  std::array<float, kLstmSize> flat;
  if (!unpack(text, flat.data(), sizeof flat)) return false;
  for (const float weight : flat)
    if (!std::isfinite(weight)) return false;
  unflatten(flat, weights);
  return true;
}

AskedFor read_asked(MemberReader& in, const Member& root) {
  AskedFor out;
  const Member list = in.list(root, "what", kMostAsked);
  for (size_t i = 0; list.value->is_array() && i < list.value->size(); ++i) {
    const Member pair = MemberReader::item(list, i);
    out.emplace_back(in.text(pair, "name"), in.text(pair, "value", 1 << 16));
  }
  return out;
}

}  // namespace

LstmTraining TrainingPlan::training() const {
  LstmTraining out = params.training;
  out.updates = params.epochs * kEpochUpdates;
  out.seed = seed;
  return out;
}

bool TrainingProgress::over(const TrainingPlan& plan) const {
  return epoch >= plan.params.epochs || epoch - best_epoch >= plan.patience;
}

TrainingProgress begin_progress(const TrainingPlan& plan) {
  TrainingProgress out;
  out.now = begin_training(plan.training());
  return out;
}

void train_epoch(const TrainingData& data, const TrainingPlan& plan, TrainingProgress& progress) {
  train_lstm(data.part(kTrainPart), plan.training(), kEpochUpdates, progress.now);
  ++progress.epoch;
  progress.loss = mean_relative_loss(data, kValidationPart, progress.now.weights);
  // Epoch 0 stands for weights that say nothing: those that never did better are not kept.
  if (!(progress.loss < progress.best_loss)) return;
  progress.best = progress.now.weights;
  progress.best_loss = progress.loss;
  progress.best_epoch = progress.epoch;
}

std::string write_progress(const TrainingProgress& progress, const AskedFor& asked) {
  Json what = Json::array();
  for (const auto& [name, value] : asked) what.push_back({{"name", name}, {"value", value}});
  const auto& now = progress.now;
  const Json json = {{"headroom_training_state", kVersion},
                     {"what", what},
                     {"epoch", progress.epoch},
                     {"best_epoch", progress.best_epoch},
                     {"best_loss", progress.best_loss},
                     {"loss", progress.loss},
                     {"random", now.random},
                     {"updates", now.updates},
                     {"mean_loss", packed(&now.mean_loss, 1)},
                     {"moments", packed(&now.moments, 1)},
                     {"weights", packed(now.weights)},
                     {"best", packed(progress.best)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status read_progress(std::string_view text, const AskedFor& asked, TrainingProgress& out) {
  const auto json = codec::parse_json(text);
  if (!json) return {Code::kCorrupt, json.status().message()};
  MemberReader in;
  const Member root{&*json, {}};
  in.count(root, "headroom_training_state", kVersion, kVersion);
  const AskedFor found = read_asked(in, root);
  out.epoch = in.count(root, "epoch", 0, kMostEpochs);
  out.best_epoch = in.count(root, "best_epoch", 0, out.epoch);
  out.best_loss = in.number(root, "best_loss", 0, 1e9);
  out.loss = in.number(root, "loss", 0, 1e9);
  out.now.random = in.count(root, "random", 0, UINT64_MAX);
  out.now.updates = in.count(root, "updates", 0, kMostEpochs * kEpochUpdates);
  const bool whole = unpack(in.text(root, "mean_loss"), &out.now.mean_loss, sizeof(float)) &&
                     unpack(in.text(root, "moments", 1 << 16), &out.now.moments, sizeof(LstmMoments)) &&
                     unpack(in.text(root, "weights", 1 << 16), out.now.weights) && unpack(in.text(root, "best", 1 << 16), out.best);
  if (!in.status()) return {Code::kCorrupt, in.status().message()};
  if (!whole) return {Code::kCorrupt, "weights or moments: not as many finite numbers as there are"};
  const std::string other = difference(found, asked);
  return other.empty() ? Status::ok() : Status(Code::kInvalid, other);
}

}  // namespace headroom
