#include "redis/lane_keys.h"

#include <algorithm>
#include <charconv>

namespace headroom {
namespace {

template <class N>
bool parse_number(std::string_view text, N& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_page_field(std::string_view text, PageId& out) {
  if (!text.starts_with('p')) return false;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  return parse_number(text.substr(1, dot - 1), out.store) && parse_number(text.substr(dot + 1), out.page);
}

Status corrupt(std::string_view what) {
  return {Code::kCorrupt, "the lane's " + std::string(what) + " in Redis is not what Headroom writes"};
}

}  // namespace

std::string page_field(PageId id) {
  return "p" + std::to_string(id.store) + "." + std::to_string(id.page);
}

std::string epoch_text(uint64_t epoch) {
  const std::string digits = std::to_string(epoch);
  return std::string(20 - digits.size(), '0') + digits;
}

Result<std::optional<Manifest>> parse_manifest(Reply& reply) {
  if (reply.kind != Reply::Kind::kArray || reply.items.size() % 2 != 0) return corrupt("manifest");
  if (reply.items.empty()) return std::optional<Manifest>();
  Manifest out;
  int whole = 0;
  for (size_t i = 0; i < reply.items.size(); i += 2) {
    const std::string& field = reply.items[i]->text;
    std::string& value = reply.items[i + 1]->text;
    PageId id;
    if (field == "owner") {
      whole |= 1;
      out.owner = std::move(value);
    } else if (field == "epoch") {
      if (!parse_number(value, out.epoch)) return corrupt("manifest");
      whole |= 2;
    } else if (field == "core") {
      whole |= 4;
      out.core = std::move(value);
    } else if (parse_page_field(field, id) && !value.empty()) {
      out.pages[id] = std::move(value);
    } else {
      return corrupt("manifest");
    }
  }
  if (whole != 7) return corrupt("manifest");
  return std::optional(std::move(out));
}

Result<std::optional<AttemptMark>> parse_mark(const Reply& reply) {
  if (reply.kind == Reply::Kind::kNil) return std::optional<AttemptMark>();
  const std::string_view text = reply.text;
  const size_t space = text.find(' ');
  AttemptMark mark;
  if (space == std::string_view::npos || !parse_number(text.substr(0, space), mark.offset) ||
      !parse_number(text.substr(space + 1), mark.deaths)) {
    return corrupt("mark");
  }
  return std::optional(mark);
}

std::string mark_text(const AttemptMark& mark) {
  return std::to_string(mark.offset) + " " + std::to_string(mark.deaths);
}

Result<std::vector<Offset>> parse_skips(const Reply& reply) {
  if (reply.kind != Reply::Kind::kArray) return corrupt("skip list");
  std::vector<Offset> out;
  for (const auto& item : reply.items) {
    Offset offset = 0;
    if (!parse_number(item->text, offset)) return corrupt("skip list");
    out.push_back(offset);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace headroom
