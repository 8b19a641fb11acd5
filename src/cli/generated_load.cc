#include "cli/generated_load.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/concat.h"
#include "forecast/lstm_training.h"

namespace headroom {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kMondayMs = 1'767'571'200'000;  // 2026-01-05
constexpr double kTurn = 6.283185307179586;
constexpr double kMinutesOfDay = 1440;

class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed) {}
  double share() { return static_cast<double>(next_random(state_) >> 11) / 9007199254740992.0; }
  double within(double least, double most) { return least + (most - least) * share(); }
  // Small and large ones alike, by their ratio.
  double scaled(double least, double most) { return least * std::pow(most / least, share()); }
  bool happens(double probability) { return share() < probability; }
  // About normal: the sum of twelve uniform numbers, of variance 1.
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += share();
    return sum;
  }

 private:
  uint64_t state_;
};

// What one service is like; sizes are in logarithms of its load unless said otherwise.
struct Service {
  explicit Service(Chance& chance)
      : level(chance.scaled(5, 200'000)),
        day(chance.within(0.05, 0.9)),
        day_at(chance.share()),
        half_day(chance.within(0, 0.4)),
        half_day_at(chance.share()),
        weekend(chance.happens(0.6) ? chance.within(0.1, 0.9) : 0),
        job(chance.happens(0.5) ? chance.scaled(0.05, 0.8) : 0),
        job_minute(std::floor(chance.within(0, 60))),
        job_minutes(chance.within(1, 6)),
        wander_minutes(chance.scaled(10, 600)),
        wander(chance.scaled(0.01, 0.2)),
        noise(chance.scaled(0.005, 0.12)),
        bursts_a_day(chance.happens(0.5) ? chance.within(0.1, 3) : 0),
        burst(chance.within(0.2, 1.5)),
        burst_minutes(chance.scaled(4, 90)),
        shifts_a_day(chance.within(0, 0.1)),
        trend_a_day(chance.within(-0.01, 0.015)),
        outages_a_day(chance.happens(0.2) ? 0.1 : 0) {}
  double level;  // requests, or whatever it is, a minute
  double day, day_at, half_day, half_day_at, weekend;
  double job, job_minute, job_minutes;
  double wander_minutes, wander, noise;
  double bursts_a_day, burst, burst_minutes;
  double shifts_a_day, trend_a_day, outages_a_day;

  double rhythm(double minute) const {
    const double of_day = minute / kMinutesOfDay;
    const bool is_weekend = std::fmod(of_day, 7) >= 5;
    const double since_job = std::fmod(minute - job_minute + 60, 60);
    return day * std::sin(kTurn * (of_day - day_at)) + half_day * std::sin(2 * kTurn * (of_day - half_day_at)) -
           (is_weekend ? weekend : 0) + (since_job < job_minutes ? job : 0) + trend_a_day * of_day;
  }
};

// What changes from row to row.
struct Course {
  double wander = 0, burst = 0, burst_aim = 0, shift = 0;
  double outage_minutes = 0;

  void advance(const Service& of, double minutes, Chance& chance) {
    const double days = minutes / kMinutesOfDay;
    const double kept = std::exp(-minutes / of.wander_minutes);
    wander = kept * wander + of.wander * std::sqrt(1 - kept * kept) * chance.normal();
    if (chance.happens(of.bursts_a_day * days)) burst_aim = of.burst * chance.within(0.5, 1.5);
    burst += (burst_aim - burst) * std::min(1.0, minutes / 3);
    burst_aim *= std::exp(-minutes / of.burst_minutes);
    if (chance.happens(of.shifts_a_day * days)) shift += chance.within(-0.4, 0.4);
    outage_minutes = std::max(0.0, outage_minutes - minutes);
    if (chance.happens(of.outages_a_day * days)) outage_minutes = chance.within(5, 40);
  }
};

// Six digits: so that the last bit of a machine's exponentials does not reach the series, and a CSV holds all of it.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::strtod(text, nullptr);
}

}  // namespace

Series generated_load(uint64_t seed, size_t index) {
  Chance chance(seed * 0x9e3779b97f4a7c15ULL + index * 0xd1342543de82ef95ULL + 1);
  const Service service(chance);
  const int64_t minutes = index % 3 == 2 ? 5 : 1;
  const size_t rows = index % 3 == 2 ? 28 * 288 : 14 * 1440;
  Series out;
  out.name = concat("generated-", std::to_string(seed), "-", std::to_string(index));
  out.step_ms = minutes * kMinuteMs;
  Course course;
  for (size_t row = 0; row < rows; ++row) {
    const auto minute = static_cast<double>(static_cast<int64_t>(row) * minutes);
    course.advance(service, static_cast<double>(minutes), chance);
    const double log_load = service.rhythm(minute) + course.wander + course.burst + course.shift;
    double load = service.level * std::exp(log_load + service.noise * chance.normal());
    load += std::sqrt(load) * chance.normal();  // arrivals are counted
    if (course.outage_minutes > 0) load *= 0.02;
    out.times_ms.push_back(kMondayMs + static_cast<int64_t>(row) * out.step_ms);
    out.values.push_back(rounded(std::max(0.0, load)));
  }
  return out;
}

std::string series_csv(const Series& series) {
  std::string out = "time_ms,value\n";
  char line[64];
  for (size_t row = 0; row < series.values.size(); ++row) {
    std::snprintf(line, sizeof line, "%lld,%.6g\n", static_cast<long long>(series.times_ms[row]), series.values[row]);
    out += line;
  }
  return out;
}

}  // namespace headroom
