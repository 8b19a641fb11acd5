#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "redis/lane_keys.h"
#include "redis/redis_connection.h"

namespace headroom {

// One flip on its way: begin (sweeping left-overs first), stage, verify, commit, then sweep what it superseded. Each step is one script; a
// lost connection ends it with kUnavailable, and what it had staged is swept by the lane's next flip.
class FlipRun : public std::enable_shared_from_this<FlipRun> {
 public:
  using Done = CheckpointStore::Done<Result<FlipOutcome>>;

  // `done`: the outcome. `ended`: the sweep is over too, and the lane's next flip may begin. Both are called once, in this order.
  FlipRun(RedisConnection& connection, const std::string& lane, Flip flip, Done done, std::function<void()> ended);
  void start();

 private:
  using OnWord = std::function<void(const std::string&)>;

  void run(std::string_view script, const std::vector<std::string_view>& arguments, OnWord on_word);
  void begin();
  void stage();
  void stage_chunk(size_t first_changed, size_t first_dropped);
  void staged();
  void verify(const std::string& cursor);
  void commit();
  void sweep(int key, const std::string& cursor, std::function<void()> then);
  void refuse(const std::string& word);
  void finish_and_sweep(FlipOutcome outcome, int key);
  void finish(Result<FlipOutcome> outcome);
  void end();

  RedisConnection& connection_;
  const LaneKeys keys_;
  const Flip flip_;
  const std::string epoch_;
  Done done_;
  std::function<void()> ended_;
  int begins_left_ = 8;
  size_t chunks_left_ = 0;
  std::string stage_refusal_;
};

}  // namespace headroom
