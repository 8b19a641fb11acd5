#include "config/settings_values.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/concat.h"
#include "base/quantity_text.h"
#include "base/time_text.h"
#include "config/allowed.h"

namespace headroom {
namespace {

constexpr std::string_view kHidden = "\"***\"";

bool sounds_secret(std::string_view name) {
  constexpr std::array<std::string_view, 8> kWords = {"password", "secret",     "token",    "credential",
                                                      ".pem",     "passphrase", "username", "oauthbearer.config"};
  for (const auto word : kWords)
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

class ValueWriter final : public SettingVisitor {
 public:
  explicit ValueWriter(const JsonNode* given) : given_(given) {}

  std::string object(const std::function<void(SettingVisitor&)>& declare_part) {
    std::string outer = std::move(json_);
    json_.assign(1, '{');
    declare_part(*this);
    outer.swap(json_);
    return outer + "}";
  }
  std::vector<EffectiveSetting> take_settings() { return std::move(settings_); }

  void boolean(const Setting& setting, bool& value) override { leaf(setting.name, value ? "true" : "false"); }
  void number(const Setting& setting, double& value, Bounds<double>) override { leaf(setting.name, number_text(value)); }
  void decimal(const Setting& setting, int64_t& micro, Bounds<double>) override { leaf(setting.name, micro_text(micro)); }
  void duration(const Setting& setting, int64_t& ms, Bounds<int64_t>) override { leaf(setting.name, quote_json(format_duration(ms))); }
  void size(const Setting& setting, int64_t& bytes, Bounds<int64_t>) override { leaf(setting.name, quote_json(format_bytes(bytes))); }
  void text(const Setting& setting, std::string& value, const TextRule&) override { leaf(setting.name, quote_json(value)); }
  void texts(const Setting& setting, std::vector<std::string>& values, const TextRule&) override {
    std::string list;
    for (const auto& value : values) list += concat(list.empty() ? "" : ",", quote_json(value));
    leaf(setting.name, concat("[", list, "]"));
  }
  void secret(const Setting& setting, std::string& value) override {
    leaf(setting.name, value.empty() ? std::string("\"\"") : std::string(kHidden));
  }
  void properties(const Setting& setting, std::map<std::string, std::string>& values) override {
    const JsonNode* node = given_ ? given_->find(setting.name) : nullptr;
    std::string object;
    for (const auto& [name, value] : values) {
      const JsonNode* plain = node ? node->find(name) : nullptr;
      const bool hidden = sounds_secret(name) || (plain && plain->kind == JsonKind::kObject);
      object += concat(object.empty() ? "" : ",", quote_json(name), ":", hidden ? std::string(kHidden) : quote_json(value));
    }
    leaf(setting.name, concat("{", object, "}"));
  }
  void rule(std::initializer_list<std::string_view>, std::string_view, bool) override {}

  void visit_section(const Setting& setting, const std::function<void(SettingVisitor&)>& declare_part) override {
    add(setting.name, inside(setting.name, given_ ? given_->find(setting.name) : nullptr, declare_part));
  }
  void visit_optional_section(const Setting& setting, bool& present, const std::function<void(SettingVisitor&)>& declare_part) override {
    if (present) visit_section(setting, declare_part);
  }

 protected:
  void visit_integer(const Setting& setting, int64_t& value, Bounds<int64_t>) override { leaf(setting.name, std::to_string(value)); }
  void visit_choice(const Setting& setting, size_t& index, std::span<const std::string_view> names) override {
    leaf(setting.name, quote_json(names[index]));
  }
  void visit_list(const Setting& setting, const ListAccess& list) override {
    const JsonNode* node = given_ ? given_->find(setting.name) : nullptr;
    if (list.size() == 0) return leaf(setting.name, "[]");
    std::string items;
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string name = std::string(setting.name) + "[" + std::to_string(i) + "]";
      const JsonNode* item = node && i < node->items.size() ? &node->items[i] : nullptr;
      items += concat(i > 0 ? "," : "", inside(name, item, [&](SettingVisitor& visitor) { list.declare_item(visitor, i); }));
    }
    add(setting.name, concat("[", items, "]"));
  }

 private:
  std::string inside(std::string_view name, const JsonNode* given, const std::function<void(SettingVisitor&)>& declare_part) {
    const std::string outer_path = path_;
    path_ += concat(path_.empty() ? "" : ".", name);
    const JsonNode* outer = std::exchange(given_, given);
    std::string json = object(declare_part);
    given_ = outer;
    path_ = outer_path;
    return json;
  }

  void add(std::string_view name, const std::string& value) {
    if (json_.size() > 1) json_ += ',';
    json_ += concat(quote_json(name), ":", value);
  }

  void leaf(std::string_view name, std::string value) {
    add(name, value);
    const JsonNode* node = given_ ? given_->find(name) : nullptr;
    const char* origin = !node ? "default" : node->place.line == 0 ? "--set" : "file";
    settings_.push_back({path_.empty() ? std::string(name) : path_ + "." + std::string(name), std::move(value), origin});
  }

  const JsonNode* given_;
  std::string path_;
  std::string json_;
  std::vector<EffectiveSetting> settings_;
};

}  // namespace

std::vector<EffectiveSetting> effective_settings(const std::function<void(SettingVisitor&)>& declare_all, const JsonNode& given) {
  ValueWriter writer(&given);
  writer.object(declare_all);
  return writer.take_settings();
}

std::string settings_text(const std::function<void(SettingVisitor&)>& declare_all) {
  return ValueWriter(nullptr).object(declare_all);
}

}  // namespace headroom
