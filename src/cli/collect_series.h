#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/prometheus_answer.h"
#include "cli/text_template.h"
#include "headroom/status.h"

// From what Prometheus answers to series of targets, by the labels. Pure; any thread.
namespace headroom {

struct CollectQuery {
  std::string name;  // of the metric, and of the column
  std::string expression;
};

// NAME=EXPR. kInvalid with what is expected.
Result<CollectQuery> parse_collect_query(std::string_view text);

// As the options of `headroom collect` have it; templates are of labels.
struct CollectMapping {
  std::vector<CollectQuery> queries;
  std::vector<TextTemplatePart> target;
  std::vector<std::pair<std::string, std::vector<TextTemplatePart>>> labels;  // of the samples
};

struct CollectedSeries {
  size_t query = 0;
  std::string target;
  std::string labels;  // as JSON, with braces; empty when there are none
  std::vector<PrometheusPoint> points;
};

// The series of one window, of all queries.
struct Collected {
  std::vector<CollectedSeries> series;
  uint64_t points = 0;
  uint64_t absent = 0;  // steps of series without a value: stale, or not there yet
  uint64_t not_finite = 0;
  uint64_t histograms = 0;
  uint64_t unnamed = 0;                       // series that are left out: without a label that the target needs
  std::vector<std::string> unnamed_examples;  // of each query a sentence
  std::vector<std::string> warnings;          // Prometheus' own
};

// What of a window was said by one query: added to `out`. `steps`: how many the window has. kInvalid: two series are the same target's.
Status add_answer(const CollectMapping& mapping, size_t query, const PrometheusAnswer& answer, int64_t steps, Collected& out);

// One sample as it goes into the samples topic.
std::string collected_sample(const CollectMapping& mapping, const CollectedSeries& series, const PrometheusPoint& point);

// A number as CSV and JSON have it: the shortest that reads back as the same.
void append_value(double value, std::string& out);

}  // namespace headroom
