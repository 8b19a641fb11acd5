#include <algorithm>
#include <array>
#include <string_view>

#include "config/declare.h"

namespace headroom {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;

constexpr TextRule kName = {"[A-Za-z0-9._-]{0,64}", "at most 64 letters, digits, '.', '_' and '-', or empty", 64};
constexpr TextRule kTopic = {"[A-Za-z0-9._-]{1,249}", "a Kafka topic name: 1 to 249 letters, digits, '.', '_' and '-'", 249};
constexpr TextRule kPattern = {"[^\\s]+", "a name, with `*` for any run of characters and `?` for one", 255};
constexpr TextRule kBrokers = {"([^,\\s]+:[0-9]{1,5}(,[^,\\s]+:[0-9]{1,5})*)?",
                               "host:port, or several with commas between and no spaces, or empty", 4096};
constexpr TextRule kKey = {"[^{}]*(\\{[A-Za-z_][A-Za-z0-9_]*\\}[^{}]*)*", "text with names of labels in braces, as in {env}/{view}", 256};

// What differs among the records of one group.
constexpr std::array<std::string_view, 7> kNotOfAGroup = {"topic",     "partition", "member_host", "consumer_id",
                                                          "client_id", "source",    "host"};
constexpr std::array<std::string_view, 2> kOfTheGroup = {"cluster", "group"};

bool determined(std::string_view key) {
  return std::none_of(kNotOfAGroup.begin(), kNotOfAGroup.end(), [key](std::string_view name) {
    return key.find(std::string("{").append(name).append("}")) != std::string_view::npos;
  });
}

bool is_label(const std::string& name) {
  const auto is = [&name](std::string_view other) { return name == other; };
  return !name.empty() && std::none_of(kNotOfAGroup.begin(), kNotOfAGroup.end(), is) &&
         std::none_of(kOfTheGroup.begin(), kOfTheGroup.end(), is) &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return isalnum(c) != 0 || c == '_'; }) && isdigit(name[0]) == 0;
}

bool properties_allowed(const std::map<std::string, std::string>& properties) {
  constexpr std::array<std::string_view, 8> kOwn = {"bootstrap.servers",        "metadata.broker.list", "group.id",
                                                    "group.instance.id",        "enable.auto.commit",   "isolation.level",
                                                    "enable.auto.offset.store", "auto.offset.reset"};
  return std::none_of(kOwn.begin(), kOwn.end(), [&](std::string_view name) { return properties.count(std::string(name)) > 0; });
}

void declare_what_is_watched(SettingVisitor& v, LagSourceConfig& c) {
  v.texts({"groups", "Consumer groups to watch, as patterns."}, c.groups, kPattern);
  v.texts({"ignore_groups", "Consumer groups not to watch, over `groups`."}, c.ignore_groups, kPattern);
  v.texts({"topics", "Topics to watch, as patterns."}, c.topics, kPattern);
  v.texts({"ignore_topics", "Topics not to watch, over `topics`."}, c.ignore_topics, kPattern);
  v.list({"labels", "Labels by group. A group has those of every entry that it fits, later ones over earlier ones."}, c.labels);
  v.texts({"read_uncommitted",
           "Groups that read uncommitted records, as patterns: their end is the log's end, not where the oldest open transaction begins."},
          c.read_uncommitted, kPattern);
  v.duration({"forget_after", "A group without offsets for so long is told to be forgotten and leaves state and metrics."},
             c.forget_after_ms, {60 * kSecond, 365 * 24 * kHour});
  v.text({"watched_brokers", "The brokers of another cluster to watch, while the lag topic stays at kafka.brokers; empty: the same."},
         c.watched_brokers, kBrokers);
  v.properties({"watched_properties", "librdkafka properties for that cluster, instead of kafka.properties."}, c.watched_properties);
  v.rule({"watched_properties"}, "watched_properties must leave brokers, group, isolation level and offsets to Headroom",
         properties_allowed(c.watched_properties));
  v.rule({"watched_brokers", "watched_properties"}, "watched_properties need watched_brokers",
         c.watched_properties.empty() || !c.watched_brokers.empty());
  v.rule({"groups"}, "groups must name at least one pattern", !c.groups.empty());
  v.rule({"topics"}, "topics must name at least one pattern", !c.topics.empty());
}

}  // namespace

void declare(SettingVisitor& v, LagLabelsConfig& c) {
  v.text({"group", "The groups that have these labels, as a pattern."}, c.group, kPattern);
  v.properties({"labels", "Names and values, as in {\"env\": \"production\", \"view\": \"checkout\"}."}, c.labels);
  v.rule(
      {"labels"},
      "names of labels must be letters, digits and '_', not beginning with a digit, and none of cluster, group, topic, partition, source, "
      "host, member_host, consumer_id, client_id",
      std::all_of(c.labels.begin(), c.labels.end(), [](const auto& label) { return is_label(label.first); }));
  v.rule({"labels"}, "labels must be at most 32, their values at most 512 bytes",
         c.labels.size() <= 32 && std::all_of(c.labels.begin(), c.labels.end(), [](const auto& l) { return l.second.size() <= 512; }));
}

void declare(SettingVisitor& v, LagSourceConfig& c) {
  v.boolean({"in_run", "Whether `headroom run` watches too, in a thread of its own; else `headroom lag-source` does."}, c.in_run);
  v.text({"cluster", "The name of the watched cluster in samples and metrics; empty: that of the installation."}, c.cluster, kName);
  v.text({"source", "The name of this source in samples and ticks, its own among several for safety; empty: the host's."}, c.source, kName);
  v.duration({"interval", "Of a cycle: samples of all groups, then a tick."}, c.interval_ms, {kSecond, 10 * 60 * kSecond});
  v.text({"topic", "Where samples and ticks go."}, c.topic, kTopic);
  v.integer({"partitions", "Partitions of the lag topic when --create-topics makes it."}, c.partitions, {1, 10'000});
  v.text({"key",
          "The key of a group's records, with names of its labels, {cluster} or {group} in braces; `none` where a group has no such label. "
          "What a detector puts together must have one key."},
         c.key, kKey);
  v.rule({"key"}, "key must be determined by the group: of topics, partitions, members and sources one group has several",
         determined(c.key));
  declare_what_is_watched(v, c);
  v.integer({"reads_per_cycle", "Most records read in a cycle to know their times exactly, oldest first."}, c.reads_per_cycle,
            {0, 100'000});
  v.integer({"look_ups_per_cycle", "Most look-ups of times in a cycle."}, c.look_ups_per_cycle, {100, 10'000'000});
  v.integer({"points_per_partition", "Look-ups that are remembered of a partition, 16 bytes each or a little more."},
            c.points_per_partition, {16, 4096});
}

}  // namespace headroom
