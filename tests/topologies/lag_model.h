#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

// One partition with a producer and a consumer group, second by second, as a lag source would see it: for cases of lag_watch.
namespace headroom::testing {

class LagModel {
 public:
  explicit LagModel(int64_t start_ms) : start_ms_(start_ms), now_ms_(start_ms) {}

  // What is so from here on; tests/topologies/README.md has the words.
  void set(const std::string& name, const std::string& value) {
    if (name == "burst") return produce(std::stoll(value), true);
    if (name == "markers") return produce(std::stoll(value), false);
    if (name == "commit_at") return void(committed_ = position_ = std::stoll(value));
    if (name == "rewind_by") return void(committed_ = position_ = std::max<int64_t>(0, position_ - std::stoll(value)));
    if (name == "delete_to") return void(log_start_ = value == "end" ? end_ : std::stoll(value));
    if (name == "made_anew") return make_anew(value);
    settings_[name] = value;
  }

  // Until the second before `time_ms` is over.
  void run_to(int64_t time_ms) {
    for (; now_ms_ < time_ms; now_ms_ += 1000) second();
  }

  // As the source sees it a moment before `now`; none when it does not look, or not at this partition.
  std::optional<std::string> sample(uint64_t seq) const {
    if (is("sampled", "no")) return std::nullopt;
    nlohmann::json out = {{"cluster", "prod"},
                          {"group", "payments"},
                          {"topic", "orders"},
                          {"partition", 0},
                          {"observed_ms", now_ms_ - 100 + source_skew_ms()},
                          {"source", text("source", "lag-0")},
                          {"seq", seq},
                          {"labels", {{"env", "production"}, {"view", "site"}}}};
    if (!is("available", "no")) add_offsets(out);
    add_group(out);
    return out.dump();
  }
  std::optional<std::string> tick(uint64_t seq, int64_t interval_ms) const {
    if (is("ticks", "no")) return std::nullopt;
    const nlohmann::json out = {
        {"tick_ms", now_ms_ + source_skew_ms()}, {"source", text("source", "lag-0")}, {"interval_ms", interval_ms}, {"seq", seq}};
    return out.dump();
  }
  int64_t now_ms() const { return now_ms_; }
  int64_t end_offset() const { return end_; }

  // Every commit, as a reader of the offsets topic sees them: one that hangs makes none, even of the same offset.
  struct Commit {
    int64_t time_ms;
    int64_t offset;
  };
  const std::vector<Commit>& commits() const { return commits_; }

 private:
  // Records of one second, with the stamp of its middle.
  struct Segment {
    int64_t first_offset;
    int64_t stamp_ms;
    bool data;
  };

  bool is(const std::string& name, const std::string& value) const { return text(name, "") == value; }
  std::string text(const std::string& name, const std::string& otherwise) const {
    const auto at = settings_.find(name);
    return at == settings_.end() ? otherwise : at->second;
  }
  double number(const std::string& name, double otherwise) const {
    const auto at = settings_.find(name);
    return at == settings_.end() ? otherwise : std::stod(at->second);
  }
  int64_t source_skew_ms() const { return static_cast<int64_t>(number("source_skew_s", 0) * 1000); }

  void produce(int64_t records, bool data) {
    if (records <= 0) return;
    log_.push_back({end_, now_ms_ + 500 + static_cast<int64_t>(number("stamp_skew_s", 0) * 1000), data});
    end_ += records;
  }

  void make_anew(const std::string& topic_id) {
    log_.clear();
    end_ = log_start_ = committed_ = position_ = 0;
    settings_["topic_id"] = topic_id;
  }

