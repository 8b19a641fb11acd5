#include "cli/lag_observer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "kafka/client.h"

namespace headroom {
namespace {

constexpr int64_t kLeadersMs = 30'000;
constexpr int64_t kRetentionMs = 600'000;
constexpr size_t kRetentionTopics = 100;
// Starts of logs move by whole segments: what they say is a quarter of a minute old at most.
constexpr uint64_t kStartCycles = 3;

// A place whose bounds are asked, and where the answers go.
struct Bounds {
  LagPartition* partition = nullptr;
  OffsetQuestion end;
  OffsetQuestion stable;
  OffsetQuestion start;
  bool with_start = false;
};

int32_t leader_of(const TopicLeaders& leaders, const TopicPartition& place) {
  const auto topic = leaders.find(place.first);
  const auto partition = static_cast<size_t>(place.second);
  return topic == leaders.end() || partition >= topic->second.size() ? -1 : topic->second[partition];
}

// That part of the time left: a coordinator that is away must leave some to those that are not.
int64_t share(int64_t deadline_ms, double part) {
  const int64_t now = steady_ms();
  return now + static_cast<int64_t>(part * static_cast<double>(std::max<int64_t>(deadline_ms - now, 0)));
}

// Asks one kind of question of all places, and gives what came back.
void ask(LagOffsets& offsets, std::vector<Bounds>& places, OffsetQuestion Bounds::*kind, int64_t deadline_ms) {
  std::vector<OffsetQuestion> questions;
  std::vector<Bounds*> asked;
  for (Bounds& place : places) {
    if (kind == &Bounds::start && !place.with_start) continue;
    if (kind != &Bounds::end && place.end.code != Code::kOk) continue;  // it does not answer
    questions.push_back(place.*kind);
    asked.push_back(&place);
  }
  offsets.ask(questions, deadline_ms);
  for (size_t i = 0; i < questions.size(); ++i) asked[i]->*kind = questions[i];
}

void take_bounds(const Bounds& place, int64_t observed_ms, LagCycle& done) {
  LagPartition& partition = *place.partition;
  partition.available = place.end.code == Code::kOk && place.stable.code == Code::kOk && !place.end.none() && !place.stable.none();
  if (place.with_start && (place.start.code != Code::kOk || place.start.none())) partition.available = false;
  if (!partition.available) {
    ++done.unavailable;
    return;
  }
  if (place.with_start) partition.start = place.start.offset;
  // Asked later, the stable end may already be past the end; earlier than it, it is held back by a transaction.
  partition.stable = place.stable.offset;
  partition.end = std::max(place.end.offset, partition.stable);
  if (partition.times.bounds(partition.start, partition.end) == OffsetTimes::Learned::kMadeAnew) {
    ++done.times.made_anew;
    partition.empty_below = 0;
    partition.held_at = -1;
    if (!place.with_start) {  // the start is another's too: it is asked again
      partition.available = false;
      ++done.unavailable;
      return;
    }
  }
  if (partition.stable == partition.end) partition.held_at = -1;
  if (partition.stable < partition.end && partition.held_at != partition.stable) {
    partition.held_at = partition.stable;
    partition.held_since_ms = observed_ms;
  }
}

}  // namespace

KafkaConfig watched_cluster(const KafkaConfig& kafka, const LagSourceConfig& config) {
  if (config.watched_brokers.empty()) return kafka;
  KafkaConfig watched;
  watched.brokers = config.watched_brokers;
  watched.properties = config.watched_properties;
  return watched;
}

Result<std::unique_ptr<LagObserver>> LagObserver::make(const KafkaConfig& watched, const LagSourceConfig& config) {
  std::unique_ptr<LagObserver> made(new LagObserver(config));
  auto groups = LagGroups::make(watched);
  if (!groups) return groups.status();
  made->groups_ = std::move(*groups);
  auto high = LagOffsets::make(watched, LagOffsets::End::kHigh);
  if (!high) return high.status();
  made->high_ = std::move(*high);
  auto stable = LagOffsets::make(watched, LagOffsets::End::kStable);
  if (!stable) return stable.status();
  made->stable_ = std::move(*stable);
  auto records = LagRecords::make(watched);
  if (!records) return records.status();
  made->records_ = std::move(*records);
  return made;
}

Result<LagCycle> LagObserver::observe(LagBook& book, uint64_t cycle, int64_t now_ms, int64_t deadline_ms) {
  LagCycle done;
  done.observed_ms = now_ms;
  const int64_t began_ms = steady_ms();
  const uint64_t asked = groups_->requests() + high_->requests() + stable_->requests();
  const auto listing = list_groups(book, deadline_ms);
  if (!listing) return listing.status();
  read_groups(book, *listing, done, deadline_ms);
  book.use_places(cycle);
  read_leaders(book, deadline_ms, false);
  read_bounds(book, cycle, done, deadline_ms);
  read_retention(book, deadline_ms);
  const uint64_t made_anew = done.times.made_anew;
  // Stamps ahead of now are not searched for, and records were produced since the cycle began.
  done.times = learn_times(book, {leaders_, *high_, *records_}, now_ms + steady_ms() - began_ms,
                           {config_.look_ups_per_cycle, config_.reads_per_cycle, std::max(deadline_ms, steady_ms() + 100)});
  done.times.made_anew += made_anew;
  done.requests = groups_->requests() + high_->requests() + stable_->requests() - asked;
  return done;
}

// A listing needs every broker: one that is away must not take its groups along, which others will coordinate, nor all.
Result<GroupListing> LagObserver::list_groups(const LagBook& book, int64_t deadline_ms) {
  auto listing = groups_->list(share(deadline_ms, listing_failed_ ? 0.3 : 0.5));
  const bool whole = listing && listing->complete;
  if (whole) listing_failed_ = false;
  if (whole || (!listing && (listing.status().code() == Code::kDenied || book.groups.empty()))) return listing;
  if (!std::exchange(listing_failed_, true))
    log_warn("not all groups can be listed; those known before are served too",
             {{"why", listing ? std::string("a broker did not answer") : listing.status().message()}});
  GroupListing known;
  if (listing) known = std::move(*listing);
  std::set<std::string> listed;
  for (const ListedGroup& group : known.groups) listed.insert(group.group);
  for (const auto& [name, group] : book.groups)
    if (!listed.contains(name)) known.groups.push_back({name, "Unknown"});
  return known;
}

void LagObserver::read_groups(LagBook& book, const GroupListing& listing, LagCycle& done, int64_t deadline_ms) {
  for (auto& [name, group] : book.groups) {
    group.served = false;
    if (listing.complete) ++group.absent_cycles;
  }
  std::vector<std::string> names;
  std::vector<std::string> with_members;
  for (const ListedGroup& listed : listing.groups) {
    LagGroup* group = book.watched(listed.group, done.observed_ms);
    if (group == nullptr) continue;
    group->absent_cycles = 0;
    group->state = listed.state == "Unknown" ? std::string() : listed.state;
    names.push_back(listed.group);
    if (listed.state != "Empty") with_members.push_back(listed.group);
  }
  // Listed no more, it may be gone or hidden from us: its offsets tell.
  for (const auto& [name, group] : book.groups)
    if (group.absent_cycles > 0) names.push_back(name);
  take_members(book, listing, with_members, groups_->describe(with_members, share(deadline_ms, listing_failed_ ? 0.3 : 0.5)));
  take_commits(book, names, groups_->committed(names, share(deadline_ms, listing_failed_ ? 0.3 : 0.85)), done);
}

// A group that is there and yet is described as dead is of a kind that this client cannot describe; that is not a group without members.
void LagObserver::take_members(LagBook& book, const GroupListing& listing, const std::vector<std::string>& names,
                               const std::vector<DescribedGroup>& described) {
  for (const ListedGroup& listed : listing.groups) {
    const auto group = book.groups.find(listed.group);
    if (group == book.groups.end() || listed.state != "Empty") continue;
    group->second.members = 0;
    group->second.assigned.clear();
    group->second.assignment_known = true;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    LagGroup& group = book.groups.at(names[i]);
    const DescribedGroup& answer = described[i];
    const bool odd = answer.state == "Dead" && group.state != "Dead";
    group.members = answer.status && !odd ? std::optional(answer.members) : std::nullopt;
    group.assignment_known = group.members && (answer.state == "Stable" || answer.members == 0);
    // While a group rebalances its members have nothing; what they had tells which partitions are theirs.
    if (group.assignment_known) group.assigned = answer.assigned;
    if (group.members && !answer.state.empty() && answer.state != "Unknown") group.state = answer.state;
    std::erase_if(group.assigned, [&](const TopicPartition& place) { return !book.watches_topic(place.first); });
  }
}

void LagObserver::take_commits(LagBook& book, const std::vector<std::string>& names, std::vector<GroupCommits> commits, LagCycle& done) {
  for (size_t i = 0; i < names.size(); ++i) {
    LagGroup& group = book.groups.at(names[i]);
    if (!commits[i].status) {
      const bool denied = commits[i].status.code() == Code::kDenied;
      ++(denied ? done.denied_groups : done.failed_groups);
      if (denied) group.absent_cycles = 0;
      name_once(names[i], commits[i].status);
      continue;
    }
    if (group.absent_cycles > 0) continue;
    named_.erase(names[i]);
    group.committed.clear();
    for (CommittedPartition& one : commits[i].partitions)
      if (book.watches_topic(one.place.first)) group.committed.emplace(std::move(one.place), one.offset);
    group.served = true;
    ++done.groups;
    if (!group.committed.empty() || group.members.value_or(0) > 0) group.last_useful_ms = done.observed_ms;
  }
}

void LagObserver::name_once(const std::string& group, const Status& why) {
  if (!named_.insert(group).second) return;
  log_warn("a group's offsets cannot be read; the others are served", {{"group", group}, {"why", why.message()}});
}

void LagObserver::read_leaders(const LagBook& book, int64_t deadline_ms, bool now) {
  const bool missing = std::any_of(book.partitions.begin(), book.partitions.end(), [&](const auto& one) {
    return !leaders_.contains(one.first.first) || leader_of(leaders_, one.first) < 0;
  });
  const int64_t age_ms = steady_ms() - leaders_read_ms_;
  if (!now && age_ms < (missing ? config_.interval_ms : kLeadersMs)) return;
  auto leaders = groups_->leaders(deadline_ms);
  if (!leaders) return;  // the old ones stand; what they get wrong fails by itself
  leaders_ = std::move(*leaders);
  leaders_read_ms_ = steady_ms();
}

void LagObserver::read_bounds(LagBook& book, uint64_t cycle, LagCycle& done, int64_t deadline_ms) {
  const auto places_of = [&](bool failed_only) {
    std::vector<Bounds> places;
    for (auto& [name, partition] : book.partitions) {
      if (partition.used_in_cycle != cycle || (failed_only && partition.available)) continue;
      const bool was_available = partition.available;
      if (!failed_only) partition.available = false;
      const int32_t leader = leader_of(leaders_, name);
      if (leader < 0) continue;
      Bounds place;
      place.partition = &partition;
      place.end = {&name.first, name.second, leader, OffsetQuestion::kEnd};
      place.stable = place.end;
      place.start = {&name.first, name.second, leader, OffsetQuestion::kStart};
      place.with_start = !was_available || (cycle + static_cast<uint64_t>(name.second)) % kStartCycles == 0;
      places.push_back(place);
    }
    return places;
  };
  const auto ask_all = [&](std::vector<Bounds> places) {
    ask(*high_, places, &Bounds::end, share(deadline_ms, 0.6));  // a leader that is away is not asked again
    ask(*stable_, places, &Bounds::stable, deadline_ms);
    ask(*high_, places, &Bounds::start, deadline_ms);
    for (const Bounds& place : places) take_bounds(place, done.observed_ms, done);
  };
  ask_all(places_of(false));
  if (done.unavailable > 0) {
    // Leaders move: once more with new ones.
    read_leaders(book, deadline_ms, true);
    done.unavailable = 0;
    ask_all(places_of(true));
  }
  for (const auto& [name, partition] : book.partitions) done.partitions += partition.used_in_cycle == cycle;
  done.unavailable = done.partitions;
  for (const auto& [name, partition] : book.partitions) done.unavailable -= partition.used_in_cycle == cycle && partition.available;
}

void LagObserver::read_retention(LagBook& book, int64_t deadline_ms) {
  std::vector<std::string> topics;
  const int64_t now = steady_ms();
  for (const auto& [topic, leaders] : leaders_) {
    if (topics.size() == kRetentionTopics) break;
    const auto first = book.partitions.lower_bound({topic, 0});
    if (first == book.partitions.end() || first->first.first != topic) continue;
    const auto asked = retention_asked_ms_.find(topic);
    if (asked == retention_asked_ms_.end() || now - asked->second > kRetentionMs) topics.push_back(topic);
  }
  for (const std::string& topic : topics) retention_asked_ms_[topic] = now;
  for (auto& [topic, kept] : groups_->retention(topics, deadline_ms)) book.retention[topic] = kept;
  std::erase_if(book.retention, [&](const auto& one) { return !leaders_.contains(one.first); });
  std::erase_if(retention_asked_ms_, [&](const auto& one) { return !leaders_.contains(one.first); });
}

}  // namespace headroom
