#include "cli/demo_fleet.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/concat.h"
#include "base/quantity_text.h"

namespace headroom::demo {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kReportMs = 5 * kMinuteMs;  // reservations are told so often, and when they change
constexpr double kMeanMinutes = 60;
constexpr double kCore = 1e6;
constexpr double kGibi = 1024.0 * 1024 * 1024;
constexpr int64_t kLeastCpuMicro = 10'000;
constexpr int64_t kLeastMemoryBytes = 16 << 20;
constexpr double kLoadChangesAMinute = 1.0 / 240;
constexpr uint64_t kBrokenEvery = 397;

struct Team {
  std::string_view space;
  std::array<std::string_view, 5> apps;
};
constexpr std::array<Team, 5> kTeams = {{
    {"checkout", {"cart", "basket-api", "payments", "vouchers", "receipts"}},
    {"search", {"query", "indexer", "ranker", "suggest", "crawler"}},
    {"ads", {"bidder", "budget", "impressions", "clicks", "reports"}},
    {"accounts", {"login", "sessions", "profiles", "mailer", "audit"}},
    {"media", {"thumbs", "encoder", "uploads", "cdn-sync", "captions"}},
}};
constexpr std::array<Temper, 8> kTempers = {Temper::kOverReserved, Temper::kWellSized,    Temper::kUnderReserved, Temper::kOverReserved,
                                            Temper::kWaves,        Temper::kOverReserved, Temper::kLeaking,       Temper::kWellSized};

void append_sample(std::string& out, const Container& c, std::string_view metric, int64_t time_ms, double value) {
  char number[32];
  const auto end = std::to_chars(number, number + sizeof number, value).ptr;
  out += out.empty() ? "[" : ",";
  out += concat(R"({"target":")", c.target, R"(","metric":")", metric, R"(","time_ms":)", std::to_string(time_ms), R"(,"value":)",
                std::string_view(number, static_cast<size_t>(end - number)), R"(,"labels":)", c.labels, "}");
}

}  // namespace

std::string_view temper_name(Temper temper) {
  switch (temper) {
    case Temper::kOverReserved:
      return "over";
    case Temper::kUnderReserved:
      return "under";
    case Temper::kLeaking:
      return "leaks";
    case Temper::kWaves:
      return "waves";
    case Temper::kWellSized:
      return "sized";
  }
  return "";
}

Fleet::Fleet(int containers, uint64_t seed, int64_t start_ms) : random_(seed * 0x9e3779b97f4a7c15 | 1), time_ms_(start_ms) {
  for (int i = 0; i < containers; ++i) {
    containers_.push_back(make_container(i));
    containers_.back().next_ms_ = start_ms + i * kMinuteMs / containers;
  }
}

Container Fleet::make_container(int number) {
  const Team& team = kTeams[static_cast<size_t>(number) % kTeams.size()];
  const size_t app = static_cast<size_t>(number) / kTeams.size() % team.apps.size();
  const size_t copy = static_cast<size_t>(number) / (kTeams.size() * team.apps.size());
  Container c;
  c.name = copy == 0 ? std::string(team.apps[app]) : concat(team.apps[app], "-", std::to_string(copy + 1));
  c.target = concat("demo/", team.space, "/Deployment/", c.name);
  c.labels = concat(R"({"container":"app","instance":")", c.name, R"(-0","host":"node-)", std::to_string(number % 7),
                    R"(","env":"production","instance_type":"c5.xlarge","zone":"demo-1)", number % 2 == 0 ? "a" : "b", R"("})");
  c.temper = kTempers[static_cast<size_t>(number) % kTempers.size()];
  c.cpu_usual_micro_ = c.cpu_need_micro_ = kCore * std::exp(between(std::log(0.3), std::log(3.0)));
  c.memory_usual_bytes_ = c.memory_need_bytes_ = kGibi * std::exp(between(std::log(0.4), std::log(4.0)));
  double cpu = c.cpu_need_micro_ + 0.25 * kCore;
  double memory = c.memory_need_bytes_ * 1.25;
  if (c.temper == Temper::kOverReserved) cpu = c.cpu_need_micro_ * between(2, 5) + kCore, memory = c.memory_need_bytes_ * between(2, 4);
  if (c.temper == Temper::kUnderReserved) cpu = c.cpu_need_micro_ * between(0.3, 0.7), memory = c.memory_need_bytes_ * 1.02;
  c.cpu_reserved_micro = std::max<int64_t>(std::llround(cpu / 1e5), 1) * 100'000;
  c.memory_reserved_bytes = std::llround(memory / (64 << 20)) * (64 << 20);
  c.cpu_mean_micro = c.cpu_need_micro_;
  c.memory_mean_bytes = c.memory_need_bytes_;
  c.cpu_used_micro = std::llround(c.cpu_need_micro_);
  c.memory_used_bytes = std::llround(c.memory_need_bytes_);
  return c;
}

void Fleet::live_until(int64_t time_ms, const Emit& emit) {
  while (true) {
    const auto next = std::min_element(containers_.begin(), containers_.end(), [](auto& a, auto& b) { return a.next_ms_ < b.next_ms_; });
    if (next == containers_.end() || next->next_ms_ > time_ms) break;
    time_ms_ = next->next_ms_;
    sample(*next, emit);
    next->next_ms_ += kMinuteMs;
  }
  time_ms_ = std::max(time_ms_, time_ms);
}

void Fleet::sample(Container& c, const Emit& emit) {
  change_load(c);
  use(c);
  std::string record = record_of(c);
  if (++records_ % kBrokenEvery == 0) {
    ++broken_;
    record = broken_record(record);
  }
  emit(c.target, record);
}

