#include "cli/demo_run.h"

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/concat.h"

namespace headroom::demo {
namespace {

constexpr double kSpeed = 240;  // of event time: a minute in a quarter of a second
constexpr int64_t kDayMs = 24 * 3'600'000;
// The fleet begins so long ago that event time reaches the present only after a day and a half; then it goes at the clock's pace.
constexpr int64_t kPastMs = 365 * kDayMs;
constexpr int64_t kHistoryMs = 28 * 60'000;  // written at once: nothing is decided before half an hour is known
constexpr double kFirstKill = 10;
constexpr double kKillEvery = 60;
constexpr double kReviveAfter = 20;
constexpr double kPatience = 90;  // seconds: for workers to come up, take over, or finish
constexpr int kTurnMs = 25;
constexpr size_t kRecent = 12;

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

int64_t sum(const std::vector<Offset>& positions) {
  int64_t all = 0;
  for (const Offset position : positions) all += position;
  return all;
}

}  // namespace

Run::Run(Stage& stage, const RunOptions& options)
    : stage_(stage),
      options_(options),
      fleet_(options.containers, options.seed, wall_ms() - kPastMs),
      proof_(stage.topology(), stage.config().installation),
      show_(options.plain, stage.folder().file("demo.log")),
      first_ms_(fleet_.time_ms()) {
  board_.speed = kSpeed;
  board_.containers = &fleet_.containers();
  board_.footer = {concat("broker ", stage.config().kafka.brokers, "   logs and configuration in ", stage.folder().path()),
                   concat("kcat -C -q -b ", stage.config().kafka.brokers, " -t ", stage.action_topic(), R"( -f '%k %s\n')"), ""};
}

Result<Outcome> Run::play() {
  for (const auto step : {&Run::open, &Run::gather, &Run::perform, &Run::finish}) {
    const Status status = (this->*step)();
    if (abandoned_) return Status(Code::kAborted, "ended by a second signal; nothing was checked");
    if (!status) return status;
  }
  show_.close();
  return outcome_;
}

Status Run::open() {
  const KafkaConfig& kafka = stage_.config().kafka;
  auto producer = SampleProducer::open(kafka, stage_.topology().source_topic());
  if (!producer) return producer.status();
  producer_ = std::move(*producer);
  const std::pair<std::unique_ptr<TopicTail>*, std::string> tails[] = {
      {&input_, stage_.topology().source_topic()}, {&actions_, stage_.action_topic()}, {&rejected_, stage_.config().rejected_topic}};
  for (const auto& [tail, topic] : tails) {
    auto opened = TopicTail::open(kafka, topic, 10'000);
    if (!opened) return opened.status();
    *tail = std::move(*opened);
  }
  show_.say(concat("Kafka embedded at ", kafka.brokers, ", Redis at ", stage_.config().redis.url));
  show_.say(concat("commands can be read with: ", board_.footer[1]));
  return stage_.start_workers();
}

// Until the workers have all lanes.
Status Run::gather() {
  show_.say(concat("starting ", std::to_string(stage_.workers().size()), " workers; their group forms within some seconds"));
  const auto began = Clock::now();
  while (live_lanes() < kPartitions && !stop_) {
    if (Status status = turn(kTurnMs); !status) return status;
    for (const auto& worker : stage_.workers())
      if (!worker.view().running) return Status(Code::kInternal, concat(worker.view().slot, " ended; see ", worker.log_file()));
    if (since(began) > kPatience) return Status(Code::kTimeout, concat("the workers do not get their lanes; see ", stage_.folder().path()));
  }
  std::string addresses = "metrics:";
  for (const auto& worker : stage_.workers()) {
    if (!worker.view().address.empty()) addresses += concat("  http://", worker.view().address, "/metrics");
    if (!worker.view().address.empty()) show_.say(concat(worker.view().slot, ": http://", worker.view().address, "/metrics"));
  }
  board_.footer[2] = addresses;
  return Status::ok();
}

Status Run::perform() {
  born_ = Clock::now();
  living_ = true;
  next_kill_ = options_.seconds > 0 ? std::min(kFirstKill, options_.seconds / 2) : kFirstKill;
  outcome_.before = board_.before = fleet_.totals();
  show_.say(concat(std::to_string(options_.containers), " containers write samples; a minute of theirs in a quarter of a second"));
  const auto over = [this] { return options_.seconds > 0 && age() >= options_.seconds && !death_; };
  while (!stop_ && !over()) {
    if (Status status = turn(kTurnMs); !status) return status;
    follow_script();
    if (death_ && since(death_->at) > kPatience) {
      note_trouble(concat("nobody took over the lanes of ", death_->slot));
      break;
    }
  }
  return Status::ok();
}

Status Run::turn(int wait_ms) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  const timespec wait = {.tv_sec = 0, .tv_nsec = wait_ms * 1'000'000L};
  if (sigtimedwait(&signals, nullptr, &wait) > 0) {
    if (stop_) abandoned_ = true;
    stop_ = true;
  }
  if (abandoned_) return Status(Code::kAborted, "a second signal");
  if (living_) live();
  const auto input = input_->poll(0, [this](const TopicRecord& record) { proof_.take_input(record); });
  if (!input) return input.status();
  const auto actions = actions_->poll(0, [this](const TopicRecord& record) { take_command(record); });
  if (!actions) return actions.status();
  const auto rejected = rejected_->poll(0, [this](const TopicRecord& record) { proof_.take_output(record); });
  if (!rejected) return rejected.status();
  if (since(looked_) > 0.25) look_at_workers();
  board_.seconds = living_ ? age() : board_.seconds;
  board_.time_ms = fleet_.time_ms();
  board_.now = fleet_.totals();
  board_.broken = fleet_.broken_records();
  show_.show(board_);
  return Status::ok();
}

void Run::live() {
  const auto lived = static_cast<int64_t>(age() * kSpeed * 1000);
  fleet_.live_until(std::min(first_ms_ + kHistoryMs + lived, wall_ms()), [this](std::string_view key, std::string_view value) {
    ++board_.records;
    if (Status status = producer_->produce(key, value); !status) note_trouble(status.message());
  });
}

void Run::take_command(const TopicRecord& record) {
  if (!proof_.take_output(record)) {
    const Findings now = proof_.findings_in(stage_.action_topic());
    board_.repeated = now.repeated;
    board_.wrong = now.doubled + now.foreign;
    return;
  }
  ++board_.commands;
  const auto command = parse_action(record.value);
  if (!command) return note_trouble(concat("a command that cannot be read: ", command.status().message()));
  fleet_.heed(*command);
  const auto heeding = std::find_if(board_.containers->begin(), board_.containers->end(),
                                    [&](const Container& one) { return one.target == command->partitionkey; });
  if (heeding == board_.containers->end()) return;
  const std::string line = concat(command->subject, ": ", heeding->last_command, "  ", command->code, "  (", command->lane, " #",
                                  std::to_string(command->sequence), ")");
  board_.recent.push_front(line);
  if (board_.recent.size() > kRecent) board_.recent.pop_back();
  show_.mention(line);
}

void Run::follow_script() {
  if (death_) watch_takeover();
  if (!death_ && dead_ && age() > next_kill_ - kKillEvery + kReviveAfter) revive();
  if (!death_ && !dead_ && age() >= next_kill_ && live_lanes() == kPartitions) kill_a_worker();
}

void Run::kill_a_worker() {
  const size_t workers = stage_.workers().size();
  if (workers < 2) return;
  auto& worker = stage_.workers()[victim_ % workers];
  dead_ = victim_++ % workers;
  const pid_t pid = worker.view().pid;
  worker.kill();
  death_ = {worker.view().slot, Clock::now()};
  next_kill_ = age() + kKillEvery;
  ++outcome_.kills;
  show_.say(concat("killed ", worker.view().slot, " (process ", std::to_string(pid), ") with SIGKILL; the others have to notice"));
}

void Run::watch_takeover() {
  if (live_lanes() < kPartitions) return;
  const double seconds = since(death_->at);
  ++outcome_.takeovers;
  outcome_.slowest_takeover_seconds = std::max(outcome_.slowest_takeover_seconds, seconds);
  char text[64];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  show_.say(concat("the lanes of ", death_->slot, " have been taken over ", text, " after its death"));
  death_.reset();
}

void Run::revive() {
  auto& worker = stage_.workers()[*dead_];
  dead_.reset();
  if (Status status = worker.start(); !status) return note_trouble(status.message());
  show_.say(concat("started ", worker.view().slot, " again"));
}

Status Run::finish() {
  living_ = false;
  show_.say("the fleet has stopped; waiting until everything is committed, then checking");
  if (Status status = producer_->flush(10'000); !status) return status;
  const auto began = Clock::now();
  for (;;) {
    const auto done = drained();
    if (!done) return done.status();
    if (*done && !death_) break;
    if (since(began) > kPatience) {
      note_trouble("the workers did not commit all that was written");
      break;
    }
    if (Status status = turn(kTurnMs); !status) return status;
    if (death_) watch_takeover();
  }
  if (Status status = stop_workers(); !status) return status;
  if (Status status = read_to_end(); !status) return status;
  auto verdict = stage_.verify();
  if (!verdict) return verdict.status();
  outcome_.verification = std::move(verdict->text);
  outcome_.verified = verdict->exit_code == 0;
  outcome_.actions = proof_.findings_in(stage_.action_topic());
  outcome_.rejected = proof_.findings_in(stage_.config().rejected_topic);
  outcome_.records = board_.records;
  outcome_.broken = fleet_.broken_records();
  outcome_.after = fleet_.totals();
  return Status::ok();
}

Result<bool> Run::drained() {
  const auto bounds = topic_bounds(stage_.config().kafka, stage_.topology().source_topic(), 10'000);
  if (!bounds) return bounds.status();
  look_at_workers();
  for (const auto& [partition, start, end] : *bounds) {
    if (input_->positions().at(static_cast<size_t>(partition)) < end) return false;
    const std::string name = concat(kTopology, "/", std::to_string(partition));
    int64_t committed = 0;
    for (const auto& worker : stage_.workers())
      for (const auto& lane : worker.view().lanes)
        if (lane.lane.ends_with(name)) committed = std::max(committed, lane.committed);
    if (committed < end) return false;
  }
  return true;
}

Status Run::stop_workers() {
  for (auto& worker : stage_.workers()) worker.request_stop();
  for (auto& worker : stage_.workers()) {
    if (worker.view().killed) continue;
    const auto began = Clock::now();
    std::optional<int> code;
    while (!(code = worker.wait(0)) && since(began) < kPatience)
      if (Status status = turn(kTurnMs); !status) return status;
    if (code != 0)
      note_trouble(concat(worker.view().slot, code ? " ended with exit code " + std::to_string(*code) : std::string(" does not stop"),
                          "; see ", worker.log_file()));
  }
  return Status::ok();
}

Status Run::read_to_end() {
  const std::pair<TopicTail*, std::string> tails[] = {{actions_.get(), stage_.action_topic()},
                                                      {rejected_.get(), stage_.config().rejected_topic}};
  const auto began = Clock::now();
  for (const auto& [tail, topic] : tails) {
    const auto bounds = topic_bounds(stage_.config().kafka, topic, 10'000);
    if (!bounds) return bounds.status();
    std::vector<Offset> ends;
    for (const auto& one : *bounds) ends.push_back(one.end);
    while (sum(tail->positions()) < sum(ends)) {
      if (Status status = turn(kTurnMs); !status) return status;
      if (since(began) > kPatience) return Status(Code::kTimeout, concat(topic, " cannot be read to its end"));
    }
  }
  return Status::ok();
}

void Run::look_at_workers() {
  looked_ = Clock::now();
  board_.workers.clear();
  for (auto& worker : stage_.workers()) {
    const WorkerView& view = worker.look();
    if (!view.running && !view.killed && living_) note_trouble(concat(view.slot, " ended by itself; see ", worker.log_file()));
    board_.workers.push_back(view);
  }
}

size_t Run::live_lanes() const {
  std::set<std::string> lanes;
  for (const auto& worker : stage_.workers())
    for (const auto& lane : worker.view().lanes)
      if (worker.view().running && lane.phase == "live") lanes.insert(lane.lane);
  return lanes.size();
}

// The first is the one to tell: what follows mostly follows from it.
void Run::note_trouble(const std::string& trouble) {
  if (!outcome_.trouble.empty()) return;
  outcome_.trouble = trouble;
  show_.say(trouble);
}

}  // namespace headroom::demo
