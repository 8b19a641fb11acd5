#include "kafka/client.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/concat.h"
#include "base/log.h"
#include "kafka/error.h"

namespace headroom {
namespace {

// A broker that is away makes the library say so several times a second: of one kind of line five in ten seconds pass, the rest are
// counted.
class LineLimit {
 public:
  struct Verdict {
    bool pass;
    uint64_t held_back;  // since the last line that passed
  };

  Verdict admit(const std::string& kind) {
    const std::lock_guard lock(mutex_);
    Window& window = windows_[kind];
    const int64_t now = steady_ms();
    if (now - window.start_ms >= 10'000) window.start_ms = now, window.passed = 0;
    if (window.passed >= 5) return ++window.held_back, Verdict{false, 0};
    ++window.passed;
    return Verdict{true, std::exchange(window.held_back, 0)};
  }

 private:
  struct Window {
    int64_t start_ms = INT64_MIN / 2;
    int passed = 0;
    uint64_t held_back = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Window> windows_;
};

// Never destroyed: a client that was left behind may still speak while the process ends.
LineLimit& line_limit() {
  static auto* const limit = new LineLimit;
  return *limit;
}

void write_line(LogLevel level, const std::string& kind, const char* client, const char* text) {
  const auto verdict = line_limit().admit(kind);
  if (!verdict.pass) return;
  if (verdict.held_back > 0)
    log(level, "Kafka client", {{"kind", kind}, {"client", client}, {"text", text}, {"held_back", verdict.held_back}});
  else
    log(level, "Kafka client", {{"kind", kind}, {"client", client}, {"text", text}});
}

LogLevel level_of(int syslog_level) {
  if (syslog_level <= 3) return LogLevel::kWarn;  // what the library calls an error, it mostly mends by itself
  if (syslog_level <= 5) return LogLevel::kInfo;
  return LogLevel::kDebug;
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  write_line(level_of(level), facility, client != nullptr ? rd_kafka_name(client) : "", text);
}

void on_error(rd_kafka_t* client, int error, const char* text, void*) {
  write_line(LogLevel::kWarn, rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)), rd_kafka_name(client), text);
}

bool may_be_secret(const std::string& name) {
  for (const char* part : {"password", "secret", "key", "token", "jaas", "pem", "oauth", "username", "config"})
    if (name.find(part) != std::string::npos) return true;
  return false;
}

Status set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char text[512];
  const auto result = rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text);
  if (result == RD_KAFKA_CONF_OK) return Status::ok();
  if (result == RD_KAFKA_CONF_UNKNOWN) return Status(Code::kInvalid, "kafka.properties: librdkafka knows no property " + name);
  return Status(Code::kInvalid,
                "kafka.properties: " + (may_be_secret(name) ? "the value of " + name + " is not allowed" : std::string(text)));
}

}  // namespace

int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

ClientPlan client_plan(const KafkaConfig& config, rd_kafka_type_t type) {
  ClientPlan plan;
  plan.type = type;
  if (!config.brokers.empty()) plan.required = {{"bootstrap.servers", config.brokers}};
  plan.defaults = {
      {"client.id", "headroom"},
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
      {"topic.metadata.refresh.interval.ms", "5000"},
      {"topic.metadata.refresh.fast.interval.ms", "50"},
  };
  if (type == RD_KAFKA_PRODUCER) {
    plan.required.insert({{"acks", "all"}});
    plan.defaults.insert({{"partitioner", "murmur2_random"}, {"retry.backoff.ms", "1"}, {"queue.buffering.max.kbytes", "65536"}});
  } else {
    plan.required.insert({{"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"}, {"enable.partition.eof", "true"}});
    plan.required.insert({{"auto.offset.reset", "error"}});
    plan.defaults.insert({{"fetch.wait.max.ms", "50"}, {"fetch.error.backoff.ms", "50"}});
  }
  return plan;
}

Result<ConfHandle> make_conf(const KafkaConfig& config, const ClientPlan& plan) {
  KafkaProperties user = config.properties;
  for (const auto& [name, value] : plan.type == RD_KAFKA_PRODUCER ? config.producer_properties : config.consumer_properties)
    user[name] = value;
  for (const char* alias : {"metadata.broker.list", "request.required.acks", "enable.auto.commit.store"})
    if (user.contains(alias)) return Status(Code::kInvalid, "kafka.properties: " + std::string(alias) + " is set by Headroom itself");
  KafkaProperties all = plan.defaults;
  for (const auto& [name, value] : user) all[name] = value;
  for (const auto& [name, value] : plan.required) {
    const auto set = user.find(name);
    if (set != user.end() && set->second != value && !(name == "acks" && set->second == "-1"))
      return Status(Code::kInvalid, concat("kafka.properties: ", name, " must stay ", value, ": correctness depends on it"));
    all[name] = value;
  }
  ConfHandle conf(rd_kafka_conf_new());
  for (const auto& [name, value] : all)
    if (Status status = set_property(conf.get(), name, value); !status) return status;
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  return conf;
}

Result<ClientHandle> make_client(rd_kafka_type_t type, ConfHandle conf) {
  char text[512];
  rd_kafka_t* client = rd_kafka_new(type, conf.get(), text, sizeof text);
  if (client == nullptr) return Status(Code::kInvalid, std::string("Kafka client: ") + text);
  (void)conf.release();  // the client's now
  if (type == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client);
  return ClientHandle(client);
}

Result<ClientHandle> make_client(const KafkaConfig& config, const ClientPlan& plan) {
  auto conf = make_conf(config, plan);
  if (!conf) return conf.status();
  return make_client(plan.type, std::move(*conf));
}

void destroy_client(rd_kafka_t* client) {
  struct Ending {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  auto ending = std::make_shared<Ending>();
  std::thread thread([client, ending] {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    const std::lock_guard lock(ending->mutex);
    ending->done = true;
    ending->changed.notify_all();
  });
  std::unique_lock lock(ending->mutex);
  if (ending->changed.wait_for(lock, std::chrono::seconds(5), [&] { return ending->done; })) {
    lock.unlock();
    thread.join();
    return;
  }
  thread.detach();
  log_warn("a Kafka client does not end; it is left behind");
}

}  // namespace headroom