void Fleet::change_load(Container& c) {
  if (between(0, 1) > kLoadChangesAMinute) return;
  c.cpu_need_micro_ = c.cpu_usual_micro_ * between(0.5, 1.7);
  c.memory_need_bytes_ = c.memory_usual_bytes_ * between(0.6, 1.5);
}

void Fleet::use(Container& c) {
  double cpu = c.cpu_need_micro_ * between(0.85, 1.15);
  if (c.temper == Temper::kWaves) cpu *= 1 + 0.7 * std::sin(static_cast<double>(time_ms_) / (3.0 * 3'600'000) * 2 * M_PI);
  c.cpu_used_micro = std::max(std::llround(cpu), 1LL);
  if (c.temper == Temper::kLeaking) leak(c);
  c.memory_used_bytes = std::max(std::llround(c.memory_need_bytes_ * between(0.97, 1.03) + c.leaked_bytes_), 1LL);
  // What needs more than it may have is killed and begins anew.
  if (c.memory_used_bytes > c.memory_reserved_bytes) {
    ++c.oom_kills;
    c.leaked_bytes_ = 0;
    c.memory_used_bytes = std::min(c.memory_used_bytes, c.memory_reserved_bytes);
  }
  c.cpu_mean_micro += (static_cast<double>(c.cpu_used_micro) - c.cpu_mean_micro) / kMeanMinutes;
  c.memory_mean_bytes += (static_cast<double>(c.memory_used_bytes) - c.memory_mean_bytes) / kMeanMinutes;
}

// Somebody restarts it when it has grown to three times its size.
void Fleet::leak(Container& c) {
  c.leaked_bytes_ += c.memory_need_bytes_ * 0.012;
  if (c.leaked_bytes_ > 2 * c.memory_need_bytes_) c.leaked_bytes_ = 0;
}

std::string Fleet::record_of(Container& c) {
  std::string record;
  if (time_ms_ - c.reported_ms_ >= kReportMs) {
    append_sample(record, c, "cpu_reserved_cores", time_ms_, static_cast<double>(c.cpu_reserved_micro) / kCore);
    append_sample(record, c, "memory_reserved_bytes", time_ms_, static_cast<double>(c.memory_reserved_bytes));
    c.reported_ms_ = time_ms_;
    samples_ += 2;
  }
  append_sample(record, c, "cpu_used_cores", time_ms_, static_cast<double>(c.cpu_used_micro) / kCore);
  append_sample(record, c, "memory_used_bytes", time_ms_, static_cast<double>(c.memory_used_bytes));
  append_sample(record, c, "oom_kills", time_ms_, static_cast<double>(c.oom_kills));
  samples_ += 3;
  return record + "]";
}

// As producers break them: cut off, a NaN among good samples, a string for a number, a reservation below zero.
std::string Fleet::broken_record(const std::string& record) {
  switch (random() % 4) {
    case 0:
      return record.substr(0, record.size() / 2);
    case 1:
      return concat(record.substr(0, record.size() - 1), R"(,{"target":"demo/x/Deployment/y","metric":"cpu_used_cores","time_ms":)",
                    std::to_string(time_ms_), R"(,"value":NaN}])");
    case 2:
      return R"([{"target":"demo/x/Deployment/y","metric":"cpu_used_cores","time_ms":"yesterday","value":1}])";
    default:
      return concat(R"([{"target":"demo/x/Deployment/y","metric":"cpu_reserved_cores","time_ms":)", std::to_string(time_ms_),
                    R"(,"value":-1}])");
  }
}

bool Fleet::heed(const ActionSummary& command) {
  const auto c = std::find_if(containers_.begin(), containers_.end(), [&](auto& one) { return one.target == command.partitionkey; });
  if (c == containers_.end()) return false;
  const bool cpu = command.resource == "cpu";
  int64_t& reserved = cpu ? c->cpu_reserved_micro : c->memory_reserved_bytes;
  const auto text = [&](int64_t value) {
    char number[48];
    if (cpu)
      std::snprintf(number, sizeof number, "%.2f", static_cast<double>(value) / kCore);
    else
      std::snprintf(number, sizeof number, "%.2f GiB", static_cast<double>(value) / kGibi);
    return std::string(number);
  };
  c->last_command = concat(cpu ? "cpu " : "mem ", text(reserved), " -> ", text(command.desired));
  if (reserved != command.desired) ++c->heeded;
  reserved = std::max(command.desired, cpu ? kLeastCpuMicro : kLeastMemoryBytes);
  c->reported_ms_ = 0;
  return true;
}

FleetTotals Fleet::totals() const {
  FleetTotals totals;
  for (const auto& c : containers_) {
    totals.cpu_reserved_cores += static_cast<double>(c.cpu_reserved_micro) / kCore;
    totals.cpu_used_cores += static_cast<double>(c.cpu_used_micro) / kCore;
    totals.memory_reserved_bytes += static_cast<double>(c.memory_reserved_bytes);
    totals.memory_used_bytes += static_cast<double>(c.memory_used_bytes);
  }
  return totals;
}

uint64_t Fleet::random() {
  random_ ^= random_ << 13, random_ ^= random_ >> 7, random_ ^= random_ << 17;
  return random_;
}

double Fleet::between(double least, double most) {
  return least + (most - least) * static_cast<double>(random() >> 11) / static_cast<double>(1ULL << 53);
}

}  // namespace headroom::demo
