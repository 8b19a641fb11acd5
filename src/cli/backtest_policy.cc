#include "cli/backtest_policy.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "config/settings_reader.h"
#include "policy/target_pattern.h"

namespace headroom {
namespace {

constexpr std::string_view kAny = "**";

void add_when_missing(JsonNode& rule, const std::string& key, JsonKind kind, const std::string& text) {
  if (rule.find(key) != nullptr) return;
  JsonNode value;
  value.kind = kind;
  value.place = rule.place;
  value.text = text;
  rule.members.push_back({key, rule.place, std::move(value)});
}

// Says whether the capacity was there, or is to be learned. One that is missing gets any number until the load is known.
bool complete(JsonNode& rule) {
  if (rule.kind != JsonKind::kObject) return false;
  add_when_missing(rule, "target", JsonKind::kString, std::string(kAny));
  const JsonNode* utilisation = rule.find("utilisation");
  const bool given = rule.find("capacity") != nullptr || (utilisation != nullptr && !utilisation->text.empty());
  if (!given) add_when_missing(rule, "capacity", JsonKind::kNumber, "1");
  return given;
}

// The index of the rule that counts.
std::optional<size_t> rule_for(const std::vector<PredictiveRule>& rules, const std::string& target, std::string& why) {
  if (target.empty()) {
    if (rules.size() == 1) return 0;
    why = concat("has ", std::to_string(rules.size()), " rules; name with --target whose is meant");
    return std::nullopt;
  }
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const PredictiveRule& rule) { return target_fits(rule.target, target); });
  if (found != rules.end()) return static_cast<size_t>(found - rules.begin());
  why = concat("has no rule that fits ", target);
  return std::nullopt;
}

}  // namespace

std::optional<BacktestPolicy> read_backtest_policy(std::string_view text, const std::string& target, std::vector<Mistake>& mistakes) {
  const size_t before = mistakes.size();
  auto root = read_json(text, mistakes);
  if (!root) return std::nullopt;
  BacktestPolicy out;
  JsonNode* targets = root->find("targets");
  std::vector<bool> given;
  if (targets == nullptr) {
    given.push_back(complete(*root));
    out.params.targets.resize(1);
    read_settings(
        *root, {}, [&](SettingVisitor& visitor) { declare(visitor, out.params.targets[0]); }, refuse_references, mistakes);
  } else {
    for (JsonNode& rule : targets->items) given.push_back(complete(rule));
    read_settings(
        *root, {}, [&](SettingVisitor& visitor) { declare(visitor, out.params); }, refuse_references, mistakes);
  }
  if (mistakes.size() > before) return std::nullopt;
  std::string why;
  const auto chosen = rule_for(out.params.targets, targets == nullptr ? std::string() : target, why);
  if (!chosen) {
    mistakes.push_back({targets->place, "targets", why});
    return std::nullopt;
  }
  PredictiveRule rule = out.params.targets[*chosen];
  rule.target = kAny;
  out.params.targets = {rule};
  out.params.write_forecasts = false;
  out.capacity_given = given[*chosen];
  out.delay_given = root->find("metric_delay") != nullptr;
  return out;
}

}  // namespace headroom