  void second() {
    produced_ += number("produce", 0);
    const auto records = static_cast<int64_t>(produced_);
    produced_ -= static_cast<double>(records);
    produce(records, true);
    const int64_t seconds = (now_ms_ - start_ms_) / 1000 + 1;
    const auto every = static_cast<int64_t>(number("produce_every_s", 0));
    if (every > 0 && seconds % every == 0) produce(1, true);
    consumed_ += number("consume", 1e6);
    const auto wanted = static_cast<int64_t>(consumed_);
    consumed_ -= static_cast<double>(wanted);
    const int64_t readable = end_ - static_cast<int64_t>(number("open_transaction", 0));
    if (wanted > 0 && position_ < readable) position_ = std::max(position_, log_start_) + std::min(wanted, readable - position_);
    position_ = std::min(position_, readable);
    const auto commit = static_cast<int64_t>(number("commit_s", 5));
    if (commit > 0 && seconds % commit == 0) {
      committed_ = after_data(position_);
      if (number("consume", 1e6) > 0 && !is("committed", "none")) commits_.push_back({now_ms_ + 1000, committed_});
    }
  }

  // A consumer commits the offset behind the last data record that it has read: markers behind it do not count.
  int64_t after_data(int64_t offset) const {
    for (auto at = log_.rbegin(); at != log_.rend() && at->first_offset > committed_ && !at->data; ++at)
      offset = std::min(offset, at->first_offset);
    return std::max(offset, committed_);
  }

  // The segment that holds the offset.
  std::vector<Segment>::const_iterator segment_of(int64_t offset) const {
    return std::prev(std::upper_bound(log_.begin(), log_.end(), offset, [](int64_t o, const Segment& s) { return o < s.first_offset; }));
  }
  // Stamp of the last data record before the offset that is still there.
  std::optional<int64_t> time_before(int64_t offset) const {
    if (log_.empty() || offset <= log_start_) return std::nullopt;
    for (auto at = segment_of(offset - 1);; --at) {
      if (at->data) return at->stamp_ms;
      if (at == log_.begin()) return std::nullopt;
    }
  }
  // Stamp of the first data record from the offset on, before `end`.
  std::optional<int64_t> time_from(int64_t offset, int64_t end) const {
    offset = std::max(offset, log_start_);
    if (log_.empty() || offset >= end) return std::nullopt;
    for (auto at = segment_of(offset); at != log_.end() && at->first_offset < end; ++at)
      if (at->data) return at->stamp_ms;
    return std::nullopt;
  }

  void add_offsets(nlohmann::json& out) const {
    const int64_t stable = end_ - static_cast<int64_t>(number("open_transaction", 0));
    out["log_start_offset"] = log_start_;
    out["end_offset"] = end_;
    out["last_stable_offset"] = stable;
    out["quality"] = text("quality", "exact");
    const auto put = [&](const char* name, std::optional<int64_t> value) {
      if (value) out[name] = *value;
    };
    put("end_time_ms", time_before(stable));
    if (is("committed", "none")) return;
    out["committed_offset"] = committed_;
    put("consumed_time_ms", time_before(committed_));
    put("unread_time_ms", time_from(committed_, stable));
    if (committed_ < log_start_) out["lost_records"] = log_start_ - committed_;
  }

  void add_group(nlohmann::json& out) const {
    if (!is("members", "unknown")) {
      out["members"] = static_cast<int>(number("members", 4));
      out["group_state"] = text("state", number("members", 4) == 0 ? "Empty" : "Stable");
      out["assigned"] = !is("assigned", "no") && number("members", 4) > 0;
    }
    if (settings_.contains("topic_id")) out["topic_id"] = settings_.at("topic_id");
    if (number("retention_s", 0) > 0) out["retention_ms"] = static_cast<int64_t>(number("retention_s", 0) * 1000);
    if (number("retention_bytes", 0) > 0) out["retention_bytes"] = static_cast<int64_t>(number("retention_bytes", 0));
  }

  const int64_t start_ms_;
  int64_t now_ms_;
  std::map<std::string, std::string> settings_;
  std::vector<Segment> log_;
  std::vector<Commit> commits_;
  int64_t end_ = 0;
  int64_t log_start_ = 0;
  int64_t position_ = 0;
  int64_t committed_ = 0;
  double produced_ = 0;
  double consumed_ = 0;
};

}  // namespace headroom::testing
