#include "config/settings_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/concat.h"
#include "base/quantity_text.h"
#include "base/time_text.h"
#include "config/allowed.h"
#include "config/nearest.h"

namespace headroom {
namespace {

// "redis://***@host" for a URL that holds a user or password.
std::string without_userinfo(const std::string& text) {
  const size_t scheme = text.find("://");
  const size_t at = text.rfind('@');
  if (scheme == std::string::npos || at == std::string::npos || at < scheme) return text;
  return text.substr(0, scheme + 3) + "***" + text.substr(at);
}

// What stands there, for a mistake. Long strings are cut.
std::string found(const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBoolean:
      return node.text;
    case JsonKind::kNumber:
      return "the number " + node.text.substr(0, 60);
    case JsonKind::kString: {
      constexpr size_t kShown = 60;
      const std::string text = without_userinfo(node.text);
      if (text.size() <= kShown) return "the string " + quote_json(text);
      size_t cut = kShown;
      while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
      return "a string of " + std::to_string(text.size()) + " bytes, " + quote_json(text.substr(0, cut)) + "...";
    }
    case JsonKind::kArray:
      return "a list";
    case JsonKind::kObject:
      return "an object";
  }
  return {};
}

std::string found_kind(const JsonNode& node) {
  if (node.kind == JsonKind::kString) return "a string";
  if (node.kind == JsonKind::kNumber) return "a number";
  return found(node);
}

std::optional<double> to_double(const JsonNode& node) {
  if (node.kind != JsonKind::kNumber) return std::nullopt;
  double value = 0;
  const auto end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> to_integer(const JsonNode& node) {
  if (node.kind != JsonKind::kNumber) return std::nullopt;
  int64_t value = 0;
  const auto end = node.text.data() + node.text.size();
  const auto result = std::from_chars(node.text.data(), end, value);
  if (result.ec == std::errc() && result.ptr == end) return value;
  const auto wide = to_double(node);  // 5.0 and 1e6 are whole, too
  if (!wide || std::trunc(*wide) != *wide || std::abs(*wide) > 9e15) return std::nullopt;
  return static_cast<int64_t>(*wide);
}

class SettingReader final : public SettingVisitor {
 public:
  SettingReader(const ResolveReference& resolve, std::vector<Mistake>& mistakes) : resolve_(resolve), mistakes_(mistakes) {}

  void read_object(const JsonNode& node, std::string path, const std::function<void(SettingVisitor&)>& declare_part) {
    Section section{&node, std::move(path), {}, {}};
    std::swap(section, section_);
    declare_part(*this);
    report_unknown();
    std::swap(section, section_);
  }

  void boolean(const Setting& setting, bool& value) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    if (node->kind != JsonKind::kBoolean) return wrong(setting, *node, allowed_boolean());
    value = node->text == "true";
  }

  void number(const Setting& setting, double& value, Bounds<double> bounds) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    const auto read = to_double(*node);
    if (!read || *read < bounds.least || *read > bounds.most) return wrong(setting, *node, allowed_number(bounds));
    value = *read;
  }

