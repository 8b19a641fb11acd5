#include "config/settings_schema.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/quantity_text.h"
#include "base/time_text.h"
#include "config/allowed.h"

namespace headroom {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDurationPattern = "^(0|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$";
constexpr const char* kSizePattern = "^[0-9]+(\\.[0-9]+)?([KMGT]i|[kKMGT])?B$";

Json reference_schema() {
  Json file = {{"type", "object"},
               {"properties", {{"file", {{"type", "string"}}}, {"default", {{"type", "string"}}}}},
               {"required", {"file"}},
               {"additionalProperties", false}};
  Json env = {{"type", "object"},
              {"properties", {{"env", {{"type", "string"}}}, {"default", {{"type", "string"}}}}},
              {"required", {"env"}},
              {"additionalProperties", false}};
  return {{"anyOf", {std::move(file), std::move(env)}}};
}

std::string anchored(std::string_view pattern) {
  return "^(" + std::string(pattern) + ")$";
}

class SchemaWriter final : public SettingVisitor {
 public:
  Json object(const std::function<void(SettingVisitor&)>& declare_part) {
    Json members = std::exchange(members_, Json::object());
    Json required = std::exchange(required_, Json::array());
    declare_part(*this);
    std::swap(members, members_);
    std::swap(required, required_);
    Json schema = {{"type", "object"}, {"properties", std::move(members)}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
  }

  void boolean(const Setting& setting, bool& value) override { add(setting, {{"type", "boolean"}}, value); }
  void number(const Setting& setting, double& value, Bounds<double> bounds) override { add(setting, bounded("number", bounds), value); }
  void decimal(const Setting& setting, int64_t& micro, Bounds<double> bounds) override {
    add(setting, bounded("number", bounds), static_cast<double>(micro) / 1e6);
  }
  void duration(const Setting& setting, int64_t& ms, Bounds<int64_t> bounds) override {
    add(setting, {{"type", "string"}, {"pattern", kDurationPattern}}, format_duration(ms), allowed_duration(bounds));
  }
  void size(const Setting& setting, int64_t& bytes, Bounds<int64_t> bounds) override {
    add(setting, {{"type", "string"}, {"pattern", kSizePattern}}, format_bytes(bytes), allowed_size(bounds));
  }
  void text(const Setting& setting, std::string& value, const TextRule& rule) override {
    const bool must_be_set = !fits(value, rule);
    if (must_be_set) required_.push_back(setting.name);
    add(setting, {{"anyOf", {text_schema(rule), {{"$ref", "#/$defs/reference"}}}}}, must_be_set ? Json() : Json(value), rule.allowed);
  }
  void texts(const Setting& setting, std::vector<std::string>& values, const TextRule& rule) override {
    add(setting, {{"type", "array"}, {"items", text_schema(rule)}}, values, allowed_texts(rule));
  }
  void secret(const Setting& setting, std::string&) override {
    add(setting, {{"anyOf", {{{"type", "string"}}, {{"$ref", "#/$defs/reference"}}}}}, nullptr, allowed_secret());
  }
  void properties(const Setting& setting, std::map<std::string, std::string>&) override {
    const Json value = {{"anyOf", {{{"type", {"string", "number", "boolean"}}}, {{"$ref", "#/$defs/reference"}}}}};
    add(setting, {{"type", "object"}, {"additionalProperties", value}}, nullptr, allowed_properties());
  }
  void rule(std::initializer_list<std::string_view>, std::string_view, bool) override {}
  void visit_section(const Setting& setting, const std::function<void(SettingVisitor&)>& declare_part) override {
    add(setting, object(declare_part), nullptr);
  }
  void visit_optional_section(const Setting& setting, bool&, const std::function<void(SettingVisitor&)>& declare_part) override {
    visit_section(setting, declare_part);
  }

 protected:
  void visit_integer(const Setting& setting, int64_t& value, Bounds<int64_t> bounds) override {
    add(setting, bounded("integer", bounds), value);
  }
  void visit_choice(const Setting& setting, size_t& index, std::span<const std::string_view> names) override {
    Json choices = Json::array();
    for (const auto name : names) choices.push_back(name);
    add(setting, {{"enum", std::move(choices)}}, names[index]);
  }
  void visit_list(const Setting& setting, const ListAccess& list) override {
    add(setting, {{"type", "array"}, {"items", object(list.declare_prototype)}}, nullptr);
  }

 private:
  template <class N>
  static Json bounded(const char* type, Bounds<N> bounds) {
    Json schema = {{"type", type}};
    if (bounds.least != std::numeric_limits<N>::lowest()) schema["minimum"] = bounds.least;
    if (bounds.most != std::numeric_limits<N>::max()) schema["maximum"] = bounds.most;
    return schema;
  }

  static Json text_schema(const TextRule& rule) {
    Json schema = {{"type", "string"}, {"maxLength", rule.most_bytes}};
    if (!rule.pattern.empty()) schema["pattern"] = anchored(rule.pattern);
    return schema;
  }

  void add(const Setting& setting, Json schema, Json value, std::string_view allowed = {}) {
    std::string description(setting.text);
    if (!allowed.empty()) description += " Allowed: " + std::string(allowed) + ".";
    Json described = {{"description", std::move(description)}};
    described.update(schema);
    if (!value.is_null()) described["default"] = std::move(value);
    members_[std::string(setting.name)] = std::move(described);
  }

  Json members_ = Json::object();
  Json required_ = Json::array();
};

}  // namespace

std::string settings_schema(const std::function<void(SettingVisitor&)>& declare_all, std::string_view title) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(SchemaWriter().object(declare_all));
  schema["$defs"] = {{"reference", reference_schema()}};
  return schema.dump(2) + "\n";
}

}  // namespace headroom
