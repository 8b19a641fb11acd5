#include "cli/forecast_eval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

#include "base/concat.h"
#include "cli/forecast_plot.h"
#include "cli/series_file.h"
#include "run_binary.h"

namespace headroom {
namespace {

Series made_series(size_t rows) {
  Series out;
  out.name = "made";
  out.step_ms = 300'000;
  uint64_t random = 3;
  for (size_t i = 0; i < rows; ++i) {
    const double noise = static_cast<double>(next_random(random) >> 40) / (1 << 24);
    out.times_ms.push_back(1'732'233'600'000 + static_cast<int64_t>(i) * out.step_ms);
    out.values.push_back(100 + 40 * std::sin(6.2831853 * static_cast<double>(i % 288) / 288) + 10 * noise);
  }
  return out;
}

std::string rows_of(const Series& series, const EvalSettings& settings) {
  std::string out;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  EXPECT_NE(file, nullptr);
  evaluate(series, settings, {}, [&](const JudgedForecast& forecast) { write_row(file.get(), forecast); });
  std::rewind(file.get());
  char piece[4096];
  for (size_t got = 0; (got = std::fread(piece, 1, sizeof piece, file.get())) > 0;) out.append(piece, got);
  return out;
}

TEST(ForecastEval, gives_for_a_file_that_was_cut_the_first_rows_of_the_whole_one) {
  const Series whole = made_series(900);
  EvalSettings settings;
  settings.warm_up = 100;
  const std::string all = rows_of(whole, settings);
  for (const size_t cut : {116, 500, 801}) {
    Series part = whole;
    part.times_ms.resize(cut);
    part.values.resize(cut);
    const std::string rows = rows_of(part, settings);
    EXPECT_FALSE(rows.empty());
    EXPECT_EQ(rows, all.substr(0, rows.size())) << cut;
  }
}

TEST(ForecastEval, has_a_row_of_numbers_for_every_origin_horizon_and_method) {
  const Series series = made_series(400);
  EvalSettings settings;
  settings.warm_up = 0;
  const std::string rows = rows_of(series, settings);
  EXPECT_EQ(static_cast<size_t>(std::count(rows.begin(), rows.end(), '\n')), eval_methods().size() * (399 + 395 + 385));
  EXPECT_EQ(rows.find("nan"), std::string::npos);
  EXPECT_EQ(rows.find("inf"), std::string::npos);
}

TEST(ForecastEval, gives_persistence_an_error_of_one_and_its_quantile_what_it_should_cover) {
  const auto scores = evaluate(made_series(3000), {}, {}, nullptr);
  for (const auto& score : scores.at("persistence")) {
    EXPECT_EQ(score.relative(), 1);
    EXPECT_EQ(score.relative_pinball(), 1);
    EXPECT_NEAR(score.coverage(), 0.95, 0.03);
  }
  EXPECT_LT(scores.at("headroom")[2].relative(), 0.8);
  EXPECT_LT(scores.at("headroom_small")[2].relative(), 0.8);
  EXPECT_LT(scores.at("plain_lstm")[2].relative(), 1);
}

TEST(ForecastEval, prints_a_line_for_every_horizon_and_method) {
  const std::string table = eval_table({{"made", evaluate(made_series(180), {}, {}, nullptr)}}, {1, 5, 15});
  for (const char* horizon : {"\n      1  ", "\n      5  ", "\n     15  "})
    for (const auto& method : eval_methods())
      EXPECT_NE(table.find(concat(horizon, method, " ")), std::string::npos) << method << " in " << table;
  EXPECT_NE(table.find("plain_lstm"), std::string::npos);
}

TEST(ForecastEval, carries_a_short_hole_and_goes_on_behind_a_long_one) {
  Series series = made_series(900);
  const auto drop = [&](size_t from, size_t count) {
    series.times_ms.erase(series.times_ms.begin() + static_cast<std::ptrdiff_t>(from),
                          series.times_ms.begin() + static_cast<std::ptrdiff_t>(from + count));
    series.values.erase(series.values.begin() + static_cast<std::ptrdiff_t>(from),
                        series.values.begin() + static_cast<std::ptrdiff_t>(from + count));
  };
  drop(700, 40);
  drop(400, 2);
  const auto scores = evaluate(series, {}, {}, nullptr);
  EXPECT_LT(scores.at("headroom")[2].relative(), 0.9);
}

TEST(ForecastPlot, keeps_the_last_forecasts_of_headroom_at_the_times_that_they_were_for) {
  Series series = made_series(180);
  for (size_t i = 150; i < series.times_ms.size(); ++i) series.times_ms[i] += 3'600'000;  // a hole
  ForecastPlot plot({5, 6 * 3'600'000});
  std::vector<JudgedForecast> all;
  evaluate(series, {}, {}, [&](const JudgedForecast& forecast) {
    plot.take(forecast);
    if (forecast.method == "headroom" && forecast.horizon == 5) all.push_back(forecast);
  });
  const Chart chart = plot.chart(series);
  EXPECT_EQ(chart.title, "made: forecasts 5 steps (25m) ahead");
  ASSERT_EQ(chart.lines.size(), 2u);
  ASSERT_EQ(chart.bands.size(), 3u);
  const auto& point = chart.lines[0].points;
  const auto& actual = chart.lines[1].points;
  ASSERT_EQ(point.size(), 6u * 12 - 12 + 1) << "twelve steps are missing, and a break stands for them";
  EXPECT_EQ(std::count_if(point.begin(), point.end(), [](const ChartPoint& one) { return std::isnan(one.value); }), 1);
  EXPECT_EQ(point.back().time_ms, series.times_ms.back());
  EXPECT_EQ(actual.back().value, series.values.back());
  EXPECT_EQ(point.back().value, all.back().point);
  EXPECT_EQ(chart.bands[0].spans.back().low, all.back().quantiles[0]);
  EXPECT_EQ(chart.bands[2].spans.back().high, all.back().quantiles[3]);
}

class SeriesFile : public ::testing::Test {
 protected:
  Result<Series> read(const std::string& text, const SeriesColumns& columns = {}) {
    return read_series(folder.write("load.csv", text), columns);
  }
  testing::TestFolder folder;
};

TEST_F(SeriesFile, is_read_with_the_columns_and_times_that_are_named) {
  const auto read_it = read(
      "date,other,messages\n2019-10-06 22:00:00,x,100.5\n2019-10-06 22:05:00,,200\n2019-10-06 22:15:00,y,3e2\n2019-10-06 22:20:00,,1\n",
      {"date", "messages"});
  ASSERT_TRUE(read_it) << read_it.status().message();
  EXPECT_EQ(read_it->name, "load");
  EXPECT_EQ(read_it->step_ms, 300'000);
  EXPECT_EQ(read_it->values, (std::vector<double>{100.5, 200, 300, 1}));
  EXPECT_EQ(read_it->times_ms[0], 1'570'399'200'000);
}

TEST_F(SeriesFile, has_its_further_columns_of_numbers_as_companions) {
  const std::string text = "time_ms,requests,value,host,latency\n60000,5,1,a,\n120000,n/a,2,b,0.5\n180000,7,3,c,inf\n";
  const auto series = read(text);
  ASSERT_TRUE(series) << series.status().message();
  ASSERT_EQ(series->companions.size(), 2u) << "the hosts are none";
  EXPECT_EQ(series->values, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(series->companions[0][0], 5);
  EXPECT_TRUE(std::isnan(series->companions[0][1]));
  EXPECT_EQ(series->companions[0][2], 7);
  EXPECT_TRUE(std::isnan(series->companions[1][0]));
  EXPECT_EQ(series->companions[1][1], 0.5F);
  EXPECT_TRUE(std::isnan(series->companions[1][2]));
  SeriesColumns alone;
  alone.companions = false;
  EXPECT_TRUE(read(text, alone)->companions.empty());
}

TEST_F(SeriesFile, has_at_most_three_companions) {
  const std::string text = "time_ms,value,a,b,c,d\n60000,1,1,1,1,\n120000,1,1,1,1,\n180000,1,1,1,1,1\n";
  EXPECT_NE(read(text).status().message().find("load.csv:4: more than 3 columns of numbers beside time and value"), std::string::npos);
  SeriesColumns alone;
  alone.companions = false;
  EXPECT_TRUE(read(text, alone));
}

TEST(ForecastEval, learns_from_a_companion_that_leads) {
  Series series = made_series(1500);
  const auto without = evaluate(series, {}, {}, nullptr);
  series.companions.emplace_back();
  for (size_t i = 0; i < series.values.size(); ++i)
    series.companions[0].push_back(static_cast<float>(series.values[std::min(i + 5, series.values.size() - 1)]));
  const auto with = evaluate(series, {}, {}, nullptr);
  EXPECT_LT(with.at("headroom")[1].relative(), 0.7 * without.at("headroom")[1].relative());
  EXPECT_EQ(with.at("headroom_small")[1].error, without.at("headroom_small")[1].error) << "takes none";
}

TEST_F(SeriesFile, says_what_is_wrong_and_where) {
  const auto fault = [&](const std::string& text) { return read(text).status().message(); };
  EXPECT_NE(fault("time,value\n").find("has no column time_ms; it has time, value"), std::string::npos);
  EXPECT_NE(fault("time_ms,value\n60000,1\n120000,n/a\n").find("load.csv:3: \"n/a\" is not a finite number"), std::string::npos);
  EXPECT_NE(fault("time_ms,value\n60000,1\n60000,2\n").find("load.csv:3: the time is not later"), std::string::npos);
  EXPECT_NE(fault("time_ms,value\nsoon,1\n").find("load.csv:2: \"soon\" is neither"), std::string::npos);
  EXPECT_NE(fault("time_ms,value\n60000,1\n120000,1\n").find("at least 3 are needed"), std::string::npos);
  EXPECT_NE(fault("time_ms,value\n1,1\n2,1\n3,1\n").find("it must be 1 s to 1 h"), std::string::npos);
}

std::string csv_of(const Series& series) {
  std::string out = "time_ms,value\n";
  for (size_t i = 0; i < series.values.size(); ++i)
    out += std::to_string(series.times_ms[i]) + "," + std::to_string(series.values[i]) + "\n";
  return out;
}

TEST(ForecastEvalPlot, is_one_file_of_one_series_and_one_for_each_of_several) {
  const testing::TestFolder folder;
  const std::string one = folder.write("one.csv", csv_of(made_series(180))), other = folder.write("other.csv", csv_of(made_series(150)));
  const std::string file = folder.file("plot.svg");
  EXPECT_EQ(testing::run_headroom({"forecast", "eval", "--series", one, "--plot", file, "--plot-last", "6h"}).code, 0);
  const std::string svg = testing::read_text(file);
  EXPECT_TRUE(svg.starts_with("<svg ")) << svg.substr(0, 100);
  EXPECT_NE(svg.find(">one: forecasts 15 steps (1h15m) ahead<"), std::string::npos);
  const auto both = testing::run_headroom({"forecast", "eval", "--series", one, other, "--plot", file, "--plot-horizon", "1"});
  EXPECT_EQ(both.code, 0) << both.err;
  EXPECT_NE(testing::read_text(folder.file("plot-one.svg")).find("one: forecasts 1 step (5m) ahead"), std::string::npos);
  EXPECT_NE(testing::read_text(folder.file("plot-other.svg")).find("other: forecasts 1 step (5m) ahead"), std::string::npos);
}

TEST(ForecastEvalPlot, says_what_it_cannot_show) {
  const testing::TestFolder folder;
  const std::string one = folder.write("one.csv", csv_of(made_series(150)));
  const auto plot = [&](const std::string& file, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"forecast", "eval", "--series", one, "--plot", file};
    words.insert(words.end(), more.begin(), more.end());
    return testing::run_headroom(words);
  };
  const auto horizon = plot(folder.file("a.svg"), {"--plot-horizon", "2"});
  EXPECT_EQ(horizon.code, 2);
  EXPECT_NE(horizon.err.find("--plot-horizon: one of those of --horizons"), std::string::npos) << horizon.err;
  EXPECT_EQ(plot(folder.file("a.svg"), {"--plot-last", "0s"}).code, 2);
  EXPECT_EQ(plot(folder.file("a.svg"), {"--plot-last", "day"}).code, 2);
  const auto nowhere = plot(folder.file("absent/a.svg"), {});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_NE(nowhere.err.find("--plot: there is no folder " + folder.file("absent")), std::string::npos) << nowhere.err;
}

}  // namespace
}  // namespace headroom
