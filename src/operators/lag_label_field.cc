#include "operators/lag_label_field.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "policy/name_pattern.h"

namespace headroom {
namespace {

// In "name=value" joined by '\x1f'.
std::string_view own_label(std::string_view labels, std::string_view name) {
  while (!labels.empty()) {
    const size_t end = labels.find('\x1f');
    const std::string_view one = labels.substr(0, end);
    if (one.size() > name.size() && one[name.size()] == '=' && one.starts_with(name)) return one.substr(name.size() + 1);
    labels = end == std::string_view::npos ? std::string_view() : labels.substr(end + 1);
  }
  return {};
}

}  // namespace

LagLabelField::LagLabelField(std::string name) : kind_(Kind::kOwn), name_(std::move(name)) {
  constexpr std::array<std::pair<std::string_view, Kind>, 4> kFixed = {
      {{"cluster", Kind::kCluster}, {"group", Kind::kGroup}, {"topic", Kind::kTopic}, {"partition", Kind::kPartition}}};
  for (const auto& [fixed, kind] : kFixed)
    if (name_ == fixed) kind_ = kind;
}

std::string_view LagLabelField::of(const LagStanding& standing, Digits& digits) const {
  std::string_view value;
  switch (kind_) {
    case Kind::kCluster:
      value = standing.cluster;
      break;
    case Kind::kGroup:
      value = standing.group;
      break;
    case Kind::kTopic:
      value = standing.topic;
      break;
    case Kind::kPartition: {
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), standing.partition).ptr;
      return {digits.data(), static_cast<size_t>(end - digits.data())};
    }
    case Kind::kOwn:
      value = own_label(standing.labels, name_);
      break;
  }
  return value.empty() ? kNoLabel : value;
}

bool fits_one(const std::vector<std::string>& patterns, std::string_view value) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return name_fits(pattern, value); });
}

}  // namespace headroom
