#include "cli/collect_progress.h"

#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "cli/config_file.h"
#include "cli/durable_file.h"

namespace headroom {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostBytes = 64 << 20;
constexpr int kVersion = 1;

bool is_count(const Json& object, const char* name) {
  return object.contains(name) && object[name].is_number_unsigned();
}

std::optional<CollectProgress> read(const Json& json) {
  if (!json.is_object() || !is_count(json, "collect") || json["collect"] != kVersion) return std::nullopt;
  if (!is_count(json, "from_ms") || !is_count(json, "next_ms") || !json.contains("what") || !json.contains("files")) return std::nullopt;
  CollectProgress out;
  out.from_ms = json["from_ms"].get<int64_t>();
  out.next_ms = json["next_ms"].get<int64_t>();
  for (const auto& pair : json["what"]) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) return std::nullopt;
    out.what.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  for (const auto& [name, bytes] : json["files"].items()) {
    if (!bytes.is_number_unsigned()) return std::nullopt;
    out.files.emplace(name, bytes.get<uint64_t>());
  }
  return out;
}

}  // namespace

Result<std::optional<CollectProgress>> load_progress(const std::string& path) {
  const auto text = read_whole_file(path, kMostBytes);
  if (!text && text.status().code() == Code::kNotFound) return std::optional<CollectProgress>();
  if (!text) return text.status();
  auto found = read(Json::parse(*text, nullptr, false));
  if (!found) return Status(Code::kCorrupt, concat(path, " is no progress of headroom collect, or of another version of it"));
  return found;
}

Status save_progress(const std::string& path, const CollectProgress& progress) {
  Json what = Json::array();
  for (const auto& [name, value] : progress.what) what.push_back({name, value});
  const Json json = {
      {"collect", kVersion}, {"what", what}, {"from_ms", progress.from_ms}, {"next_ms", progress.next_ms}, {"files", Json(progress.files)}};
  return replace_durably(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace headroom
