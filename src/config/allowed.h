#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/settings.h"

// What a setting may be, in words: the same sentence stands in mistakes, in the reference and in the schema.
namespace headroom {

std::string allowed_boolean();
std::string allowed_integer(Bounds<int64_t> bounds);
std::string allowed_number(Bounds<double> bounds);
std::string allowed_duration(Bounds<int64_t> bounds);
std::string allowed_size(Bounds<int64_t> bounds);
std::string allowed_text(const TextRule& rule);
std::string allowed_texts(const TextRule& rule);
std::string allowed_choice(std::span<const std::string_view> names);
std::string allowed_secret();
std::string allowed_properties();

// Whether the text is what the rule allows. A setting whose default is not must be set.
bool fits(std::string_view text, const TextRule& rule);

// The shortest decimal that reads back as the same double.
std::string number_text(double value);
std::string micro_text(int64_t micro);

}  // namespace headroom
