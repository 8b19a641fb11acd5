#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/alert.h"

namespace headroom {

// Texts of alerts for people: a template in which {name} stands for a value and {{ for a brace. Names are those of the alert's labels (they
// come first) and:
//
//   detector severity state metric incident labels     what it is; `labels` is all of them, "env=prod, view=shop"
//   value peak threshold side                          the result that decided, the worst so far, "above" or "below" the threshold
//   since for duration reason                          first tick beyond, how long it had to last, how long it has, why it was resolved
//   cluster group topic partition verdict lag          of the worst partition; lag as time
//   lag_records produced consumed partitions           over all partitions; rates a second
//   attribution                                        what is known of the consumers' CPU
//
// Any thread.

// The first name in the template that means nothing to an alert with these labels, or "{" where a brace is not closed; empty when there is
// none.
std::string unknown_placeholder(std::string_view text, const std::vector<std::string>& labels);

// The template with the alert's values, cut at 4096 bytes at the end of a character. Unknown names stand as they are.
std::string fill_template(std::string_view text, const AlertEvent& alert);

// What Headroom says where no template is given.
std::string_view default_alert_title();
std::string_view default_alert_text(const AlertEvent& alert);

// "20m34s", "1500 records", "never".
std::string alert_value_text(AlertUnit unit, std::optional<int64_t> value_micro);

}  // namespace headroom
