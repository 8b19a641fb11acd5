#include "codec/member_reader.h"

#include <algorithm>
#include <cmath>

#include "base/concat.h"
#include "codec/number_text.h"

namespace headroom::codec {
namespace {

using Json = nlohmann::ordered_json;

const Json kNothing;

std::string place_of(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte == 0 ? 0 : byte - 1, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n');
  const size_t column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return concat("line ", std::to_string(line), ", column ", std::to_string(column));
}

// What stands there, short enough for a sentence.
std::string shown(const Json& value) {
  if (value.is_null()) return "nothing";
  if (value.is_object()) return "an object";
  if (value.is_array()) return concat("a list of ", std::to_string(value.size()));
  std::string out = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return out.size() <= 60 ? out : out.substr(0, 57) + "...";
}

std::string number_words(double value) {
  return number_json(value).dump();
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    return Status(Code::kInvalid, concat("no JSON from ", place_of(text, error.byte), " on"));
  } catch (const Json::exception&) {
    return Status(Code::kInvalid, "no JSON: a number in it is too large");
  }
}

Json number_json(double value) {
  const bool whole = std::abs(value) < 1e15 && value == std::floor(value);
  return whole ? Json(static_cast<int64_t>(value)) : Json(value);
}

void MemberReader::fail(const Member& at, std::string_view found, std::string_view allowed) {
  if (failed_) failed_ = {Code::kInvalid, concat(at.path.empty() ? "the file" : at.path, ": found ", found, "; allowed: ", allowed)};
}

Member MemberReader::find(const Member& parent, std::string_view name) {
  Member out{&kNothing, parent.path.empty() ? std::string(name) : concat(parent.path, ".", name)};
  if (!parent.value->is_object()) {
    if (failed_) fail(parent, shown(*parent.value), "an object");
    return out;
  }
  const auto found = parent.value->find(std::string(name));
  if (found != parent.value->end()) out.value = &*found;
  return out;
}

Member MemberReader::object(const Member& parent, std::string_view name) {
  Member out = find(parent, name);
  if (!out.value->is_object()) fail(out, shown(*out.value), "an object"), out.value = &kNothing;
  return out;
}

Member MemberReader::list(const Member& parent, std::string_view name, size_t most) {
  Member out = find(parent, name);
  if (!out.value->is_array() || out.value->size() > most)
    fail(out, shown(*out.value), concat("a list of at most ", std::to_string(most))), out.value = &kNothing;
  return out;
}

Member MemberReader::item(const Member& list, size_t index) {
  const bool there = list.value->is_array() && index < list.value->size();
  return {there ? &(*list.value)[index] : &kNothing, concat(list.path, "[", std::to_string(index), "]")};
}

std::string MemberReader::text(const Member& parent, std::string_view name, size_t most_bytes) {
  const Member at = find(parent, name);
  if (at.value->is_string() && at.value->get_ref<const std::string&>().size() <= most_bytes) return at.value->get<std::string>();
  fail(at, shown(*at.value), concat("a text of at most ", std::to_string(most_bytes), " bytes"));
  return {};
}

std::string MemberReader::hash(const Member& parent, std::string_view name) {
  const Member at = find(parent, name);
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const std::string out = at.value->is_string() ? at.value->get<std::string>() : std::string();
  if (out.size() == 32 && std::all_of(out.begin(), out.end(), digit)) return out;
  fail(at, shown(*at.value), "32 hexadecimal digits");
  return {};
}

uint64_t MemberReader::count(const Member& parent, std::string_view name, uint64_t least, uint64_t most) {
  const Member at = find(parent, name);
  if (at.value->is_number_unsigned()) {
    const auto out = at.value->get<uint64_t>();
    if (out >= least && out <= most) return out;
  }
  fail(at, shown(*at.value), concat("a whole number from ", std::to_string(least), " to ", std::to_string(most)));
  return 0;
}

double MemberReader::number(const Member& at, double least, double most) {
  const double out = at.value->is_number() ? at.value->get<double>() : std::nan("");
  if (out >= least && out <= most) return out;
  fail(at, shown(*at.value), concat("a number from ", number_words(least), " to ", number_words(most)));
  return 0;
}

double MemberReader::number(const Member& parent, std::string_view name, double least, double most) {
  return number(find(parent, name), least, most);
}

bool MemberReader::has(const Member& object, std::string_view name) {
  return object.value->is_object() && object.value->contains(std::string(name));
}

void MemberReader::only(const Member& object, const std::vector<std::string_view>& names) {
  if (!object.value->is_object()) return;
  std::string allowed;
  for (const auto name : names) allowed += concat(allowed.empty() ? "" : ", ", name);
  for (const auto& [name, value] : object.value->items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) return fail(object, concat("the member ", shown(Json(name))), allowed);
  }
}

}  // namespace headroom::codec
