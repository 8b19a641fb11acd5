#pragma once

#include <cstdint>
#include <string>
#include <vector>

// Charts of values over time as one SVG file that needs nothing else: no script, no font, no link.
namespace headroom {

// A value that is not finite, or beyond 1e300, breaks the line or band there.
struct ChartPoint {
  int64_t time_ms = 0;
  double value = 0;
};
struct ChartLine {
  std::string name;    // in the legend
  std::string colour;  // as CSS has it: "#1f77b4"
  std::vector<ChartPoint> points;
  bool steps = false;  // each value holds until the next one, as a number of replicas does
};

struct ChartSpan {
  int64_t time_ms = 0;
  double low = 0;
  double high = 0;
};
struct ChartBand {
  std::string name;
  std::string colour;
  std::vector<ChartSpan> spans;
};

struct Chart {
  std::string title;
  std::vector<ChartBand> bands;  // below the lines, the first lowest
  std::vector<ChartLine> lines;
  int width = 1200;  // CSS pixels
  int height = 480;
};

// Points in order of time. Times are labelled in UTC; the value axis begins at 0 where that costs at most half of the height. However many
// points are given, at most three a line (the least, the most and the last) and one span a band are drawn in a column of a pixel, so that
// no peak is lost. Texts may hold any bytes. Any thread.
std::string svg_chart(const Chart& chart);

}  // namespace headroom
