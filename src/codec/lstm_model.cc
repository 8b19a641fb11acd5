#include "codec/lstm_model.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/base64.h"
#include "base/concat.h"
#include "base/content_hash.h"
#include "codec/model_score.h"

namespace headroom {
namespace {

using codec::Member;
using codec::MemberReader;
using Json = nlohmann::ordered_json;

constexpr uint64_t kVersion = 1;
constexpr uint64_t kMostCount = 1ULL << 53;
constexpr int kMostHorizon = 15;
constexpr size_t kMostParams = 64;
static_assert(std::endian::native == std::endian::little, "weights are little-endian");

std::string_view bytes_of(const LstmModel& model) {
  return {reinterpret_cast<const char*>(model.weights.data()), model.weights.size() * sizeof(float)};
}

ModelSeries read_series_entry(MemberReader& in, const Member& at) {
  in.only(at, {"name", "hash", "step_ms", "rows", "train_rows"});
  ModelSeries out;
  out.name = in.text(at, "name");
  out.hash = in.hash(at, "hash");
  out.step_ms = static_cast<int64_t>(in.count(at, "step_ms", 1000, 3'600'000));
  out.rows = in.count(at, "rows", 1, kMostCount);
  out.train_rows = in.count(at, "train_rows", 0, out.rows);
  return out;
}

void read_made(MemberReader& in, const Member& at, LstmModel& out) {
  in.only(at, {"command", "date", "version", "seed", "split", "params", "epochs", "best_epoch", "series"});
  out.command = in.text(at, "command", 1 << 16);
  out.date = in.text(at, "date", 64);
  out.version = in.text(at, "version", 64);
  out.seed = in.count(at, "seed", 0, UINT64_MAX);
  const Member split = in.object(at, "split");
  for (size_t part = 0; part < kModelParts.size(); ++part) out.split[part] = in.number(split, kModelParts[part], 0, 1);
  const Member params = in.object(at, "params");
  if (params.value->size() > kMostParams) in.fail(params, "more", concat("at most ", std::to_string(kMostParams)));
  if (params.value->is_object())
    for (const auto& [name, value] : params.value->items())
      out.params[name] = in.number({&value, concat(params.path, ".", name)}, -1e18, 1e18);
  out.epochs = in.count(at, "epochs", 0, kMostCount);
  out.best_epoch = in.count(at, "best_epoch", 0, out.epochs);
  const Member series = in.list(at, "series", kMostModelSeries);
  for (size_t i = 0; series.value->is_array() && i < series.value->size(); ++i)
    out.series.push_back(read_series_entry(in, MemberReader::item(series, i)));
}

void read_head(MemberReader& in, const Member& root, LstmModel& out) {
  in.only(root, {"headroom_model", "size", "hash", "horizons", "made", "scores", "weights"});
  out.size = in.text(root, "size");
  if (out.size != "headroom" && out.size != "headroom_small")
    in.fail({root.value, "size"}, concat("\"", out.size, "\""), "headroom or headroom_small");
  const Member horizons = in.list(root, "horizons", kModelHorizons);
  int before = 0;
  for (size_t h = 0; h < kModelHorizons; ++h) {
    const Member at = MemberReader::item(horizons, h);
    const double steps = in.number(at, before + 1, kMostHorizon);
    if (steps != std::floor(steps)) in.fail(at, at.value->dump(), "a whole number of steps");
    before = out.horizons[h] = static_cast<int>(steps);
  }
}

Status read_weights(MemberReader& in, const Member& root, LstmModel& out) {
  const std::string hash = in.hash(root, "hash");
  const std::string text = in.text(root, "weights", kMostModelBytes);
  if (!in.status()) return in.status();
  const auto bytes = base64_bytes(text);
  if (!bytes) return {Code::kInvalid, "weights: found what is not base64; allowed: base64 with padding"};
  if (bytes->size() != kModelWeights * sizeof(float))
    return {Code::kInvalid, concat("weights: found ", std::to_string(bytes->size()), " bytes; allowed: ", std::to_string(kModelWeights),
                                   " floats of 4 bytes")};
  out.weights.resize(kModelWeights);
  std::memcpy(out.weights.data(), bytes->data(), bytes->size());
  for (size_t i = 0; i < out.weights.size(); ++i)
    if (!std::isfinite(out.weights[i]))
      return {Code::kInvalid, concat("weights[", std::to_string(i), "]: found NaN or infinity; allowed: a finite number")};
  const std::string found = model_hash(out);
  if (found != hash) return {Code::kCorrupt, concat("weights: their hash is ", found, "; hash says ", hash)};
  return Status::ok();
}

}  // namespace

std::string model_hash(const LstmModel& model) {
  ContentHash hash;
  hash.add(bytes_of(model));
  return hash.text();
}

std::string write_model(const LstmModel& model) {
  Json series = Json::array();
  for (const auto& one : model.series)
    series.push_back(
        {{"name", one.name}, {"hash", one.hash}, {"step_ms", one.step_ms}, {"rows", one.rows}, {"train_rows", one.train_rows}});
  Json split, scores;
  for (size_t part = 0; part < kModelParts.size(); ++part) {
    split[std::string(kModelParts[part])] = model.split[part];
    scores[std::string(kModelParts[part])] = score_json(model.scores[part]);
  }
  Json params = Json::object();
  for (const auto& [name, value] : model.params) params[name] = codec::number_json(value);
  const Json made = {{"command", model.command}, {"date", model.date}, {"version", model.version}, {"seed", model.seed},
                     {"split", split},           {"params", params},   {"epochs", model.epochs},   {"best_epoch", model.best_epoch},
                     {"series", series}};
  const Json json = {{"headroom_model", kVersion},        {"size", model.size}, {"hash", model_hash(model)},
                     {"horizons", model.horizons},        {"made", made},       {"scores", scores},
                     {"weights", base64(bytes_of(model))}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<LstmModel> read_model(std::string_view text) {
  if (text.size() > kMostModelBytes)
    return Status(Code::kInvalid,
                  concat("the file: found ", std::to_string(text.size()), " bytes; allowed: at most ", std::to_string(kMostModelBytes)));
  const auto json = codec::parse_json(text);
  if (!json) return json.status();
  MemberReader in;
  const Member root{&*json, {}};
  const uint64_t version = in.count(root, "headroom_model", 1, kMostCount);
  if (!in.status()) return in.status();
  if (version != kVersion)
    return Status(Code::kSchema,
                  concat("headroom_model: found version ", std::to_string(version), "; this program reads ", std::to_string(kVersion)));
  LstmModel out;
  read_head(in, root, out);
  read_made(in, in.object(root, "made"), out);
  const Member scores = in.object(root, "scores");
  in.only(scores, {kModelParts[0], kModelParts[1], kModelParts[2]});
  for (size_t part = 0; part < kModelParts.size(); ++part) out.scores[part] = read_score(in, in.object(scores, kModelParts[part]));
  if (const Status read = read_weights(in, root, out); !read) return read;
  return out;
}

}  // namespace headroom
