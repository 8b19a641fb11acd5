#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

// The settings of an installation, parsed. Topology parameters are declared by the topologies themselves and parsed with the same machinery
// (config/settings.h); here they are kept as the JSON text of their section.
namespace headroom {

enum class Delivery { kExactlyOnce, kAtLeastOnce };

struct KafkaConfig {
  std::string brokers = "127.0.0.1:9092";
  // Raw librdkafka properties for every client; `consumer` and `producer` ones on top for that kind. Values may be {"file": ...} or {"env":
  // ...} in the configuration; here they are resolved and secret.
  std::map<std::string, std::string> properties;
  std::map<std::string, std::string> consumer_properties;
  std::map<std::string, std::string> producer_properties;
  int64_t session_timeout_ms = 6000;
  int64_t transaction_timeout_ms = 10000;
  int64_t fetch_queue_bytes = 64 << 20;  // what librdkafka may hold of fetched records, a worker
  int replication = 0;                   // of topics made with --create-topics: 0 = min(3, brokers)
  int partitions = 4;                    // of topics made with --create-topics
  int64_t retention_ms = -1;             // of output topics made with --create-topics: -1 = the broker's default
};

struct RedisConfig {
  std::string url = "redis://127.0.0.1:6379/0";  // redis://, rediss://, unix:///path/to.sock?db=0
  std::string user;
  std::string password;  // resolved from a file or environment variable; secret
  std::string ca_file;   // for rediss://
  std::string cert_file;
  std::string key_file;
  int64_t connect_timeout_ms = 2000;
  int64_t request_timeout_ms = 5000;
  int64_t max_pending_bytes = 256 << 20;  // of pages queued for Redis; above it the loop waits
};

struct HttpConfig {
  std::string listen = "127.0.0.1:9464";  // host:port; port 0 takes a free one
  int top_k = 100;                        // per-workload series exported
  int lag_top_k = 1000;                   // partitions of consumer groups with series of their own: those with the most lag
  std::vector<std::string> lag_groups;    // patterns of groups of which every partition has
};

enum class SpotProvider { kOff, kAuto, kAws, kGcp, kAzure, kKubernetes };
enum class OnRebalance { kIgnore, kLeave };

struct SpotConfig {
  SpotProvider provider = SpotProvider::kOff;
  std::string endpoint;  // of the metadata service; empty: http://169.254.169.254
  int64_t poll_interval_ms = 1000;
  int64_t request_timeout_ms = 1000;
  int64_t leave_before_ms = 120'000;  // ahead of the time that a notice names
  OnRebalance on_rebalance = OnRebalance::kIgnore;
  int64_t stay_drained_ms = 600'000;  // after that time, before the process ends
};

// The labels of the groups that fit a pattern (`*` and `?`).
struct LagLabelsConfig {
  std::string group = "*";
  std::map<std::string, std::string> labels;
};

struct LagSourceConfig {
  bool in_run = false;
  std::string cluster;  // as samples name it; empty: the installation
  std::string source;   // as samples and ticks name it; empty: the host
  int64_t interval_ms = 5000;
  std::string topic = "headroom.lag";
  int partitions = 8;  // of the topic, when it is made
  std::string key = "{env}/{view}";
  std::vector<std::string> groups = {"*"};
  std::vector<std::string> ignore_groups;
  std::vector<std::string> topics = {"*"};
  std::vector<std::string> ignore_topics;
  std::vector<LagLabelsConfig> labels;  // later ones over earlier ones
  std::vector<std::string> read_uncommitted;
  int64_t forget_after_ms = 7LL * 24 * 3'600'000;
  int reads_per_cycle = 200;
  int look_ups_per_cycle = 100'000;
  int points_per_partition = 128;
  std::string watched_brokers;  // empty: those of kafka.brokers
  std::map<std::string, std::string> watched_properties;
};

struct EngineConfig {
  Delivery delivery = Delivery::kExactlyOnce;
  int64_t commit_interval_ms = 100;
  int64_t commit_linger_ms = 10;  // after the first output, where outputs are rare
  int64_t checkpoint_interval_ms = 10'000;
  int64_t recovery_target_ms = 1000;        // a checkpoint is taken sooner when replaying would take longer
  int64_t max_replay_records = 50'000'000;  // replay debt a lane at which consumption stops
  int64_t redis_wait_ms = 30'000;           // at recovery, before the lane is rebuilt from the log
  int64_t history_ms = 0;                   // how far back a rebuild reads; 0 = the log's start
  int64_t batch_records = 10'000;
  int64_t outbox_records = 10'000;
  int64_t outbox_bytes = 8 << 20;
  uint64_t max_keys = 2'000'000;
  int64_t stop_timeout_ms = 25'000;
  bool propose_only = false;  // turns every `apply` into `propose`
};

struct TopologyConfig {
  std::string name;
  int workers = 1;
  std::string params_json = "{}";  // the section without `workers`
};

struct Config {
  std::string installation = "headroom";
  std::string rejected_topic = "headroom.rejected";
  std::string alert_topic = "headroom.alerts";
  KafkaConfig kafka;
  RedisConfig redis;
  HttpConfig http;
  EngineConfig engine;
  SpotConfig spot;
  LagSourceConfig lag_source;
  std::vector<TopologyConfig> topologies;
};

}  // namespace headroom
