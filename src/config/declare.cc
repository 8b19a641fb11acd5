#include "config/declare.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "base/check.h"
#include "base/concat.h"
#include "config/settings_reader.h"
#include "config/settings_values.h"

namespace headroom {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kMebi = 1 << 20;
constexpr int64_t kGibi = 1 << 30;

constexpr TextRule kName = {"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", "1 to 64 letters, digits, '.', '_' and '-', not beginning with '.'", 64};
constexpr TextRule kTopic = {"[A-Za-z0-9._-]{1,249}", "a Kafka topic name: 1 to 249 letters, digits, '.', '_' and '-'", 249};
constexpr TextRule kBrokers = {"[^,\\s]+:[0-9]{1,5}(,[^,\\s]+:[0-9]{1,5})*", "host:port, or several with commas between and no spaces",
                               4096};
constexpr TextRule kRedisUrl = {
    "rediss?://[^@/?\\s]+(/[0-9]{1,5})?|unix:///[^?\\s]+(\\?db=[0-9]{1,5})?",
    "redis://host:port/db, rediss://host:port/db or unix:///path?db=0; user and password have settings of their own"};
constexpr TextRule kPath = {{}, "a path to a file, or empty", 4096};
constexpr TextRule kEndpoint = {"(http://([0-9.]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?)?",
                                "http://ADDRESS or http://ADDRESS:PORT with a numeric address, IPv6 in [], or empty"};
constexpr TextRule kListen = {"(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]*):[0-9]{1,5}",
                              "address:port, [address]:port for IPv6, or :port for all addresses; port 0 takes a free one"};

constexpr TextRule kGroupPattern = {".+", "a pattern of group names that is not empty", 255};

// What Headroom sets itself: another value would break what it promises.
constexpr std::array<std::string_view, 13> kOwnProperties = {"bootstrap.servers",
                                                             "metadata.broker.list",
                                                             "group.id",
                                                             "group.instance.id",
                                                             "transactional.id",
                                                             "enable.auto.commit",
                                                             "enable.auto.offset.store",
                                                             "enable.partition.eof",
                                                             "auto.offset.reset",
                                                             "isolation.level",
                                                             "partition.assignment.strategy",
                                                             "session.timeout.ms",
                                                             "transaction.timeout.ms"};

bool leaves_own_alone(const std::map<std::string, std::string>& properties) {
  return std::none_of(kOwnProperties.begin(), kOwnProperties.end(),
                      [&](std::string_view name) { return properties.count(std::string(name)) > 0; });
}

void declare_kafka_properties(SettingVisitor& v, KafkaConfig& c) {
  v.properties({"properties", "librdkafka properties for every client (TLS, SASL, ...), passed through as they are."}, c.properties);
  v.properties({"consumer_properties", "librdkafka properties for consumers, on top of `properties`."}, c.consumer_properties);
  v.properties({"producer_properties", "librdkafka properties for producers, on top of `properties`."}, c.producer_properties);
  std::string taken = " must not hold what Headroom sets itself:";
  for (const auto name : kOwnProperties) taken += concat(name == kOwnProperties.front() ? " " : ", ", name);
  v.rule({"properties"}, concat("properties", taken), leaves_own_alone(c.properties));
  v.rule({"consumer_properties"}, concat("consumer_properties", taken), leaves_own_alone(c.consumer_properties));
  v.rule({"producer_properties"}, concat("producer_properties", taken), leaves_own_alone(c.producer_properties));
}

}  // namespace

