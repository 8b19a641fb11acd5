#include "kafka/audit.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/concat.h"
#include "base/hash.h"
#include "codec/event_place.h"
#include "engine/output_hash.h"

namespace headroom {
namespace {

// Records that wait for an earlier one of another partition, of all lanes together; beyond it a lane's running hash is not compared.
constexpr size_t kMostWaitingBytes = 256 << 20;

constexpr std::string_view kFaultNames[kFaults] = {"nameless",     "missing",         "doubled",        "out_of_order",
                                                   "offset_back",  "header_mismatch", "same_id",        "lost",
                                                   "hash_differs", "oracle_differs",  "oracle_missing", "oracle_extra"};

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

bool parse(std::string_view text, uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool is_place(std::string_view name) {
  return name == "lane" || name == "sequence" || name == "input_offset" || name == "incarnation";
}

// Without those that say the record's place.
Headers own_headers(const TopicRecord& record) {
  Headers own;
  for (const auto& header : record.headers)
    if (!is_place(header.first)) own.push_back(header);
  return own;
}

uint64_t content_hash(std::string_view key, std::string_view value, std::span<const Headers::value_type> headers, uint64_t input_offset,
                      uint64_t incarnation) {
  return hash_mix(hash_mix(chain_output_hash(0, key, value, headers, 0), input_offset), incarnation);
}

std::string number(uint64_t value) {
  return std::to_string(value);
}

}  // namespace

std::string_view fault_name(Fault fault) {
  return kFaultNames[static_cast<size_t>(fault)];
}

uint64_t AuditRow::violations() const {
  uint64_t sum = 0;
  for (const uint64_t count : faults) sum += count;
  return sum;
}

// ---- taking what is there

void Audit::expect_topic(const std::string& topic, std::span<const Partition> truncated) {
  truncated_[topic].assign(truncated.begin(), truncated.end());
}

void Audit::expect_commit(const std::string& name, const OffsetMetadata& metadata) {
  commits_[name] = metadata;
  for (const auto& output : metadata.outputs)
    if (truncated_.contains(output.topic)) lane(name, output.topic).row.committed = output.sequence;
}

Audit::Lane& Audit::lane(std::string_view name, std::string_view topic) {
  const auto [at, made] = lanes_.try_emplace(Key{std::string(name), std::string(topic)});
  if (made) {
    at->second.row.lane = at->first.first;
    at->second.row.topic = at->first.second;
  }
  return at->second;
}

const OutputProgress* Audit::committed(const Lane& lane) const {
  const auto commit = commits_.find(lane.row.lane);
  if (commit == commits_.end()) return nullptr;
  for (const OutputProgress& output : commit->second.outputs)
    if (output.topic == lane.row.topic) return &output;
  return nullptr;
}

void Audit::report(Lane& lane, Fault fault, uint64_t sequence, std::string detail) {
  if (lane.row.faults[static_cast<size_t>(fault)]++ > 0) return;
  findings_.push_back({fault, lane.row.topic, lane.row.lane, sequence, std::move(detail)});
}

void Audit::take(const TopicRecord& record) {
  uint64_t sequence = 0;
  uint64_t input_offset = 0;
  uint64_t incarnation = 0;
  const std::string_view name = record.header("lane");
  const bool named = !name.empty() && parse(record.header("sequence"), sequence) && sequence > 0 &&
                     parse(record.header("input_offset"), input_offset) && parse(record.header("incarnation"), incarnation);
  Lane& lane = this->lane(named ? name : std::string_view(), record.topic);
  if (!named)
    return report(lane, Fault::kNameless, 0,
                  concat("offset ", number(static_cast<uint64_t>(record.offset)), " of partition ", std::to_string(record.partition),
                         " has no lane, sequence or place of its input"));
  const Headers own = own_headers(record);
  lane.entries.push_back({.sequence = sequence,
                          .content = content_hash(record.key, record.value, own, input_offset, incarnation),
                          .input_offset = static_cast<Offset>(input_offset),
                          .incarnation = static_cast<uint32_t>(incarnation)});
  take_event(lane, record, sequence);
  take_order(lane, record, sequence);
  take_hash(lane, record, sequence);
}

// What the value says of itself, where it is a CloudEvent.
void Audit::take_event(Lane& lane, const TopicRecord& record, uint64_t sequence) {
  const auto event = read_event(record.value);
  if (!event) return;
  uint64_t own = 0;
  if (event->lane != lane.row.lane || !parse(event->sequence, own) || own != sequence)
    report(lane, Fault::kHeaderMismatch, sequence, concat("the value says lane ", event->lane, ", sequence ", event->sequence));
  // Copies of one sequence share their id; they are counted as what they are.
  const uint64_t id = hash_bytes(event->id, hash_bytes(event->source, hash_bytes(record.topic)));
  const auto [known, is_new] = ids_.emplace(id, sequence);
  if (!is_new && known->second != sequence)
    report(lane, Fault::kSameId, sequence, concat("id ", event->id, " is also that of sequence ", number(known->second)));
}

void Audit::take_order(Lane& lane, const TopicRecord& record, uint64_t sequence) {
  const auto [first, is_first] = lane.first_in.emplace(record.partition, sequence);
  if (!is_first) first->second = std::min(first->second, sequence);
  uint64_t& last = lane.last_in[record.partition];
  // In at_least_once a worker that died is repeated from its last commit on.
  if (sequence < last && delivery_ == Delivery::kExactlyOnce)
    report(lane, Fault::kOutOfOrder, sequence,
           concat("stands behind sequence ", number(last), " in partition ", std::to_string(record.partition)));
  last = std::max(last, sequence);
}

void Audit::take_hash(Lane& lane, const TopicRecord& record, uint64_t sequence) {
  if (lane.hash_given_up || sequence > lane.row.committed || sequence <= lane.hashed) return;
  if (sequence == lane.hashed + 1) {
    lane.hash = chain_output_hash(lane.hash, record.key, record.value, own_headers(record), sequence);
    lane.hashed = sequence;
    for (auto next = lane.waiting.begin(); next != lane.waiting.end() && next->first == lane.hashed + 1; next = lane.waiting.erase(next)) {
      const Waiting& one = next->second;
      const Headers headers(one.headers.begin(), one.headers.end());
      lane.hash = chain_output_hash(lane.hash, one.key, one.value, headers, next->first);
      lane.hashed = next->first;
      waiting_bytes_ -= one.bytes;
    }
    return;
  }
  Waiting one{std::string(record.key), std::string(record.value), {}, sizeof(Waiting) + record.key.size() + record.value.size()};
  for (const auto& [name, value] : own_headers(record)) {
    one.headers.emplace_back(name, value);
    one.bytes += sizeof one.headers[0] + name.size() + value.size();
  }
  const size_t bytes = one.bytes;
  if (lane.waiting.emplace(sequence, std::move(one)).second) waiting_bytes_ += bytes;
  if (waiting_bytes_ <= kMostWaitingBytes) return;
  lane.hash_given_up = true;
  for (const auto& [_, waiting] : lane.waiting) waiting_bytes_ -= waiting.bytes;
  lane.waiting.clear();
}

// ---- what an oracle gives

void Audit::sort_all() {
  if (sorted_) return;
  sorted_ = true;
  for (auto& [_, lane] : lanes_) fold_copies(lane);
}

// By sequence, each once.
void Audit::fold_copies(Lane& lane) {
  auto& entries = lane.entries;
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
  auto kept = entries.begin();
  for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
    if (entry == entries.begin()) continue;
    if (entry->sequence != kept->sequence) {
      *++kept = *entry;
      continue;
    }
    const bool identical = entry->content == kept->content;
    lane.row.repeated += identical;
    if (!identical) report(lane, Fault::kDoubled, entry->sequence, "is there with different bytes");
    if (identical && delivery_ == Delivery::kExactlyOnce) report(lane, Fault::kDoubled, entry->sequence, "is there more than once");
  }
  if (!entries.empty()) entries.erase(std::next(kept), entries.end());
}

void Audit::expect_output(const OutRecord& record) {
  sort_all();
  Lane& lane = this->lane(record.lane, record.topic);
  const auto entry = std::lower_bound(lane.entries.begin(), lane.entries.end(), record.sequence,
                                      [](const Entry& e, uint64_t sequence) { return e.sequence < sequence; });
  if (entry == lane.entries.end() || entry->sequence != record.sequence)
    return report(lane, Fault::kOracleMissing, record.sequence,
                  concat("the input gives it at offset ", std::to_string(record.input_offset)));
  const Headers headers(record.headers.begin(), record.headers.end());
  entry->given = true;
  if (entry->content != content_hash(record.key, record.value, headers, static_cast<uint64_t>(record.input_offset), record.incarnation))
    report(lane, Fault::kOracleDiffers, record.sequence, concat("the input gives: ", record.value.substr(0, 400)));
}

void Audit::end_outputs(const std::string& name) {
  sort_all();
  for (auto& [key, lane] : lanes_) {
    if (key.first != name) continue;
    for (const Entry& entry : lane.entries)
      if (!entry.given && entry.sequence <= lane.row.committed)
        report(lane, Fault::kOracleExtra, entry.sequence, "the input does not give it");
  }
}

uint64_t Audit::incarnation_of(const std::string& name) const {
  uint64_t only = 0;
  for (const auto& [key, lane] : lanes_) {
    if (key.first != name) continue;
    for (const Entry& entry : lane.entries) {
      if (only != 0 && only != entry.incarnation) return 0;
      only = entry.incarnation;
    }
  }
  return only;
}

bool Audit::holds(const std::string& name) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const auto& one) { return one.first.first == name && !one.second.entries.empty(); });
}

