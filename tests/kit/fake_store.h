#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"

namespace headroom::kit {

// What a Redis would hold, as plain data: shared by the FakeStores of several workers. Copy it to remember a moment, assign it back to lose
// what came after (a failover that lost the tail). Pages that no manifest has made permanent die when `now_ms` reaches their time.
struct FakeRedis {
  struct Page {
    std::string bytes;
    std::optional<int64_t> dies_ms;
  };
  struct Lane {
    std::optional<Manifest> manifest;
    std::map<std::string, Page> pages;
    std::optional<AttemptMark> mark;
    std::set<Offset> skips;
  };
  std::map<std::string, Lane> lanes;
  int64_t now_ms = 0;

  void flush() { lanes.clear(); }
  void evict_page(const std::string& lane, const std::string& name) { lanes[lane].pages.erase(name); }
  void evict_manifest(const std::string& lane) { lanes[lane].manifest.reset(); }

  bool has_page(const std::string& lane, const std::string& name) {
    auto& pages = lanes[lane].pages;
    const auto found = pages.find(name);
    if (found == pages.end()) return false;
    if (!found->second.dies_ms || *found->second.dies_ms > now_ms) return true;
    pages.erase(found);
    return false;
  }

  // The rules of CheckpointStore::flip, at one moment.
  FlipOutcome flip(const std::string& name, const Flip& flip) {
    Lane& lane = lanes[name];
    const auto& old = lane.manifest;
    if (old && old->epoch > flip.epoch) return FlipOutcome::kNewerEpoch;
    if (flip.expected_owner && (!old || old->owner != *flip.expected_owner)) return FlipOutcome::kOtherManifest;
    Manifest next{flip.owner, flip.epoch, flip.core, {}};
    if (flip.expected_owner) next.pages = old->pages;
    for (const auto& [id, page] : flip.changed) next.pages[id] = page;
    for (const PageId id : flip.dropped) next.pages.erase(id);
    for (const auto& [id, page] : next.pages) {
      if (!has_page(name, page)) return FlipOutcome::kPageMissing;
    }
    for (const auto& [id, page] : next.pages) lane.pages[page].dies_ms.reset();
    if (old) {
      for (const auto& [id, page] : old->pages) {
        const auto kept = next.pages.find(id);
        if (kept == next.pages.end() || kept->second != page) lane.pages.erase(page);
      }
    }
    lane.manifest = std::move(next);
    return FlipOutcome::kDone;
  }
};

// The port over a FakeRedis: same promises as over a real one, with faults at will. One thread.
class FakeStore : public CheckpointStore {
 public:
  // Waiting lets time pass by `pass_us`, if given.
  explicit FakeStore(FakeRedis& redis, std::function<void(int64_t)> pass_us = {}) : redis_(redis), pass_us_(std::move(pass_us)) {}

  // Answers come with the n-th poll after the request (1: the next one).
  void answer_after_polls(int polls) { delay_polls_ = polls; }
  // The connection breaks: what is pending is answered kUnavailable at the next poll; the oldest `took_effect` of it had reached the
  // server.
  void go_away(size_t took_effect = 0) {
    connected_ = false;
    for (Pending& pending : pending_) {
      if (took_effect == 0) break;
      --took_effect;
      pending.take_effect();
    }
  }
  // What is pending, oldest first, to take effect whenever the test calls it, this store alive or not: sent by a process that is gone by
  // the time a slow server reads it.
  std::deque<std::function<void()>> in_flight() const {
    std::deque<std::function<void()>> all;
    for (const Pending& pending : pending_) all.push_back(pending.take_effect);
    return all;
  }
  void come_back() { connected_ = true; }
  // Writes are refused with this code (kExhausted: out of memory, kDenied: ACL) until kOk.
  void refuse_writes(Code code) { *refuse_writes_ = code; }
  size_t requests() const { return requests_; }

  void poll() override {
    if (pending_.empty()) return;
    if (!connected_) {
      std::deque<Pending> broken;
      broken.swap(pending_);
      for (const Pending& pending : broken) pending_bytes_ -= pending.bytes;
      for (Pending& pending : broken) pending.answer(false);
      return;
    }
    size_t due = 0;
    for (Pending& pending : pending_) due += --pending.polls_left <= 0 && &pending == &pending_[due];
    for (; due > 0 && !pending_.empty(); --due) {
      const Pending pending = std::move(pending_.front());
      pending_.pop_front();
      pending_bytes_ -= pending.bytes;
      pending.take_effect();
      pending.answer(true);
    }
  }
  void wait(int timeout_ms) override {
    if (pass_us_) pass_us_(int64_t{timeout_ms} * 1000);
    poll();
  }
  bool connected() const override { return connected_; }
  std::string trouble() const override { return connected_ ? "" : "the fake store was told to be away"; }
  size_t pending_bytes() const override { return pending_bytes_; }