  void decimal(const Setting& setting, int64_t& micro, Bounds<double> bounds) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    const auto read = to_double(*node);
    if (!read || *read < bounds.least || *read > bounds.most || std::abs(*read) > 9e12)
      return wrong(setting, *node, allowed_number(bounds));
    micro = to_micro(*read);
  }

  void duration(const Setting& setting, int64_t& ms, Bounds<int64_t> bounds) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    const std::string allowed = allowed_duration(bounds) + "; units are d, h, m, s and ms, as in \"1m30s\"";
    if (node->kind != JsonKind::kString) return wrong(setting, *node, allowed);
    const auto read = parse_duration(node->text);
    if (!read || *read < bounds.least || *read > bounds.most) return wrong(setting, *node, allowed);
    ms = *read;
  }

  void size(const Setting& setting, int64_t& bytes, Bounds<int64_t> bounds) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    const std::string allowed = allowed_size(bounds) + "; units are B, KiB, MiB, GiB, TiB (or kB, MB, GB, TB), as in \"64MiB\"";
    const bool unitless = node->kind == JsonKind::kString && !node->text.empty() && node->text.back() != 'B';
    if (node->kind != JsonKind::kString || unitless) return wrong(setting, *node, allowed);
    const auto read = parse_bytes(node->text);
    if (!read || *read < bounds.least || *read > bounds.most) return wrong(setting, *node, allowed);
    bytes = *read;
  }

  void text(const Setting& setting, std::string& value, const TextRule& rule) override {
    const JsonNode* node = take(setting);
    if (!node && !fits(value, rule)) mistake(setting, *section_.node, concat("must be set; allowed: ", allowed_text(rule)));
    if (!node) return;
    const auto read = referable(setting, *node, concat("a string, ", allowed_text(rule)));
    if (!read) return;
    if (fits(*read, rule))
      value = *read;
    else if (node->kind == JsonKind::kObject)
      mistake(setting, *node, "what it refers to is not " + allowed_text(rule));
    else
      wrong(setting, *node, allowed_text(rule));
  }

  void texts(const Setting& setting, std::vector<std::string>& values, const TextRule& rule) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    if (node->kind != JsonKind::kArray) return wrong(setting, *node, allowed_texts(rule));
    std::vector<std::string> read;
    for (size_t i = 0; i < node->items.size(); ++i) {
      const JsonNode& item = node->items[i];
      const std::string name = std::string(setting.name) + "[" + std::to_string(i) + "]";
      if (item.kind == JsonKind::kString && fits(item.text, rule))
        read.push_back(item.text);
      else
        wrong({name, {}}, item, allowed_text(rule));
    }
    values = std::move(read);
  }

  void secret(const Setting& setting, std::string& value) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    if (node->kind != JsonKind::kString && node->kind != JsonKind::kObject && !node->guessed) {
      return mistake(setting, *node, "found " + found_kind(*node) + "; allowed: " + allowed_secret());
    }
    if (auto read = referable(setting, *node, allowed_secret())) value = std::move(*read);
  }

  void properties(const Setting& setting, std::map<std::string, std::string>& values) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    if (node->kind != JsonKind::kObject) return wrong(setting, *node, allowed_properties());
    for (const auto& member : node->members) {
      const std::string name = std::string(setting.name) + "." + member.key;
      const bool plain = member.value.kind == JsonKind::kNumber || member.value.kind == JsonKind::kBoolean;
      if (plain)
        values[member.key] = member.value.text;
      else if (auto read = referable({name, {}}, member.value, allowed_secret() + ", a number, true or false"))
        values[member.key] = std::move(*read);
    }
  }

  void rule(std::initializer_list<std::string_view> names, std::string_view text, bool holds) override {
    if (holds) return;
    const JsonNode* where = section_.node;
    std::string path = names.size() == 0 ? section_.path : join(*names.begin());
    for (const auto name : names) {
      if (std::find(section_.wrong.begin(), section_.wrong.end(), name) != section_.wrong.end()) return;
      const JsonNode* node = section_.node->find(name);
      if (node && where == section_.node) where = node, path = join(name);
    }
    mistakes_.push_back({where->place, path, std::string(text)});
  }

  void visit_section(const Setting& setting, const std::function<void(SettingVisitor&)>& declare_part) override {
    const JsonNode* node = take(setting);
    if (node && node->kind != JsonKind::kObject) return wrong(setting, *node, "an object");
    JsonNode empty;
    empty.kind = JsonKind::kObject;
    empty.place = section_.node->place;
    read_part(setting.name, node ? *node : empty, declare_part);
  }

  void visit_optional_section(const Setting& setting, bool& present, const std::function<void(SettingVisitor&)>& declare_part) override {
    present = section_.node->find(setting.name) != nullptr;
    if (present)
      visit_section(setting, declare_part);
    else
      take(setting);
  }

 protected:
  void visit_integer(const Setting& setting, int64_t& value, Bounds<int64_t> bounds) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    const auto read = to_integer(*node);
    if (!read || *read < bounds.least || *read > bounds.most) return wrong(setting, *node, allowed_integer(bounds));
    value = *read;
  }

  void visit_choice(const Setting& setting, size_t& index, std::span<const std::string_view> names) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    const auto at = node->kind == JsonKind::kString ? std::find(names.begin(), names.end(), node->text) : names.end();
    if (at != names.end()) {
      index = static_cast<size_t>(at - names.begin());
      return;
    }
    const std::string_view near = node->kind == JsonKind::kString ? nearest_name(node->text, names) : std::string_view();
    wrong(setting, *node, allowed_choice(names) + (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?"));
  }

  void visit_list(const Setting& setting, const ListAccess& list) override {
    const JsonNode* node = take(setting);
    if (!node) return;
    if (node->kind != JsonKind::kArray) return wrong(setting, *node, "a list of objects");
    list.resize(0);
    list.resize(node->items.size());
    for (size_t i = 0; i < node->items.size(); ++i) {
      const std::string name = std::string(setting.name) + "[" + std::to_string(i) + "]";
      if (node->items[i].kind != JsonKind::kObject)
        wrong({name, {}}, node->items[i], "an object");
      else
        read_object(node->items[i], join(name), [&](SettingVisitor& visitor) { list.declare_item(visitor, i); });
    }
  }

 private:
  struct Section {
    const JsonNode* node = nullptr;
    std::string path;
    std::vector<std::string_view> known;
    std::vector<std::string> wrong;
  };

  std::string join(std::string_view name) const {
    return section_.path.empty() ? std::string(name) : section_.path + "." + std::string(name);
  }

  void read_part(std::string_view name, const JsonNode& node, const std::function<void(SettingVisitor&)>& declare_part) {
    const size_t before = mistakes_.size();
    read_object(node, join(name), declare_part);
    if (mistakes_.size() > before) section_.wrong.emplace_back(name.substr(0, name.find('[')));
  }

  const JsonNode* take(const Setting& setting) {
    section_.known.push_back(setting.name);
    return section_.node->find(setting.name);
  }

  void mistake(const Setting& setting, const JsonNode& node, std::string message) {
    section_.wrong.emplace_back(setting.name.substr(0, setting.name.find_first_of("[.")));
    mistakes_.push_back({node.place, join(setting.name), std::move(message)});
  }
  void wrong(const Setting& setting, const JsonNode& node, const std::string& allowed) {
    mistake(setting, node, "found " + found(node) + "; allowed: " + allowed);
  }

  // A string, or what a reference names.
  std::optional<std::string> referable(const Setting& setting, const JsonNode& node, const std::string& allowed) {
    const bool guessed = node.guessed && (node.kind == JsonKind::kNumber || node.kind == JsonKind::kBoolean);
    if (node.kind == JsonKind::kString || guessed) return node.text;
    if (node.kind != JsonKind::kObject) return wrong(setting, node, allowed), std::nullopt;
    const JsonNode* file = node.find("file");
    const JsonNode* env = node.find("env");
    const JsonNode* fallback = node.find("default");
    const JsonNode* name = file ? file : env;
    const size_t known = (name ? 1u : 0u) + (fallback ? 1u : 0u);
    const bool texts = name && name->kind == JsonKind::kString && (!fallback || fallback->kind == JsonKind::kString);
    if (!texts || node.members.size() != known) {
      mistake(setting, node, R"(a reference is {"file": "path"} or {"env": "NAME"}, with {"default": "text"} beside it if wanted)");
      return std::nullopt;
    }
    auto read = resolve_({file ? Reference::Kind::kFile : Reference::Kind::kEnvironment, name->text});
    if (read) return std::move(*read);
    if (fallback && read.status().code() == Code::kNotFound) return fallback->text;
    return mistake(setting, *name, read.status().message()), std::nullopt;
  }

  void report_unknown() {
    for (const auto& member : section_.node->members) {
      if (std::find(section_.known.begin(), section_.known.end(), member.key) != section_.known.end()) continue;
      const std::string_view near = nearest_name(member.key, section_.known);
      std::string message = "no such setting";
      message += near.empty() ? std::string(".") : concat("; did you mean \"", near, "\"?");
      message += " Known here: ";
      for (size_t i = 0; i < section_.known.size(); ++i) message += (i > 0 ? ", " : "") + std::string(section_.known[i]);
      mistakes_.push_back({member.place, join(member.key.substr(0, 100)), std::move(message)});
    }
  }

  const ResolveReference& resolve_;
  std::vector<Mistake>& mistakes_;
  Section section_;
};

}  // namespace

Result<std::string> refuse_references(const Reference& reference) {
  return Status(Code::kInvalid, "a reference to " + quote_json(reference.name) + " cannot stand here");
}

void read_settings(const JsonNode& root, std::string_view path, const std::function<void(SettingVisitor&)>& declare_all,
                   const ResolveReference& resolve, std::vector<Mistake>& mistakes) {
  if (root.kind != JsonKind::kObject) {
    mistakes.push_back({root.place, std::string(path), "found " + found(root) + "; allowed: an object"});
    return;
  }
  SettingReader(resolve, mistakes).read_object(root, std::string(path), declare_all);
}

Status read_settings_text(std::string_view json, const std::function<void(SettingVisitor&)>& declare_all) {
  std::vector<Mistake> mistakes;
  const auto root = read_json(json, mistakes);
  if (root) read_settings(*root, {}, declare_all, refuse_references, mistakes);
  if (mistakes.empty()) return Status::ok();
  return {Code::kInvalid, mistakes.front().to_string("settings")};
}

}  // namespace headroom
