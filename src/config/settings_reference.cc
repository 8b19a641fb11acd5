#include "config/settings_reference.h"

#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/quantity_text.h"
#include "base/time_text.h"
#include "config/allowed.h"
#include "config/json_tree.h"

namespace headroom {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

class ReferenceWriter final : public SettingVisitor {
 public:
  // A section and, after it, those within.
  std::string section(const std::string& path, std::string_view text, const std::function<void(SettingVisitor&)>& declare_part) {
    ReferenceWriter inner;
    inner.path_ = path;
    declare_part(inner);
    std::string out = path.empty() ? std::string() : concat("## `", path, "`\n\n");
    if (!text.empty()) out += std::string(text) + "\n\n";
    if (!inner.rows_.empty()) out += "| setting | default | allowed | what it is |\n|---|---|---|---|\n" + inner.rows_ + "\n";
    if (!inner.rules_.empty()) out += "Must hold:\n\n" + inner.rules_ + "\n";
    return out + inner.parts_;
  }

  void boolean(const Setting& setting, bool& value) override { row(setting, value ? "true" : "false", allowed_boolean()); }
  void number(const Setting& setting, double& value, Bounds<double> bounds) override {
    row(setting, number_text(value), allowed_number(bounds));
  }
  void decimal(const Setting& setting, int64_t& micro, Bounds<double> bounds) override {
    row(setting, micro_text(micro), allowed_number(bounds));
  }
  void duration(const Setting& setting, int64_t& ms, Bounds<int64_t> bounds) override {
    row(setting, quote_json(format_duration(ms)), allowed_duration(bounds));
  }
  void size(const Setting& setting, int64_t& bytes, Bounds<int64_t> bounds) override {
    row(setting, quote_json(format_bytes(bytes)), allowed_size(bounds));
  }
  void text(const Setting& setting, std::string& value, const TextRule& rule) override {
    if (fits(value, rule))
      row(setting, quote_json(value), allowed_text(rule));
    else
      row(setting, {}, concat("must be set: ", allowed_text(rule)));
  }
  void texts(const Setting& setting, std::vector<std::string>& values, const TextRule& rule) override {
    std::string list;
    for (const auto& value : values) list += concat(list.empty() ? "" : ", ", quote_json(value));
    row(setting, concat("[", list, "]"), allowed_texts(rule));
  }
  void secret(const Setting& setting, std::string&) override { row(setting, {}, allowed_secret()); }
  void properties(const Setting& setting, std::map<std::string, std::string>&) override { row(setting, "{}", allowed_properties()); }
  void rule(std::initializer_list<std::string_view>, std::string_view text, bool) override { rules_ += concat("- ", text, "\n"); }
  void visit_section(const Setting& setting, const std::function<void(SettingVisitor&)>& declare_part) override {
    parts_ += section(join(setting.name), setting.text, declare_part);
  }
  void visit_optional_section(const Setting& setting, bool&, const std::function<void(SettingVisitor&)>& declare_part) override {
    visit_section(setting, declare_part);
  }

 protected:
  void visit_integer(const Setting& setting, int64_t& value, Bounds<int64_t> bounds) override {
    row(setting, std::to_string(value), allowed_integer(bounds));
  }
  void visit_choice(const Setting& setting, size_t& index, std::span<const std::string_view> names) override {
    row(setting, quote_json(names[index]), allowed_choice(names));
  }
  void visit_list(const Setting& setting, const ListAccess& list) override {
    parts_ += section(join(setting.name) + "[]", setting.text, list.declare_prototype);
  }

 private:
  std::string join(std::string_view name) const { return path_.empty() ? std::string(name) : path_ + "." + std::string(name); }
  void row(const Setting& setting, std::string_view value, const std::string& allowed) {
    const std::string shown = value.empty() ? std::string() : concat("`", cell(value), "`");
    rows_ += concat("| `", cell(setting.name), "` | ", shown, " | ", cell(allowed), " | ", cell(setting.text), " |\n");
  }

  std::string path_;
  std::string rows_;
  std::string rules_;
  std::string parts_;
};

}  // namespace

std::string settings_reference(const std::function<void(SettingVisitor&)>& declare_all) {
  return ReferenceWriter().section({}, {}, declare_all);
}

}  // namespace headroom