// ---- the verdict

void Audit::check_sequences(Lane& lane) {
  AuditRow& row = lane.row;
  row.records = lane.entries.size();
  if (lane.entries.empty()) return;
  row.first = lane.entries.front().sequence;
  row.last = lane.entries.back().sequence;
  // Below the first sequence that a partition still holds, its log may have been deleted.
  uint64_t deleted_below = 0;
  for (const Partition partition : truncated_[row.topic]) {
    const auto first = lane.first_in.find(partition);
    deleted_below = std::max(deleted_below, first == lane.first_in.end() ? row.last : first->second);
  }
  uint64_t expected = 1;
  const Entry* before = nullptr;
  for (const Entry& entry : lane.entries) {
    for (; expected < entry.sequence; ++expected) {
      if (expected < deleted_below)
        ++row.expired;
      else
        report(lane, Fault::kMissing, expected, "is not there");
    }
    expected = entry.sequence + 1;
    if (before != nullptr && before->incarnation == entry.incarnation && entry.input_offset < before->input_offset)
      report(lane, Fault::kOffsetBack, entry.sequence,
             concat("comes of offset ", std::to_string(entry.input_offset), ", the one before of ", std::to_string(before->input_offset)));
    before = &entry;
  }
}

void Audit::check_commit(Lane& lane) {
  const OutputProgress* output = committed(lane);
  if (output == nullptr || !truncated_.contains(lane.row.topic)) return;
  if (output->sequence > lane.row.last) {
    // Nothing left of a topic that deletes: it may all have been there.
    if (lane.row.last == 0 && !truncated_[lane.row.topic].empty()) {
      lane.row.expired = output->sequence;
      return;
    }
    report(lane, Fault::kLost, lane.row.last + 1, concat("is committed, up to ", number(output->sequence), ", and not there"));
    lane.row.faults[static_cast<size_t>(Fault::kLost)] = output->sequence - lane.row.last;
    return;
  }
  const bool whole = lane.hashed == output->sequence && !lane.hash_given_up && incarnation_of(lane.row.lane) != 0;
  if (output->sequence == 0 || !whole) return;
  lane.row.hash_checked = true;
  if (lane.hash != output->hash)
    report(lane, Fault::kHashDiffers, output->sequence, "the records up to it have another running hash than was committed");
}

AuditReport Audit::finish() {
  sort_all();
  AuditReport report;
  for (auto& [_, lane] : lanes_) {
    check_sequences(lane);
    check_commit(lane);
    report.records += lane.row.records;
    report.violations += lane.row.violations();
    report.rows.push_back(lane.row);
  }
  report.findings = findings_;
  return report;
}

}  // namespace headroom
