#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cli/demo_board.h"
#include "cli/demo_fleet.h"
#include "cli/demo_proof.h"
#include "cli/demo_show.h"
#include "cli/demo_stage.h"
#include "kafka/sample_producer.h"
#include "kafka/topic_tail.h"

namespace headroom::demo {

struct RunOptions {
  double seconds = 0;  // of the fleet's life by the clock; 0: until a signal comes
  int workers = 2;
  int containers = 40;
  uint64_t seed = 1;
  bool plain = false;  // lines, even on a terminal
};

// What came of it. Everything in it was looked up in the topics or said by the workers themselves.
struct Outcome {
  Findings actions;
  Findings rejected;
  uint64_t records = 0;
  uint64_t broken = 0;
  int kills = 0;
  int takeovers = 0;
  double slowest_takeover_seconds = 0;
  FleetTotals before;
  FleetTotals after;
  std::string verification;  // what `headroom verify --oracle` printed
  bool verified = false;     // and whether it found all in order
  std::string trouble;       // what went wrong beside the findings; empty: nothing

  bool clean() const {
    return trouble.empty() && verified && actions.clean() && rejected.clean() && takeovers == kills && actions.found > 0;
  }
};

// A fleet, its workers, a death now and then, and the proof. One thread, which must have blocked SIGINT, SIGTERM and SIGHUP before the
// process made any other: the first of them ends the fleet, the second everything.
class Run {
 public:
  Run(Stage& stage, const RunOptions& options);

  // Not ok: something outside failed, so that nothing can be said.
  Result<Outcome> play();

 private:
  using Clock = std::chrono::steady_clock;
  // Of a worker that was killed and whose lanes nobody has yet.
  struct Death {
    std::string slot;
    Clock::time_point at;
  };

  Status open();
  Status gather();
  Status perform();
  Status finish();
  // Waits up to `wait_ms` for a signal and takes all that has come meanwhile.
  Status turn(int wait_ms);
  void live();
  void follow_script();
  void kill_a_worker();
  void revive();
  void watch_takeover();
  void take_command(const TopicRecord& record);
  // Whether the workers have committed, and the proof has seen, all that was written.
  Result<bool> drained();
  Status stop_workers();
  // Until the proof has seen the output topics to their ends.
  Status read_to_end();
  void look_at_workers();
  size_t live_lanes() const;
  void note_trouble(const std::string& trouble);
  double age() const { return since(born_); }
  static double since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

  Stage& stage_;
  const RunOptions options_;
  Fleet fleet_;
  Proof proof_;
  Show show_;
  Board board_;
  Outcome outcome_;
  std::unique_ptr<SampleProducer> producer_;
  std::unique_ptr<TopicTail> input_;
  std::unique_ptr<TopicTail> actions_;
  std::unique_ptr<TopicTail> rejected_;
  const int64_t first_ms_;  // event time at which the fleet begins
  Clock::time_point born_;  // and the clock's
  Clock::time_point looked_;
  bool living_ = false;
  bool stop_ = false;
  bool abandoned_ = false;
  std::optional<Death> death_;
  std::optional<size_t> dead_;  // the worker to be started again
  double next_kill_ = 0;        // by the fleet's age in seconds
  size_t victim_ = 0;
};

}  // namespace headroom::demo
