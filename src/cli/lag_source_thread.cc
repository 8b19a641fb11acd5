#include "cli/lag_source_thread.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/concat.h"
#include "base/log.h"
#include "cli/host_name.h"
#include "headroom/lag_codec.h"
#include "kafka/client.h"
#include "kafka/topics.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

constexpr int64_t kTopicMs = 60'000;
constexpr int64_t kReserveMs = 500;  // of an interval, for writing what was observed

// Samples that could not be written in an interval are worth nothing later.
KafkaConfig for_producing(KafkaConfig kafka, int64_t interval_ms) {
  kafka.producer_properties.insert({{"message.timeout.ms", std::to_string(std::max<int64_t>(interval_ms, 5000))}});
  return kafka;
}

void count(const LagSample& sample, LagSourceCycle& told) {
  ++told.samples;
  if (sample.quality == LagQuality::kExact) ++told.exact;
  if (sample.quality == LagQuality::kInterpolated) ++told.interpolated;
  if (sample.quality == LagQuality::kBracketed) ++told.bracketed;
  if (sample.quality == LagQuality::kUnknown) ++told.unknown;
}

}  // namespace

LagSourceThread::LagSourceThread(const Config& config)
    : kafka_(for_producing(config.kafka, config.lag_source.interval_ms)),
      config_(config.lag_source),
      cluster_(config_.cluster.empty() ? config.installation : config_.cluster),
      source_(config_.source.empty() ? host_name() : config_.source),
      book_(config_, cluster_, source_) {}

LagSourceThread::~LagSourceThread() {
  stop();
}

Status LagSourceThread::start() {
  auto observer = LagObserver::make(watched_cluster(kafka_, config_), config_);
  if (!observer) return observer.status();
  observer_ = std::move(*observer);
  thread_ = std::thread([this] { run(); });
  return Status::ok();
}

void LagSourceThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status LagSourceThread::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

Readiness LagSourceThread::readiness() const {
  const int64_t ticked_ms = ticked_ms_;
  if (ticked_ms != 0 && steady_ms() - ticked_ms <= 3 * config_.interval_ms + config_.interval_ms / 2) return {};
  const std::lock_guard lock(mutex_);
  return {{concat("the lag source ", ticked_ms == 0 ? "has not ticked yet" : "has not ticked for 3 intervals",
                  trouble_ ? "" : ": " + trouble_.message())},
          {}};
}

bool LagSourceThread::wait_until(int64_t at_ms) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, std::chrono::milliseconds(std::max<int64_t>(at_ms - steady_ms(), 0)), [this] { return stopping_; });
  return !stopping_;
}

void LagSourceThread::fail(const char* where, const Status& why) {
  metrics_.failure(where);
  log_warn("a cycle of the lag source failed; the next one tries again", {{"where", where}, {"why", why.message()}});
  const std::lock_guard lock(mutex_);
  trouble_ = why;
}

// A cycle that takes longer than the interval puts off the next one; none is made up for.
void LagSourceThread::run() {
  const SystemClock clock;
  log_info("watching", {{"cluster", cluster_}, {"source", source_}, {"topic", config_.topic}, {"interval_ms", config_.interval_ms}});
  int64_t next_ms = steady_ms();
  // Rises over restarts too, so that samples of this run are never taken for older ones of the same source.
  auto number = static_cast<uint64_t>(clock.wall_ms());
  while (wait_until(next_ms)) {
    next_ms = steady_ms() + config_.interval_ms;
    const Status status = cycle(number++);
    if (status || (status.code() != Code::kNotFound && status.code() != Code::kDenied && status.code() != Code::kInvalid)) continue;
    const std::lock_guard lock(mutex_);
    outcome_ = status;
    break;
  }
  producer_.reset();
  log_info("no longer watching", {{"source", source_}});
  ended_ = true;
}

