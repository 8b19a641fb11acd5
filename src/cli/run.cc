#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>

#include "base/concat.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/time_text.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/host_name.h"
#include "cli/lag_metrics.h"
#include "cli/lag_source_thread.h"
#include "cli/lag_topic.h"
#include "cli/run_view.h"
#include "cli/spot_departure.h"
#include "kafka/kafka.h"
#include "kafka/topics.h"
#include "redis/redis_store.h"
#include "topologies/registry.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

struct RunOptions {
  ConfigOptions config;
  std::string slot;
  bool keep_slot = false;
  bool create_topics = false;
  bool rebuild = false;
};

constexpr int kTopicsMs = 10'000;
constexpr int64_t kLookMs = 500;
// Wakes the main thread; blocked as the others are, so that it waits for it.
constexpr int kSpotSignal = SIGUSR1;

std::string slot_of_host() {
  std::string slot = host_name();
  for (char& c : slot)
    if (!isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
  return slot;
}

// Fetched records and pages come and go by the megabyte. By its defaults glibc gives their memory back each time and takes it anew, page
// fault by page fault: a tenth of the CPU of a worker that catches up.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

// What lanes' outputs depend on beside their input: the binary, the chain and its settings.
uint64_t function_of(const LoadedConfig& loaded, const Topology& topology) {
  std::string text = concat(kVersion, "\n", topology.describe(), "\n");
  for (const auto& setting : effective_config(loaded, topology_declarations())) {
    const bool of_topology = setting.path.starts_with("topologies." + topology.name() + ".") && !setting.path.ends_with(".workers");
    if (of_topology || setting.path == "engine.max_keys" || setting.path == "engine.propose_only")
      text += concat(setting.path, "=", setting.value, "\n");
  }
  return hash_bytes(text);
}

std::string random_id() {
  std::random_device device;
  char text[20];
  std::snprintf(text, sizeof text, "%08x%08x", device(), device());
  return text;
}

// One topology: what its workers share.
struct Running {
  Topology topology;
  std::unique_ptr<MetricsProbe> probe;
};

class Process {
 public:
  Process(const RunOptions& options, const LoadedConfig& loaded)
      : options_(options),
        loaded_(loaded),
        config_(loaded.config),
        workloads_(std::make_shared<TopWorkloads>(static_cast<size_t>(config_.http.top_k))),
        loads_(std::make_shared<TopLoads>(static_cast<size_t>(config_.http.top_k))),
        lag_(std::make_shared<LagFamilies>(LagSeriesLimits{.partitions = static_cast<size_t>(config_.http.lag_top_k)},
                                           [] { return SystemClock().wall_ms(); })),
        server_({.listen = config_.http.listen}),
        publisher_(metrics_, *lag_),
        spot_(config_.spot, std::getenv("KUBERNETES_SERVICE_HOST") != nullptr, metrics_, [] { kill(getpid(), kSpotSignal); }) {}
  ~Process() { server_.stop(); }  // before what it tells of goes
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int run() {
    keep_freed_memory();
    block_signals();
    if (const Status status = build(); !status) return fail(kExitUsage, status.message());
    if (const Status status = serve(); !status) return fail(kExitOutside, status.message());
    if (const Status status = spot_.start(); !status) return fail(kExitOutside, status.message());
    if (const auto code = topics()) return *code;
    if (!spot_.due()) {
      if (lag_source_)
        if (const Status status = lag_source_->start(); !status) return fail(kExitUsage, status.message());
      for (auto& worker : workers_) worker->start();
    }
    if (watch() == Woken::kNotice) depart();
    return finish();
  }

 private:
  void block_signals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, kSpotSignal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }

  enum class Woken { kTime, kStop, kNotice, kEnded };

  // Waits for a request to stop or a spot notice. A signal that nobody is behind is as good as the time.
  Woken wait(int64_t wait_ms) {
    if (spot_.due() && !departed_) return Woken::kNotice;
    const timespec time = {wait_ms / 1000, (wait_ms % 1000) * 1'000'000};
    const int number = sigtimedwait(&signals_, nullptr, &time);
    if (number == SIGTERM) spot_.note_sigterm();
    if (number == SIGTERM || number == SIGINT) return Woken::kStop;
    return spot_.due() && !departed_ ? Woken::kNotice : Woken::kTime;
  }

  Status build() {
    TopologyObservers observers = metrics_observers(metrics_, *workloads_);
    observers.load = load_metrics_observer(*loads_);
    observers.lag = lag_metrics_observers(*lag_, config_.http.lag_groups);
    for (const auto& part : config_.topologies) {
      auto topology = build_topology(config_, part.name, observers);
      if (!topology) return topology.status();
      auto running = std::make_unique<Running>(Running{std::move(*topology), std::make_unique<MetricsProbe>(metrics_, part.name)});
      for (int i = 0; i < part.workers; ++i) add_worker(*running, part, i);
      running_.push_back(std::move(running));
    }
    if (config_.lag_source.in_run) lag_source_ = std::make_unique<LagSourceThread>(config_);
    return Status::ok();
  }

  void add_worker(Running& running, const TopologyConfig& part, int number) {
    WorkerOptions worker;
    worker.installation = config_.installation;
    worker.topology = part.name;
    const bool numbered = part.workers > 1 || options_.slot.empty();
    worker.slot = (options_.slot.empty() ? slot_of_host() : options_.slot) + (numbered ? "-" + std::to_string(number) : "");
    worker.run_id = random_id();
    worker.engine = config_.engine;
    worker.max_pending_bytes = static_cast<size_t>(config_.redis.max_pending_bytes);
    worker.function = function_of(loaded_, running.topology);
    worker.rebuild = options_.rebuild;
    KafkaWorkerOptions kafka{config_.kafka,
                             config_.installation,
                             part.name,
                             worker.slot,
                             running.topology.source_topic(),
                             running.topology.output_topics(),
                             config_.engine.delivery};
    auto make_ports = [kafka, redis = config_.redis, slot = worker.slot]() -> Result<WorkerPorts> {
      WorkerPorts ports;
      auto store = RedisStore::make(redis, "headroom-" + slot);
      if (!store) return store.status();
      ports.store = std::move(*store);
      auto source = make_kafka_source(kafka);
      if (!source) return source.status();
      ports.source = std::move(*source);
      auto sink = make_kafka_sink(kafka, *ports.source);
      if (!sink) return sink.status();
      ports.sink = std::move(*sink);
      return ports;
    };
    workers_.push_back(std::make_unique<WorkerThread>(running.topology, std::move(worker), std::move(make_ports), *running.probe));
  }

  Status serve() {
    server_.add_metrics(metrics_.collectable());
    server_.add_metrics(workloads_);
    server_.add_metrics(loads_);
    server_.add_metrics(lag_);
    if (lag_source_) server_.add_metrics(lag_source_->metrics().collectable());
    server_.add_json("/api/v1/status", [this] { return status_json(config_.installation, workers_, spot_.view()); });
    server_.set_readiness([this] { return readiness(); });
    return server_.start();
  }

  Readiness readiness() const {
    if (!ready_to_start_) return {{"topics are not checked yet"}, {}};
    Readiness ready = readiness_of(workers_, spot_.view());
    if (lag_source_)
      for (const std::string& reason : lag_source_->readiness().reasons) ready.reasons.push_back(reason);
    return ready;
  }

  // Brokers that do not answer yet are waited for; a topic that is missing is a mistake to be told. The exit code when this is the end.
  std::optional<int> topics() {
    const auto prepare_lag = [this] { return lag_source_ ? prepare_lag_topic(config_, options_.create_topics) : Status::ok(); };
    for (const auto& running : running_) {
      while (true) {
        const auto outputs = running->topology.output_topics();
        const std::string input[] = {running->topology.source_topic()};
        Status status = prepare_lag();  // first: it has partitions of its own, also where it is an input
        if (status && options_.create_topics) status = create_topics(config_.kafka, input, kTopicsMs);
        if (status) status = check_topics(config_.kafka, input[0], outputs, options_.create_topics, kTopicsMs);
        if (status) break;
        if (status.code() != Code::kUnavailable && status.code() != Code::kTimeout) return fail(kExitOutside, status.message());
        log_warn("brokers do not answer yet", {{"brokers", config_.kafka.brokers}, {"why", status.message()}});
        const Woken woken = wait(1000);
        if (woken == Woken::kStop) return kExitFine;
        if (woken == Woken::kNotice) break;
      }
    }
    ready_to_start_ = true;
    return std::nullopt;
  }

  // No restart in place follows where the machine goes; SIGTERM alone does not say that it does.
  bool keep_slot() const {
    const auto notice = spot_.view().notice;
    return options_.keep_slot && (!notice || notice->kind == NoticeKind::kSigterm);
  }

  void publish() { publisher_.publish(workers_, SystemClock().wall_ms(), spot_.view()); }

  Woken watch() {
    Woken woken = wait(0);
    for (; woken == Woken::kTime; woken = wait(kLookMs)) {
      publish();
      if (std::any_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->ended(); })) return Woken::kEnded;
      if (lag_source_ && lag_source_->ended()) return Woken::kEnded;
    }
    if (woken == Woken::kStop) log_info("stopping", {{"keep_slot", keep_slot()}});
    return woken;
  }

  // The machine goes: what runs here leaves for good, and the process stays, or its supervisor would start it again on this very machine.
  void depart() {
    const SystemClock clock;
    for (auto& worker : workers_) worker->request_stop(false, spot_.left_ms(clock.wall_ms()));
    (void)join();  // finish() tells what came of it
    if (lag_source_) lag_source_->stop();
    departed_ = true;
    spot_.note_left(clock.wall_ms());
    log_info("drained; staying up until SIGTERM", {{"until", format_rfc3339(spot_.view().drained_until_ms)}});
    while (!spot_.over(clock.wall_ms())) {
      publish();
      if (wait(kLookMs) == Woken::kStop) break;
    }
  }

  Status join() {
    Status worst;
    for (auto& worker : workers_)
      if (const Status status = worker->join(); !status) worst = status;
    return worst;
  }

  int finish() {
    for (auto& worker : workers_) worker->request_stop(keep_slot());
    Status worst = join();
    if (lag_source_) {
      lag_source_->stop();
      if (worst) worst = lag_source_->outcome();
    }
    spot_.stop();
    if (!departed_) spot_.note_left(SystemClock().wall_ms());
    server_.stop();
    if (!worst) return fail(kExitOutside, worst.message());
    log_info("stopped");
    return kExitFine;
  }

  const RunOptions& options_;
  const LoadedConfig& loaded_;
  const Config& config_;
  sigset_t signals_{};
  WorkerMetrics metrics_;
  std::shared_ptr<TopWorkloads> workloads_;
  std::shared_ptr<TopLoads> loads_;
  std::shared_ptr<LagFamilies> lag_;
  HttpServer server_;
  std::vector<std::unique_ptr<Running>> running_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::unique_ptr<LagSourceThread> lag_source_;  // null: another process watches
  LanePublisher publisher_;
  bool departed_ = false;
  std::atomic<bool> ready_to_start_{false};
  SpotDeparture spot_;
};

bool good_slot(const std::string& slot) {
  return slot.size() <= 200 &&
         std::all_of(slot.begin(), slot.end(), [](unsigned char c) { return isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

int run(const RunOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return kExitUsage;
  if (!good_slot(options.slot)) return fail(kExitUsage, "--slot must be at most 200 letters, digits, '.', '_' and '-'");
  return Process(options, *loaded).run();
}

}  // namespace

Command run_command() {
  return {
      "run", "Run the topologies of a configuration until SIGTERM or SIGINT.",
      "  headroom run --config config/local.json\n"
      "  headroom run --config prod.json --slot worker-3 --keep-slot\n",
      [](CLI::App& app) {
        auto options = std::make_shared<RunOptions>();
        add_config_options(app, options->config);
        app.add_option("--slot", options->slot,
                       "Stable name of this process, unique in the installation (default: host name and worker number)");
        app.add_flag("--keep-slot", options->keep_slot, "On a stop stay in the group, for a restart in place within its session timeout");
        app.add_flag("--create-topics", options->create_topics, "Make topics that are missing");
        app.add_flag("--rebuild", options->rebuild, "Rebuild lanes that would pause for a topic made anew or a state of another meaning");
        return [options] { return run(*options); };
      }};
}

}  // namespace headroom