  void read_manifest(const std::string& lane, Done<Result<std::optional<Manifest>>> done) override {
    ask<Result<std::optional<Manifest>>>(64, std::move(done), [redis = &redis_, lane] { return redis->lanes[lane].manifest; });
  }
  void read_page(const std::string& lane, const std::string& name, Done<Result<std::string>> done) override {
    ask<Result<std::string>>(64, std::move(done), [redis = &redis_, lane, name]() -> Result<std::string> {
      if (!redis->has_page(lane, name)) return Status(Code::kNotFound, "the page is not in the store");
      return redis->lanes[lane].pages[name].bytes;
    });
  }
  void write_page(const std::string& lane, const std::string& name, std::string bytes, Done<Status> done) override {
    const size_t size = bytes.size() + 64;
    write<Status>(size, std::move(done), [redis = &redis_, lane, name, moved = std::move(bytes)] {
      redis->lanes[lane].pages[name] = {moved, redis->now_ms + 600'000};
      return Status::ok();
    });
  }
  void flip(const std::string& lane, Flip flip, Done<Result<FlipOutcome>> done) override {
    const size_t size = flip.core.size() + 64 * (flip.changed.size() + flip.dropped.size() + 1);
    write<Result<FlipOutcome>>(size, std::move(done),
                               [redis = &redis_, lane, moved = std::move(flip)] { return redis->flip(lane, moved); });
  }
  void read_mark(const std::string& lane, Done<Result<std::optional<AttemptMark>>> done) override {
    ask<Result<std::optional<AttemptMark>>>(64, std::move(done), [redis = &redis_, lane] { return redis->lanes[lane].mark; });
  }
  void write_mark(const std::string& lane, std::optional<AttemptMark> mark, Done<Status> done) override {
    write<Status>(64, std::move(done), [redis = &redis_, lane, mark] {
      redis->lanes[lane].mark = mark;
      return Status::ok();
    });
  }
  void read_skips(const std::string& lane, Done<Result<std::vector<Offset>>> done) override {
    ask<Result<std::vector<Offset>>>(64, std::move(done), [redis = &redis_, lane] {
      const auto& skips = redis->lanes[lane].skips;
      return std::vector<Offset>(skips.begin(), skips.end());
    });
  }
  void add_skip(const std::string& lane, Offset offset, Done<Status> done) override {
    write<Status>(64, std::move(done), [redis = &redis_, lane, offset] {
      redis->lanes[lane].skips.insert(offset);
      return Status::ok();
    });
  }

 private:
  struct Pending {
    size_t bytes;
    int polls_left;
    std::function<void()> take_effect;
    std::function<void(bool)> answer;
  };

  template <class T>
  void ask(size_t bytes, Done<T> done, std::function<T()> effect) {
    ++requests_;
    pending_bytes_ += bytes;
    auto result = std::make_shared<std::optional<T>>();
    pending_.push_back({bytes, delay_polls_,
                        [result, run = std::move(effect)] {
                          if (!*result) result->emplace(run());
                        },
                        [result, then = std::move(done)](bool alive) {
                          then(alive ? std::move(**result) : T(Status(Code::kUnavailable, "the fake store went away")));
                        }});
  }

  template <class T>
  void write(size_t bytes, Done<T> done, std::function<T()> effect) {
    ask<T>(bytes, std::move(done), [refusal = refuse_writes_, run = std::move(effect)]() -> T {
      if (*refusal != Code::kOk) return Status(*refusal, "the fake store was told to refuse writes");
      return run();
    });
  }

  FakeRedis& redis_;
  const std::function<void(int64_t)> pass_us_;
  std::deque<Pending> pending_;
  size_t pending_bytes_ = 0;
  size_t requests_ = 0;
  int delay_polls_ = 1;
  bool connected_ = true;
  std::shared_ptr<Code> refuse_writes_ = std::make_shared<Code>(Code::kOk);  // outlives this with what is in flight
};

}  // namespace headroom::kit