// Final: kNotFound, kDenied and kInvalid about the lag topic itself.
Status LagSourceThread::cycle(uint64_t number) {
  const int64_t began_ms = steady_ms();
  if (const Status opened = open_topic(); !opened) {
    fail("producing", opened);
    return opened;
  }
  auto observed = observer_->observe(book_, number, SystemClock().wall_ms(),
                                     began_ms + std::max(config_.interval_ms - kReserveMs, config_.interval_ms / 2));
  if (!observed) {
    fail("observing", observed.status());
    // No samples: a tick all the same, so that what judges knows that time goes on.
    const int64_t now_ms = SystemClock().wall_ms();
    if (const Status status = tick(now_ms, number); !status) producer_.reset();
    return Status(Code::kUnavailable, observed.status().message());
  }
  LagSourceCycle told;
  if (const Status written = write(*observed, number, told); !written) {
    producer_.reset();
    fail("producing", written);
    return Status(Code::kUnavailable, written.message());
  }
  const int64_t took_ms = steady_ms() - began_ms;
  told.duration_seconds = static_cast<double>(took_ms) * 1e-3;
  told.staleness_seconds = static_cast<double>(SystemClock().wall_ms() - observed->observed_ms) * 1e-3;
  told.overrun = took_ms > config_.interval_ms;
  metrics_.cycle(told);
  ticked_ms_ = steady_ms();
  const std::lock_guard lock(mutex_);
  trouble_ = Status::ok();
  return Status::ok();
}

Status LagSourceThread::open_topic() {
  if (producer_ == nullptr) {
    auto producer = SampleProducer::open(kafka_, config_.topic);
    if (!producer) return producer.status();
    producer_ = std::move(*producer);
  }
  if (partitions_ > 0 && steady_ms() - partitions_read_ms_ < kTopicMs) return Status::ok();
  const std::string topics[] = {config_.topic};
  const auto described = describe_topics(kafka_, topics, 5000);
  if (!described) return partitions_ > 0 ? Status::ok() : described.status();
  partitions_read_ms_ = steady_ms();
  if (described->front().partitions == 0)
    return Status(Code::kNotFound, concat("the lag topic ", config_.topic, " does not exist: make it, or start with --create-topics"));
  partitions_ = described->front().partitions;
  return Status::ok();
}

Status LagSourceThread::write(const LagCycle& observed, uint64_t number, LagSourceCycle& told) {
  Status status;
  std::string value;
  book_.each_sample(number, observed.observed_ms, [&](const std::string& key, const LagSample& sample) {
    value.clear();
    append_lag_sample(sample, value);
    if (status) status = producer_->produce(key, value);
    count(sample, told);
  });
  book_.forget(observed.observed_ms, [&](const std::string& key, const LagForgotten& forgotten) {
    value.clear();
    append_lag_forgotten(forgotten, observed.observed_ms, value);
    if (status) status = producer_->produce(key, value);
    log_info("a group is forgotten", {{"group", forgotten.group}, {"reason", forgotten.reason}});
  });
  if (!status) return status;
  told.groups = static_cast<double>(observed.groups);
  told.denied_groups = static_cast<double>(observed.denied_groups);
  told.failed_groups = static_cast<double>(observed.failed_groups);
  told.partitions = static_cast<double>(observed.partitions);
  told.unavailable_partitions = static_cast<double>(observed.unavailable);
  told.requests = observed.requests;
  told.look_ups = observed.times.look_ups;
  told.reads = observed.times.reads;
  told.topics_made_anew = observed.times.made_anew;
  told.marked_partitions = observed.times.marked;
  told.tick_unix_seconds = static_cast<double>(observed.observed_ms) * 1e-3;
  return tick(observed.observed_ms, number);
}

// To every partition, behind the samples of the cycle: the producer is idempotent, so it keeps their order.
Status LagSourceThread::tick(int64_t tick_ms, uint64_t number) {
  LagTick made;
  made.source = source_;
  made.tick_ms = tick_ms;
  made.interval_ms = config_.interval_ms;
  made.seq = number;
  std::string value;
  append_lag_tick(made, value);
  for (int partition = 0; partition < partitions_; ++partition)
    if (Status status = producer_->produce({}, value, -1, partition); !status) return status;
  return producer_->flush(static_cast<int>(std::max<int64_t>(config_.interval_ms, 5000)));
}

}  // namespace headroom
