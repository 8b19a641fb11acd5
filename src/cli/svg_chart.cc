#include "cli/svg_chart.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "base/concat.h"
#include "base/time_text.h"

namespace headroom {
namespace {

constexpr double kLeft = 64, kRight = 16, kBottom = 44, kTitle = 26, kLegendRow = 20;
constexpr double kDayMs = 86'400'000;

bool drawn(double value) {
  return std::abs(value) <= 1e300;  // false for NaN
}

// A coordinate, to a tenth of a pixel.
std::string coordinate(double value) {
  char text[48];
  const auto end = std::to_chars(text, text + sizeof text, std::round(value * 10) / 10 + 0.0, std::chars_format::fixed, 1);
  std::string out(text, end.ptr);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

// The bytes of one character of UTF-8 that XML allows; 0 where there is none.
size_t character_bytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  const size_t size = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < size) return 0;
  uint32_t code = byte(0) & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kLeast[size] || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff ? 0 : size;
}

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t bytes = character_bytes(text);
    switch (bytes == 1 ? text.front() : ' ') {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += bytes == 0 ? std::string_view("?") : text.substr(0, bytes);
    }
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  return out;
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

// Where times and values lie on the sheet.
struct Frame {
  Range times, values;
  double left = 0, right = 0, top = 0, bottom = 0;
  double step = 1;  // between labels of the value axis
  double x(int64_t time_ms) const { return left + (static_cast<double>(time_ms) - times.low) / (times.high - times.low) * (right - left); }
  double y(double value) const { return bottom - (value - values.low) / (values.high - values.low) * (bottom - top); }
  size_t columns() const { return static_cast<size_t>(right - left) + 1; }
};

// 1, 2 or 5 times a power of ten, at least `least`.
double nice_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0})
    if (times * power >= least * (1 - 1e-9)) return times * power;
  return 10 * power;
}

void fit_values(Range seen, Frame& frame) {
  if (seen.empty()) seen = {0, 1};
  const bool from_zero = seen.low >= 0 && seen.low <= seen.high / 2 && seen.high > 0;
  if (from_zero) seen.low = 0;
  const double size = std::max(std::abs(seen.low), std::abs(seen.high));
  if (seen.high - seen.low <= 1e-9 * size) seen = {seen.low - std::max(size / 10, 0.5), seen.high + std::max(size / 10, 0.5)};
  const double space = (seen.high - seen.low) / 25;
  frame.values = {from_zero ? 0 : seen.low - space, seen.high + space};
  frame.step = nice_step((seen.high - seen.low) / 6);
}

Frame frame_of(const Chart& chart, double top) {
  Frame frame;
  Range values;
  for (const auto& band : chart.bands) {
    for (const auto& span : band.spans) {
      frame.times.take(static_cast<double>(span.time_ms));
      for (const double value : {span.low, span.high})
        if (drawn(value)) values.take(value);
    }
  }
  for (const auto& line : chart.lines) {
    for (const auto& point : line.points) {
      frame.times.take(static_cast<double>(point.time_ms));
      if (drawn(point.value)) values.take(point.value);
    }
  }
  if (frame.times.empty()) frame.times = {0, 0};
  if (frame.times.high - frame.times.low < 2) frame.times = {frame.times.low - 1000, frame.times.high + 1000};
  frame.left = kLeft, frame.right = std::max(chart.width - kRight, kLeft + 100);
  frame.top = top, frame.bottom = std::max(chart.height - kBottom, top + 50);
  fit_values(values, frame);
  return frame;
}

