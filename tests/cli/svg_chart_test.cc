#include "cli/svg_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {
namespace {

constexpr int64_t kFirstMs = 1'732'233'600'000;  // 2024-11-22T00:00:00Z
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

ChartLine line_of(const std::vector<double>& values, int64_t step_ms = 60'000) {
  ChartLine out{"load", "#123456", {}, false};
  for (size_t i = 0; i < values.size(); ++i) out.points.push_back({kFirstMs + static_cast<int64_t>(i) * step_ms, values[i]});
  return out;
}

Chart chart_of(const ChartLine& line) {
  Chart out;
  out.title = "A load";
  out.lines = {line};
  return out;
}

// The path that is drawn with that colour, the swatch of the legend aside.
std::string path_of(const std::string& svg, const std::string& ending) {
  const size_t end = svg.find("\" " + ending);
  if (end == std::string::npos) return {};
  const size_t begin = svg.rfind("d=\"", end) + 3;
  return svg.substr(begin, end - begin);
}
std::string line_path(const std::string& svg) {
  return path_of(svg, "stroke=\"#123456\" stroke-width=\"1.3\"");
}

size_t count_of(const std::string& text, std::string_view letters) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [&](char c) { return letters.find(c) != letters.npos; }));
}

// Whether elements nest, attributes are quoted and no letter stands bare that XML wants escaped; for what svg_chart writes, not for all
// XML.
testing::AssertionResult well_formed(std::string_view text) {
  std::vector<std::string> open;
  const auto fault = [&](const std::string& what) { return testing::AssertionFailure() << what << " before: " << text.substr(0, 60); };
  while (!text.empty()) {
    if (text.front() == '&') {
      const size_t end = text.find(';');
      const auto name = text.substr(0, end == text.npos ? 0 : end + 1);
      if (name != "&amp;" && name != "&lt;" && name != "&gt;" && name != "&quot;") return fault("no reference");
    }
    const auto byte = static_cast<unsigned char>(text.front());
    if (text.front() == '>' || (byte < 0x20 && byte != '\n')) return fault("a letter that may not stand there");
    if (text.front() != '<') {
      text.remove_prefix(1);
      continue;
    }
    const size_t end = text.find('>');
    if (end == text.npos) return fault("no end of a tag");
    const std::string tag(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
    if (tag.find('<') != tag.npos || count_of(tag, "\"") % 2 != 0) return fault("a tag within " + tag);
    const std::string name = tag.substr(tag.front() == '/' ? 1 : 0, tag.find_first_of(" /", 1) - (tag.front() == '/' ? 1 : 0));
    if (tag.front() == '/') {
      if (open.empty() || open.back() != name) return fault("an end of nothing: " + tag);
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
  }
  return open.empty() ? testing::AssertionSuccess() : fault("never ended: " + open.back());
}

TEST(SvgChart, is_well_formed_whatever_it_is_given) {
  Chart chart;
  EXPECT_TRUE(well_formed(svg_chart(chart)));
  chart = chart_of(line_of({1, 2, kNan, 4}));
  chart.title = "a<b> & \"c\" \x01\n\xff\xc3\xa4\xed\xa0\x80\xef\xbf\xbf\xf0\x9f\x93\x88\xc3";
  chart.lines[0].name = "</text><script>";
  chart.lines[0].colour = "\"/><b";
  chart.bands = {{"&", "'", {{kFirstMs, 1, 2}, {kFirstMs + 60'000, kNan, 2}, {kFirstMs + 120'000, 1, 2}}}};
  const std::string svg = svg_chart(chart);
  EXPECT_TRUE(well_formed(svg));
  EXPECT_NE(svg.find("a&lt;b&gt; &amp; &quot;c&quot; ???\xc3\xa4?"), std::string::npos) << svg.substr(0, 400);
  EXPECT_NE(svg.find("\xf0\x9f\x93\x88?<"), std::string::npos);
  EXPECT_NE(svg.find("&lt;/text&gt;&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("\xed\xa0\x80"), std::string::npos);
}

TEST(SvgChart, holds_for_every_range_of_values_and_times) {
  const double most = std::numeric_limits<double>::max();
  for (const auto& values : std::vector<std::vector<double>>{
           {}, {0}, {0, 0}, {5, 5}, {-5, -5}, {1e-300, 2e-300}, {-1e299, 1e299}, {most, -most}, {kNan}, {1e15, 1e15 + 1}}) {
    for (const int64_t step_ms : {int64_t{0}, int64_t{1}, int64_t{60'000}, int64_t{400} * 86'400'000}) {
      const std::string svg = svg_chart(chart_of(line_of(values, step_ms)));
      EXPECT_TRUE(well_formed(svg));
      EXPECT_EQ(svg.find("nan"), std::string::npos);
      EXPECT_EQ(svg.find("inf"), std::string::npos);
      EXPECT_LT(svg.size(), 8000u);
    }
  }
}

TEST(SvgChart, draws_few_points_as_they_are) {
  const std::string path = line_path(svg_chart(chart_of(line_of({0, 10, 5}))));
  EXPECT_EQ(count_of(path, "M"), 1u) << path;
  EXPECT_EQ(count_of(path, "L"), 2u) << path;
  EXPECT_TRUE(path.starts_with("M64 ")) << path;
  EXPECT_NE(path.find("L1184 "), std::string::npos) << path;
}

TEST(SvgChart, breaks_a_line_and_a_band_where_a_value_is_no_number) {
  const std::string path = line_path(svg_chart(chart_of(line_of({1, 2, kNan, kNan, 3, HUGE_VAL, 4, 5}))));
  EXPECT_EQ(count_of(path, "M"), 3u) << path;
  EXPECT_EQ(count_of(path, "L"), 2u) << path;
  EXPECT_EQ(count_of(path, "h"), 1u) << "the 3 stands alone: " << path;
  Chart chart;
  chart.bands = {{"fan", "#abc", {}}};
  for (int64_t i = 0; i < 6; ++i) chart.bands[0].spans.push_back({kFirstMs + i * 1000, i == 2 ? kNan : 1, 2});
  const std::string band = path_of(svg_chart(chart), "fill=\"#abc\"");
  EXPECT_EQ(count_of(band, "M"), 2u) << band;
  EXPECT_EQ(count_of(band, "Z"), 2u) << band;
  EXPECT_EQ(count_of(band, "L"), 3u + 5u) << band;
}

TEST(SvgChart, draws_steps_along_the_axes) {
  ChartLine line = line_of({1, 3, 2});
  line.steps = true;
  const std::string path = line_path(svg_chart(chart_of(line)));
  EXPECT_EQ(count_of(path, "H"), 2u) << path;
  EXPECT_EQ(count_of(path, "V"), 2u) << path;
  EXPECT_EQ(count_of(path, "L"), 0u) << path;
}

TEST(SvgChart, bounds_its_points_and_loses_no_peak) {
  std::vector<double> values(200'000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 3 == 0 ? kNan : std::abs(std::sin(static_cast<double>(i)));
  values[77'776] = 40;
  Chart chart = chart_of(line_of(values));
  chart.bands = {{"fan", "#abc", {}}};
  for (const auto& point : chart.lines[0].points) chart.bands[0].spans.push_back({point.time_ms, point.value, point.value + 1});
  const std::string svg = svg_chart(chart), line = line_path(svg), band = path_of(svg, "fill=\"#abc\"");
  EXPECT_LE(count_of(line, "ML"), 3u * 1121);
  EXPECT_GE(count_of(line, "ML"), 1000u);
  EXPECT_LE(count_of(band, "ML"), 2u * 1121 + 2);
  EXPECT_LT(svg.size(), 150'000u);
  chart.bands.clear();
  const std::string alone = line_path(svg_chart(chart)), sketch = line_path(svg_chart(chart_of(line_of({0, 40, 0}))));
  const size_t at = sketch.find(' ', sketch.find('L'));
  const std::string peak = sketch.substr(at, sketch.find('L', at) - at);  // where a 40 is drawn
  EXPECT_EQ(alone.find(peak), alone.rfind(peak)) << peak;
  EXPECT_NE(alone.find(peak), std::string::npos) << peak;
}

TEST(SvgChart, holds_the_last_step_of_a_column_that_has_several) {
  std::vector<double> values(3000, 3);
  values[1000] = 2, values[1001] = 5;
  ChartLine line = line_of(values, 1);
  line.points.push_back({kFirstMs + 86'400'000, 1});
  line.steps = true;
  EXPECT_EQ(line_path(svg_chart(chart_of(line))), "M64 289.1H64V68.7H64V215.6H1184V362.5");
}

TEST(SvgChart, labels_times_in_utc_and_values_in_round_numbers) {
  std::vector<double> values;
  for (int i = 0; i < 48; ++i) values.push_back(1000 + 25 * i);
  const std::string svg = svg_chart(chart_of(line_of(values, 3'600'000)));
  for (const char* text :
       {">2024-11-22<", ">2024-11-23<", ">00:00<", ">06:00<", ">UTC<", ">0<", ">500<", ">1k<", ">1.5k<", ">2k<", ">load<"})
    EXPECT_NE(svg.find(text), std::string::npos) << text << " in " << svg;
  const std::string close = svg_chart(chart_of(line_of({0.123, 0.1234, 0.1231}, 1000)));
  for (const char* text : {">0.123<", ">0.1234<", ">00:00:01<"}) EXPECT_NE(close.find(text), std::string::npos) << text << " in " << close;
}

}  // namespace
}  // namespace headroom