void declare(SettingVisitor& v, KafkaConfig& c) {
  v.text({"brokers", "Brokers to begin with; the others are found through them."}, c.brokers, kBrokers);
  declare_kafka_properties(v, c);
  v.duration({"session_timeout",
              "A worker that is silent for so long loses its partitions. Brokers refuse what lies outside their own limits (6s to 30m "
              "unless set otherwise)."},
             c.session_timeout_ms, {kSecond, 30 * kMinute});
  v.duration({"transaction_timeout", "The broker ends a transaction that is open for longer (brokers allow 15m unless set otherwise)."},
             c.transaction_timeout_ms, {kSecond, 15 * kMinute});
  v.size({"fetch_queue", "What librdkafka may hold of fetched records, a worker."}, c.fetch_queue_bytes, {kMebi, 2047 * kMebi});
  v.integer({"replication", "Replicas of topics made with --create-topics; 0: three, or as many as there are brokers."}, c.replication,
            {0, 32});
  v.integer({"partitions", "Partitions of topics made with --create-topics."}, c.partitions, {1, 100'000});
  int64_t retention_ms = std::max<int64_t>(c.retention_ms, 0);
  v.duration({"retention", "Retention of output topics made with --create-topics; \"0s\": the broker's default."}, retention_ms,
             {0, 3650 * kDay});
  c.retention_ms = retention_ms == 0 ? -1 : retention_ms;
}

void declare(SettingVisitor& v, RedisConfig& c) {
  v.text({"url", "The Redis server that holds checkpoints."}, c.url, kRedisUrl);
  v.text({"user", "ACL user; empty: the default user."}, c.user, {{}, "a user name without spaces", 256});
  v.secret({"password", "Password of the user."}, c.password);
  v.text({"ca_file", "rediss only: certificates of authorities (PEM); empty: those of the system."}, c.ca_file, kPath);
  v.text({"cert_file", "rediss only: client certificate (PEM)."}, c.cert_file, kPath);
  v.text({"key_file", "rediss only: key of the client certificate (PEM)."}, c.key_file, kPath);
  v.duration({"connect_timeout", "For a connection to be made, name resolution and TLS included."}, c.connect_timeout_ms,
             {10, 5 * kMinute});
  v.duration({"request_timeout", "For a request to be answered; then the connection is made anew."}, c.request_timeout_ms,
             {10, 5 * kMinute});
  v.size({"max_pending", "What may wait for Redis, a worker; above it the loop waits."}, c.max_pending_bytes, {kMebi, 64 * kGibi});
  v.rule({"cert_file", "key_file"}, "cert_file and key_file go together", c.cert_file.empty() == c.key_file.empty());
  const bool tls = c.url.starts_with("rediss://");
  v.rule({"ca_file", "cert_file", "url"}, "ca_file, cert_file and key_file need a rediss:// url",
         tls || (c.ca_file.empty() && c.cert_file.empty()));
}

namespace {
bool port_fits(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  int port = 65536;
  if (colon != std::string::npos) std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port);
  return port <= 65535;
}

}  // namespace

void declare(SettingVisitor& v, HttpConfig& c) {
  v.text(
      {"listen", "Where /metrics, /livez, /readyz and the API answer. There is no authentication: bind it to where only you can reach it."},
      c.listen, kListen);
  v.integer(
      {"top_k",
       "Most lying containers, and loads with the most replicas, that are exported with series of their own; the rest is in the topics."},
      c.top_k, {0, 10'000});
  v.integer({"lag_top_k", "Partitions of consumer groups with the most lag that are exported with series of their own; groups all are."},
            c.lag_top_k, {0, 100'000});
  v.texts({"lag_groups", "Consumer groups of which every partition is exported: `*` stands for any characters, `?` for one."}, c.lag_groups,
          kGroupPattern);
  v.rule({"listen"}, "the port of listen must be 0 to 65535", port_fits(c.listen));
}

namespace {

void declare_commits(SettingVisitor& v, EngineConfig& c) {
  v.choice({"delivery",
            "exactly_once writes outputs and offsets in one Kafka transaction; at_least_once is for brokers or principals without them: a "
            "crash may repeat commands, identically."},
           c.delivery, {{"exactly_once", Delivery::kExactlyOnce}, {"at_least_once", Delivery::kAtLeastOnce}});
  v.duration({"commit_interval", "Outputs and offsets are committed at least so often."}, c.commit_interval_ms, {1, 10 * kSecond});
  v.duration({"commit_linger", "After the first output, how long to wait for more before committing."}, c.commit_linger_ms,
             {0, 10 * kSecond});
  v.integer({"batch_records", "Most records of one poll."}, c.batch_records, {1, 1'000'000});
  v.integer({"outbox_records", "Outputs at which a commit is made at once."}, c.outbox_records, {1, 1'000'000});
  v.size({"outbox_size", "Bytes of outputs at which a commit is made at once."}, c.outbox_bytes, {64 << 10, kGibi});
  v.rule({"commit_linger", "commit_interval"}, "commit_linger must not be above commit_interval",
         c.commit_linger_ms <= c.commit_interval_ms);
}

void declare_recovery(SettingVisitor& v, EngineConfig& c) {
  v.duration({"checkpoint_interval", "Checkpoints are taken at least so often."}, c.checkpoint_interval_ms, {100, kHour});
  v.duration({"recovery_target", "A checkpoint is taken sooner when replaying what came since would take longer."}, c.recovery_target_ms,
             {10, kHour});
  v.integer({"max_replay_records",
             "Records since the last checkpoint of a lane at which it stops consuming, until Redis takes a checkpoint again."},
            c.max_replay_records, {1000, 1'000'000'000'000});
  v.duration({"redis_wait", "How long a recovering lane waits for Redis before it is rebuilt from the log."}, c.redis_wait_ms,
             {0, 7 * kDay});
  v.duration({"history", "How far back a rebuild reads; \"0s\": from the log's start."}, c.history_ms, {0, 3650 * kDay});
}

}  // namespace

void declare(SettingVisitor& v, EngineConfig& c) {
  declare_commits(v, c);
  declare_recovery(v, c);
  v.integer({"max_keys", "States a lane and operator; samples of further keys are rejected (too_many_keys)."}, c.max_keys,
            {1, 1'000'000'000});
  v.duration({"stop_timeout", "For a graceful stop: commit, checkpoint, leave."}, c.stop_timeout_ms, {kSecond, 10 * kMinute});
  v.boolean({"propose_only", "Turns every command of mode apply into propose, for the whole installation."}, c.propose_only);
}

void declare(SettingVisitor& v, SpotConfig& c) {
  v.choice(
      {"provider",
       "Whose notices to heed: a worker that is told that its machine goes commits, checkpoints and leaves ahead of it. off; aws, gcp "
       "and azure ask that cloud's metadata service; auto finds out which of them answers; kubernetes counts SIGTERM as the notice that "
       "it is there (auto does so too within a pod)."},
      c.provider,
      {{"off", SpotProvider::kOff},
       {"auto", SpotProvider::kAuto},
       {"aws", SpotProvider::kAws},
       {"gcp", SpotProvider::kGcp},
       {"azure", SpotProvider::kAzure},
       {"kubernetes", SpotProvider::kKubernetes}});
  v.text({"endpoint", "The metadata service, where it is not at http://169.254.169.254: for stand-ins and IPv6."}, c.endpoint, kEndpoint);
  v.duration(
      {"poll_interval",
       "How often the metadata service is asked, two small requests each time. Google and Azure give 30 seconds, Amazon two minutes."},
      c.poll_interval_ms, {10, kMinute});
  v.duration({"request_timeout", "For one answer of the metadata service (Azure's first may take two minutes and is waited for)."},
             c.request_timeout_ms, {10, kMinute});
  v.duration(
      {"leave_before",
       "How long ahead of the time that a notice names to leave; at once where it is nearer or none is named. Azure tells of reboots "
       "a quarter of an hour ahead, sometimes days."},
      c.leave_before_ms, {10 * kSecond, kHour});
  v.choice({"on_rebalance_recommendation",
            "Amazon's hint that a machine is likelier than others to be taken: counted and logged only, or left for as for a notice."},
           c.on_rebalance, {{"ignore", OnRebalance::kIgnore}, {"leave", OnRebalance::kLeave}});
  v.duration(
      {"stay_drained",
       "Having left, the process stays up without lanes, so that no supervisor starts it again on a machine that goes: until SIGTERM, "
       "until the notice is withdrawn, or for so long past the time that was named; then it ends with exit 0."},
      c.stay_drained_ms, {0, kDay});
}

namespace {

void declare_topology(SettingVisitor& v, Config& config, const TopologyDeclaration& topology) {
  const auto known =
      std::find_if(config.topologies.begin(), config.topologies.end(), [&](const TopologyConfig& t) { return t.name == topology.name; });
  bool present = known != config.topologies.end();
  TopologyConfig part = present ? *known : TopologyConfig{std::string(topology.name), 1, "{}"};
  const auto params = topology.make_params();
  // What stands in a Config was written by settings_text(), or is the "{}" of its default.
  HEADROOM_CHECK(read_settings_text(part.params_json, params).is_ok());
  v.visit_optional_section({topology.name, topology.text}, present, [&](SettingVisitor& inner) {
    inner.integer({"workers", "Threads of this process that run the topology, each with a consumer and a producer of its own."},
                  part.workers, {1, 256});
    params(inner);
  });
  if (!present) return;
  part.params_json = settings_text(params);
  if (known == config.topologies.end())
    config.topologies.push_back(std::move(part));
  else
    *known = std::move(part);
}

}  // namespace

void declare_config(SettingVisitor& v, Config& config, std::span<const TopologyDeclaration> topologies) {
  std::string schema;
  v.text({"$schema", "For editors: where the JSON Schema of this file is. Headroom does not read it."}, schema, {});
  v.text({"installation",
          "Begins the names of consumer groups, slots, transactional ids and Redis keys, so that two installations never meet."},
         config.installation, kName);
  v.text({"rejected_topic", "Where records that could not be read go, as they came, with the reason."}, config.rejected_topic, kTopic);
  v.text({"alert_topic", "Where Headroom's alerts go."}, config.alert_topic, kTopic);
  v.section({"kafka", "The brokers, and how to reach them."}, config.kafka);
  v.section({"redis", "The checkpoint store."}, config.redis);
  v.section({"http", "Metrics and health."}, config.http);
  v.section({"engine", "Commits, checkpoints, recovery and limits."}, config.engine);
  v.section({"spot", "What to do when the machine is about to be taken away."}, config.spot);
  v.section({"lag_source", "What `headroom lag-source` watches: consumer groups, their offsets and times, written to the lag topic."},
            config.lag_source);
  v.rule({"kafka", "engine"}, "kafka.transaction_timeout must be above engine.commit_interval",
         config.kafka.transaction_timeout_ms > config.engine.commit_interval_ms);
  v.rule({"spot", "engine"}, "spot.leave_before must not be below engine.stop_timeout",
         config.spot.provider == SpotProvider::kOff || config.spot.leave_before_ms >= config.engine.stop_timeout_ms);
  const bool idempotence_set =
      config.kafka.properties.count("enable.idempotence") + config.kafka.producer_properties.count("enable.idempotence") > 0;
  v.rule({"kafka", "engine"}, "enable.idempotence can be set only where engine.delivery is at_least_once",
         !idempotence_set || config.engine.delivery == Delivery::kAtLeastOnce);
  v.visit_section({"topologies", "What runs, each with its own settings. At least one must be named; `{}` runs it with its defaults."},
                  [&](SettingVisitor& inner) {
                    for (const auto& topology : topologies) declare_topology(inner, config, topology);
                  });
  std::string text = "topologies must name at least one to run; known: ";
  for (const auto& topology : topologies) text += concat(&topology == topologies.data() ? "" : ", ", topology.name);
  v.rule({"topologies"}, text, !config.topologies.empty());
}

}  // namespace headroom
