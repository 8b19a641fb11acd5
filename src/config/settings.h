#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// One declaration of a setting gives its parsing, default, checks, reference (Markdown) and JSON Schema. A section is a struct whose
// members hold the defaults, and one function that names them:
//
//   struct BandParams { int64_t lower_micro = -100'000; int64_t upper_micro = 600'000; BandUnit unit = BandUnit::kAbsolute; };
//
//   void declare(SettingVisitor& v, BandParams& p) {
//     v.decimal({"lower", "Grow when the lying factor is below this."}, p.lower_micro, {-1e6, 1e6});
//     v.decimal({"upper", "Shrink when it is above this."}, p.upper_micro, {-1e6, 1e6});
//     v.choice({"unit", "What the bounds are in."}, p.unit, {{"absolute", BandUnit::kAbsolute}, {"ratio", BandUnit::kRatio}});
//     v.rule({"lower", "upper"}, "lower must be below upper", p.lower_micro < p.upper_micro);
//   }
//
// and is bound with v.section({"band", "The band that ..."}, params.band). The default of a setting is the value that the member has when
// it is visited, so a list of overrides takes a copy of what it overrides as its prototype.
namespace headroom {

// What a setting is called in the file, and one or two sentences for the reference. Both outlive the visit (literals).
struct Setting {
  std::string_view name;
  std::string_view text;
};

// The values that are allowed, both ends included.
template <class N>
struct Bounds {
  N least = std::numeric_limits<N>::lowest();
  N most = std::numeric_limits<N>::max();
};

// What a text may be. The whole of it must match `pattern` (ECMAScript, also written into the schema) and be at most `most_bytes` long;
// `allowed` says in words what the pattern means, for mistakes and the reference.
struct TextRule {
  std::string_view pattern = {};
  std::string_view allowed = {};
  size_t most_bytes = 1024;
};

// How a list of sections is reached: by the visitor only.
struct ListAccess {
  std::function<size_t()> size;
  std::function<void(size_t)> resize;  // items that are new are copies of the prototype
  std::function<void(class SettingVisitor&, size_t)> declare_item;
  std::function<void(class SettingVisitor&)> declare_prototype;
};

// Walks a declaration. Implementations read values from a file, show them, or write the reference and the schema. One thread.
class SettingVisitor {
 public:
  virtual ~SettingVisitor() = default;

  virtual void boolean(const Setting& setting, bool& value) = 0;
  virtual void number(const Setting& setting, double& value, Bounds<double> bounds) = 0;
  // A number in the file, kept in millionths (micro-cores, micro-ratios), rounded, halves to even. The bounds are as in the file.
  virtual void decimal(const Setting& setting, int64_t& micro, Bounds<double> bounds) = 0;
  // "250ms", "30s", "5m", "1h", "7d" in the file, kept in milliseconds.
  virtual void duration(const Setting& setting, int64_t& ms, Bounds<int64_t> bounds) = 0;
  // "512B", "64KiB", "64MiB", "1GiB" in the file, kept in bytes.
  virtual void size(const Setting& setting, int64_t& bytes, Bounds<int64_t> bounds) = 0;
  // May also stand elsewhere: {"env": "NAME", "default": "text"} or {"file": "path"}.
  virtual void text(const Setting& setting, std::string& value, const TextRule& rule) = 0;
  virtual void texts(const Setting& setting, std::vector<std::string>& values, const TextRule& rule) = 0;
  // A string, {"file": "path"} (its content without the line end) or {"env": "NAME"}; kept resolved and never shown.
  virtual void secret(const Setting& setting, std::string& value) = 0;
  // An object of names chosen by the user; values are strings, numbers, booleans or, as for a secret, {"file": ...} or {"env": ...}.
  virtual void properties(const Setting& setting, std::map<std::string, std::string>& values) = 0;

  // A relation between settings of this section that bounds cannot say: `text` is what must hold. Comes after those settings; it is passed
  // over when one of them was itself a mistake.
  virtual void rule(std::initializer_list<std::string_view> names, std::string_view text, bool holds) = 0;

  template <std::integral N>
  void integer(const Setting& setting, N& value, Bounds<int64_t> bounds) {
    auto wide = static_cast<int64_t>(value);
    visit_integer(setting, wide, bounds);
    value = static_cast<N>(wide);
  }

  template <class E>
  void choice(const Setting& setting, E& value, std::initializer_list<std::pair<std::string_view, E>> choices) {
    std::vector<std::string_view> names;
    size_t index = 0;
    for (const auto& [name, choice] : choices) {
      if (choice == value) index = names.size();
      names.push_back(name);
    }
    visit_choice(setting, index, names);
    value = (choices.begin() + index)->second;
  }

  // An object with settings of its own: declare(SettingVisitor&, T&) names them.
  template <class T>
  void section(const Setting& setting, T& part) {
    visit_section(setting, [&part](SettingVisitor& visitor) { declare(visitor, part); });
  }

  // A list of such objects. What an item does not set is as in the prototype.
  template <class T>
  void list(const Setting& setting, std::vector<T>& items, const T& prototype = {}) {
    visit_list(setting, {.size = [&items] { return items.size(); },
                         .resize = [&items, &prototype](size_t size) { items.resize(size, prototype); },
                         .declare_item = [&items](SettingVisitor& visitor, size_t index) { declare(visitor, items[index]); },
                         .declare_prototype =
                             [&prototype](SettingVisitor& visitor) {
                               T item = prototype;
                               declare(visitor, item);
                             }});
  }

  // A section declared by a function; and one that is there or not, which means something by itself.
  virtual void visit_section(const Setting& setting, const std::function<void(SettingVisitor&)>& declare_part) = 0;
  virtual void visit_optional_section(const Setting& setting, bool& present, const std::function<void(SettingVisitor&)>& declare_part) = 0;

 protected:
  virtual void visit_integer(const Setting& setting, int64_t& value, Bounds<int64_t> bounds) = 0;
  virtual void visit_choice(const Setting& setting, size_t& index, std::span<const std::string_view> names) = 0;
  virtual void visit_list(const Setting& setting, const ListAccess& list) = 0;
};

// The millionths nearest to a number, halves to even. The number must be within +-9e12.
inline int64_t to_micro(double value) {
  return std::llrint(value * 1e6);
}

}  // namespace headroom
