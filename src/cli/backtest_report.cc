#include "cli/backtest_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "base/concat.h"
#include "base/time_text.h"
#include "cli/svg_chart.h"
#include "codec/json_writer.h"
#include "config/settings_values.h"

namespace headroom {
namespace {

constexpr int64_t kDayMs = 86'400'000;

struct Figure {
  const char* name;
  double value;
};

std::vector<Figure> figures_of(const MethodResult& method, int64_t tick_ms) {
  const ElasticityScore& score = method.score;
  return {{"theta_u_percent", score.theta_under()},
          {"theta_o_percent", score.theta_over()},
          {"tau_u_percent", score.tau_under()},
          {"tau_o_percent", score.tau_over()},
          {"cost", score.cost()},
          {"actions_a_day", score.actions_a_day(tick_ms)},
          {"late_percent", score.late()}};
}

std::string row_of(const MethodResult& method, int64_t tick_ms) {
  const ElasticityScore& score = method.score;
  char line[160];
  std::snprintf(line, sizeof line, "  %-10s %9.4f %9.4f %9.2f %9.2f %9.4f %9.2f %9.4f\n", method.name.c_str(), score.theta_under(),
                score.tau_under(), score.theta_over(), score.tau_over(), score.cost(), score.actions_a_day(tick_ms), score.late());
  return line;
}

const MethodResult& method(const BacktestOfLoad& of, std::string_view name) {
  return *std::find_if(of.result.methods.begin(), of.result.methods.end(), [&](const MethodResult& one) { return one.name == name; });
}

double cost_beside_rate_rule(const BacktestOfLoad& of) {
  const double rate = method(of, "rate_rule").score.cost();
  return rate > 0 ? method(of, "headroom").score.cost() / rate : 0;
}

bool holds(const BacktestOfLoad& of) {
  return holds_against(method(of, "headroom").score, method(of, "hpa").score);
}

std::string fixed(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// As RFC 4180 has it: a name may hold anything that a file's may.
std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string(2, c) : std::string(1, c);
  return out + "\"";
}

void write_settings(codec::JsonWriter& writer, const BacktestSettings& settings) {
  const ServiceShape& shape = settings.shape;
  writer.open_member("settings", '{');
  writer.member_integer("tick_ms", shape.tick_ms);
  writer.member_integer("start_up_ms", shape.start_up_ms);
  writer.member_integer("metric_delay_ms", shape.metric_delay_ms);
  writer.member_number("peak_quantile", shape.peak_quantile);
  writer.member_integer("peak_replicas", shape.peak_replicas);
  writer.member_integer("first_replicas", shape.first_replicas);
  writer.member_boolean("capped_utilisation", shape.capped_utilisation);
  writer.member_integer("unscored_ms", shape.unscored_ms);
  writer.member_number("peer_target", settings.peer_target);
  writer.member("forecast", forecast_fault_name(settings.fault));
  if (settings.outage) {
    writer.member_integer("outage_from_ms", settings.outage->from_ms);
    writer.member_integer("outage_lasts_ms", settings.outage->lasts_ms);
  }
  writer.member_boolean("capacity_given", settings.policy.capacity_given);
  writer.close('}');
}

void write_counts(codec::JsonWriter& writer, std::string_view name, const std::map<std::string, int64_t>& counts) {
  writer.open_member(name, '{');
  for (const auto& [what, count] : counts) writer.member_integer(what, count);
  writer.close('}');
}

void write_load(codec::JsonWriter& writer, const BacktestOfLoad& of, int64_t tick_ms) {
  writer.open('{');
  writer.member("load", of.name);
  writer.member_boolean("scored", of.scored);
  writer.member_number("capacity", of.result.capacity);
  writer.member_integer("commands", of.result.commands.all);
  write_counts(writer, "commands_by_reason", of.result.commands.by_reason);
  write_counts(writer, "commands_by_forecast", of.result.commands.by_forecast);
  writer.member_integer("holds", of.result.holds());
  if (of.scored) {
    writer.member_boolean("holds_against_hpa", holds(of));
    writer.member_number("cost_beside_rate_rule", cost_beside_rate_rule(of));
  }
  writer.open_member("methods", '{');
  for (const MethodResult& one : of.result.methods) {
    writer.open_member(one.name, '{');
    writer.member_integer("ticks", one.score.ticks);
    for (const Figure& figure : figures_of(one, tick_ms)) writer.member_number(figure.name, figure.value);
    writer.member_integer("outage_scale_ins", one.outage_scale_ins);
    writer.close('}');
  }
  writer.close('}');
  writer.close('}');
}

}  // namespace

std::string backtest_table(const BacktestOfLoad& of, const BacktestSettings& settings) {
  std::string out = concat(of.name, ": ", format_duration((of.load.end_ms() - of.load.start_ms) / 1000 * 1000), ", a replica carries ",
                           fixed("%.6g", of.result.capacity), "\n");
  if (!of.scored) return out + "  nothing scored: it is not longer than the unscored time\n";
  out += "  method      theta_U %   tau_U % theta_O %   tau_O %      cost actions/d    late %\n";
  for (const MethodResult& one : of.result.methods) out += row_of(one, settings.shape.tick_ms);
  out += concat("  headroom ", holds(of) ? "holds" : "does not hold", " against hpa; cost ", fixed("%.3f", cost_beside_rate_rule(of)),
                " of the rate rule's; ", std::to_string(of.result.commands.all), " commands");
  if (settings.outage)
    out += concat("; without metrics: ", std::to_string(of.result.holds()), " holds, ",
                  std::to_string(method(of, "headroom").outage_scale_ins), " scale-ins");
  return out + "\n";
}

std::string backtest_summary(const std::vector<BacktestOfLoad>& all) {
  const auto scored = std::count_if(all.begin(), all.end(), [](const BacktestOfLoad& of) { return of.scored; });
  const auto held = std::count_if(all.begin(), all.end(), [](const BacktestOfLoad& of) { return of.scored && holds(of); });
  return concat("on ", std::to_string(held), " of ", std::to_string(scored),
                " loads at least two of tau_U, cost and actions are no worse than hpa's and none is worse by more than 10 %\n");
}

std::string backtest_json(const std::vector<BacktestOfLoad>& all, const BacktestSettings& settings) {
  std::string out;
  codec::JsonWriter writer(out);
  writer.open('{');
  write_settings(writer, settings);
  PredictiveScalingParams params = settings.policy.params;
  out += ",\"policy\":" + settings_text([&](SettingVisitor& visitor) { declare(visitor, params); });
  writer.open_member("loads", '[');
  for (const BacktestOfLoad& of : all) write_load(writer, of, settings.shape.tick_ms);
  writer.close(']');
  writer.close('}');
  return out + "\n";
}

std::string backtest_csv(const std::vector<BacktestOfLoad>& all, const BacktestSettings& settings) {
  std::string out = "load,method";
  for (const Figure& figure : figures_of({}, settings.shape.tick_ms)) out += concat(",", figure.name);
  out += "\n";
  for (const BacktestOfLoad& of : all) {
    for (const MethodResult& one : of.result.methods) {
      out += concat(in_quotes(of.name), ",", one.name);
      for (const Figure& figure : figures_of(one, settings.shape.tick_ms)) out += fixed(",%.9g", figure.value);
      out += "\n";
    }
  }
  return out;
}

int64_t busiest_day_ms(const BacktestOfLoad& of, const BacktestSettings& settings) {
  const int64_t length_ms = of.load.end_ms() - of.load.start_ms;
  double most = -1;
  int64_t busiest_ms = 0;
  for (int64_t since_ms = of.scored ? settings.shape.unscored_ms : 0; since_ms <= length_ms; since_ms += of.load.step_ms) {
    const double value = of.load.at(of.load.start_ms + since_ms);
    if (value > most) busiest_ms = since_ms;
    most = std::max(most, value);
  }
  const int64_t since_midnight_ms = (of.load.start_ms + busiest_ms) % kDayMs;
  return std::max<int64_t>(busiest_ms - since_midnight_ms, 0);
}

std::string backtest_plot(const BacktestOfLoad& of, const BacktestSettings& settings, const ChartWindow& window) {
  static constexpr std::array<const char*, 4> kColours{"#1f77b4", "#d62728", "#9467bd", "#2ca02c"};
  Chart chart;
  chart.title = concat(of.name, ": replicas that are ready, beside demand");
  const int64_t tick_ms = settings.shape.tick_ms;
  const auto ticks = static_cast<int64_t>(of.result.methods.front().course.size());
  const int64_t first = std::clamp<int64_t>(window.from_ms / tick_ms, 0, ticks);
  const int64_t last = std::min(first + window.lasts_ms / tick_ms, ticks);
  const auto line = [&](const std::string& name, const char* colour, const std::vector<CourseTick>& course, int32_t CourseTick::*value) {
    ChartLine out{.name = name, .colour = colour, .points = {}, .steps = true};
    for (int64_t i = first; i < last; ++i)
      out.points.push_back({of.recorded_ms + i * tick_ms, static_cast<double>(course[static_cast<size_t>(i)].*value)});
    chart.lines.push_back(std::move(out));
  };
  line("demand", "#000000", of.result.methods.front().course, &CourseTick::demand);
  for (size_t i = 0; i < of.result.methods.size(); ++i)
    line(of.result.methods[i].name, kColours.at(i % kColours.size()), of.result.methods[i].course, &CourseTick::supply);
  return svg_chart(chart);
}

}  // namespace headroom
