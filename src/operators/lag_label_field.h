#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operators/lag_detector_params.h"
#include "operators/lag_standing.h"

namespace headroom {

// What stands for a label that a group has not.
inline constexpr std::string_view kNoLabel = "none";

// One label of partitions by its name: `cluster`, `group`, `topic`, `partition`, or one of the group's own.
class LagLabelField {
 public:
  using Digits = std::array<char, 12>;

  explicit LagLabelField(std::string name);
  // The label's value, kNoLabel where there is none. Views the standing, or `digits` for a partition.
  std::string_view of(const LagStanding& standing, Digits& digits) const;

 private:
  enum class Kind : uint8_t { kCluster, kGroup, kTopic, kPartition, kOwn };
  Kind kind_;
  std::string name_;
};

// Whether a value fits one of the patterns.
bool fits_one(const std::vector<std::string>& patterns, std::string_view value);

}  // namespace headroom