// "1.5k" for 1500: a label of a step of that size.
std::string value_label(double value, double step) {
  struct Unit {
    double size;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits = {{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  Unit unit{1, ""};
  for (const auto& one : kUnits)
    if (std::abs(value) >= one.size && unit.size == 1) unit = one;
  if (std::abs(value) >= 1e15) unit = {1, ""};
  char text[48];
  const double shown = std::abs(value) < step / 2 ? 0 : value / unit.size;
  const auto end = std::to_chars(text, text + sizeof text, shown, std::chars_format::general, 6);
  return std::string(text, end.ptr) + unit.name;
}

double time_step(double length_ms, double most_labels) {
  constexpr std::array<double, 24> kSteps = {1,          10,         100,        1000,    2000,       5000,       10'000,      30'000,
                                             60'000,     120'000,    300'000,    600'000, 900'000,    1'800'000,  3'600'000,   7'200'000,
                                             10'800'000, 21'600'000, 43'200'000, kDayMs,  2 * kDayMs, 7 * kDayMs, 28 * kDayMs, 84 * kDayMs};
  for (const double step : kSteps)
    if (length_ms / step <= most_labels) return step;
  return std::ceil(length_ms / most_labels / (365 * kDayMs)) * 365 * kDayMs;
}

struct Text {
  double x, y;
  std::string_view anchor, text;
};

void put_text(const Text& text, std::string& out) {
  out += concat("<text x=\"", coordinate(text.x), "\" y=\"", coordinate(text.y), "\" text-anchor=\"", text.anchor, "\">",
                escaped(text.text), "</text>\n");
}

void put_value_axis(const Frame& frame, std::string& out) {
  std::string grid;
  const double first = std::ceil(frame.values.low / frame.step), last = std::floor(frame.values.high / frame.step);
  for (int i = 0; i <= static_cast<int>(last - first); ++i) {
    const double value = (first + i) * frame.step;
    grid += concat("M", coordinate(frame.left), " ", coordinate(frame.y(value)), "H", coordinate(frame.right));
    put_text({frame.left - 6, frame.y(value) + 4, "end", value_label(value, frame.step)}, out);
  }
  out += concat("<path d=\"", grid, "\" stroke=\"#ddd\"/>\n");
}

// The time of day, and the date below where it is another one.
void put_time_axis(const Frame& frame, std::string& out) {
  const double step = time_step(frame.times.high - frame.times.low, std::max((frame.right - frame.left) / 80, 2.0));
  std::string grid, date;
  for (double at = std::ceil(frame.times.low / step) * step; at <= frame.times.high; at += step) {
    const auto time_ms = static_cast<int64_t>(at);
    std::string text = format_rfc3339(time_ms);
    text.pop_back();  // the Z
    const double x = frame.x(time_ms);
    grid += concat("M", coordinate(x), " ", coordinate(frame.top), "V", coordinate(frame.bottom + 4));
    const std::string day = text.substr(0, 10);
    if (step < kDayMs) put_text({x, frame.bottom + 17, "middle", text.substr(11, step < 1000 ? 12 : step < 60'000 ? 8 : 5)}, out);
    if (day != date) put_text({x, frame.bottom + (step < kDayMs ? 32 : 17), "middle", day}, out);
    date = day;
  }
  out += concat("<path d=\"", grid, "\" stroke=\"#ddd\"/>\n");
  put_text({4, frame.bottom + 17, "start", "UTC"}, out);
}

// What is drawn of a line: a point, or where it begins anew behind a hole.
struct Mark {
  ChartPoint point;
  bool behind_hole = false;
};

// Of the points of one column, in order of time: the least, the most, and the last, which steps hold. `hole`: whether there is one since
// the last value.
void add_column(std::span<const ChartPoint> points, bool& hole, std::vector<Mark>& out) {
  const ChartPoint *least = nullptr, *most = nullptr, *last = nullptr;
  bool behind_hole = hole;
  for (const auto& point : points) {
    hole = !drawn(point.value);
    if (hole && last == nullptr) behind_hole = true;
    if (hole) continue;
    last = &point;
    if (least == nullptr || point.value < least->value) least = &point;
    if (most == nullptr || point.value > most->value) most = &point;
  }
  if (last == nullptr) return;
  std::array<const ChartPoint*, 3> kept = {least, most, last};
  std::sort(kept.begin(), kept.end());
  const auto end = std::unique(kept.begin(), kept.end());
  for (auto one = kept.begin(); one != end; ++one) out.push_back({**one, behind_hole && one == kept.begin()});
}

std::vector<Mark> marks_of(const std::vector<ChartPoint>& points, const Frame& frame) {
  const bool all = points.size() <= 2 * frame.columns();
  std::vector<Mark> out;
  bool hole = true;
  for (size_t at = 0; at < points.size();) {
    const size_t first = at++;
    const double column = std::floor(frame.x(points[first].time_ms));
    while (!all && at < points.size() && std::floor(frame.x(points[at].time_ms)) == column) ++at;
    add_column({points.data() + first, at - first}, hole, out);
  }
  return out;
}

void put_line(const ChartLine& line, const Frame& frame, std::string& out) {
  const auto marks = marks_of(line.points, frame);
  std::string path;
  for (size_t i = 0; i < marks.size(); ++i) {
    const std::string x = coordinate(frame.x(marks[i].point.time_ms)), y = coordinate(frame.y(marks[i].point.value));
    if (marks[i].behind_hole)
      path += concat("M", x, " ", y);
    else
      path += line.steps ? concat("H", x, "V", y) : concat("L", x, " ", y);
    const bool alone = marks[i].behind_hole && (i + 1 == marks.size() || marks[i + 1].behind_hole);
    if (alone) path += "h0";  // with round ends it is a dot
  }
  out += concat("<path d=\"", path, "\" stroke=\"", escaped(line.colour), "\" stroke-width=\"1.3\"/>\n");
}

void put_span_run(const std::vector<ChartSpan>& run, const Frame& frame, std::string& path) {
  if (run.empty()) return;
  const double half = run.size() == 1 ? 0.5 : 0;  // a band of one span would have no width
  char verb = 'M';
  for (const auto& span : run) {
    path += concat(std::string_view(&verb, 1), coordinate(frame.x(span.time_ms) - half), " ", coordinate(frame.y(span.high)));
    verb = 'L';
  }
  for (size_t i = run.size(); i-- > 0;)
    path += concat("L", coordinate(frame.x(run[i].time_ms) + half), " ", coordinate(frame.y(run[i].low)));
  path += 'Z';
}

void put_band(const ChartBand& band, const Frame& frame, std::string& out) {
  const bool all = band.spans.size() <= frame.columns();
  std::string path;
  std::vector<ChartSpan> run;
  std::optional<double> column;
  bool hole = false;
  for (const auto& span : band.spans) {
    if (!drawn(span.low) || !drawn(span.high)) {
      hole = true;
      continue;
    }
    const double at = std::floor(frame.x(span.time_ms));
    if (!all && column == at) {
      run.back().low = std::min(run.back().low, span.low);
      run.back().high = std::max(run.back().high, span.high);
      continue;
    }
    if (hole) {
      put_span_run(run, frame, path);
      run.clear();
      hole = false;
    }
    column = at;
    run.push_back(span);
  }
  put_span_run(run, frame, path);
  out += concat("<path d=\"", path, "\" fill=\"", escaped(band.colour), "\" stroke=\"none\"/>\n");
}

struct LegendEntry {
  double x = 0, y = 0;
  std::string_view name, colour;
  bool band = false;
};

// Left to right, and on where a row is full. Widths of letters are not known here: 7 pixels are more than most.
std::vector<LegendEntry> legend_of(const Chart& chart) {
  std::vector<LegendEntry> out;
  double x = kLeft, y = kTitle + 14;
  const auto add = [&](std::string_view name, std::string_view colour, bool band) {
    const double width = 40 + 7 * static_cast<double>(name.size());
    if (x > kLeft && x + width > chart.width - kRight) x = kLeft, y += kLegendRow;
    out.push_back({x, y, name, colour, band});
    x += width;
  };
  for (const auto& line : chart.lines) add(line.name, line.colour, false);
  for (const auto& band : chart.bands) add(band.name, band.colour, true);
  return out;
}

void put_legend(const std::vector<LegendEntry>& legend, std::string& out) {
  for (const auto& entry : legend) {
    const std::string at = concat("M", coordinate(entry.x), " ", coordinate(entry.y - 4), "h20");
    out += concat("<path d=\"", at, "\" stroke=\"", escaped(entry.colour), "\" stroke-width=\"", entry.band ? "10" : "2", "\"/>\n");
    put_text({entry.x + 26, entry.y, "start", entry.name}, out);
  }
}

}  // namespace

std::string svg_chart(const Chart& chart) {
  const auto legend = legend_of(chart);
  const Frame frame = frame_of(chart, (legend.empty() ? kTitle : legend.back().y) + 14);
  const std::string width = std::to_string(chart.width), height = std::to_string(chart.height), title = escaped(chart.title);
  std::string out =
      concat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", width, " ", height, "\" width=\"", width, "\" height=\"", height,
             "\" role=\"img\">\n<title>", title, "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
  out +=
      concat("<text x=\"", coordinate(kLeft), "\" y=\"20\" font-family=\"sans-serif\" font-size=\"15\" fill=\"#111\">", title, "</text>\n");
  out += "<g font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n";
  std::string drawing;
  put_value_axis(frame, out);
  put_time_axis(frame, out);
  out += "</g>\n<g fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n";
  for (const auto& band : chart.bands) put_band(band, frame, out);
  for (const auto& line : chart.lines) put_line(line, frame, out);
  out += "</g>\n<g font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n";
  put_legend(legend, out);
  return out + "</g>\n</svg>\n";
}

}  // namespace headroom
