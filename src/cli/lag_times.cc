#include "cli/lag_times.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <vector>

#include "kafka/client.h"

namespace headroom {
namespace {

constexpr int kRounds = 256;
constexpr Offset kShortGap = 64;  // read on to the end where it is so near

int32_t leader_of(const TopicLeaders& leaders, const TopicPartition& place) {
  const auto topic = leaders.find(place.first);
  const auto partition = static_cast<size_t>(place.second);
  return topic == leaders.end() || partition >= topic->second.size() ? -1 : topic->second[partition];
}

// One partition and the offsets whose times it must tell.
struct Place {
  const TopicPartition* name = nullptr;
  LagPartition* partition = nullptr;
  std::vector<Offset> offsets;
  size_t next = 0;  // of offsets, in the search
  int round = 0;
};

struct Read {
  Place* place = nullptr;
  Offset mark = 0;
  int rank = 0;  // 0: nothing else helps; 1: a guess could be better; 2: only a check
  Offset back = 1;
  bool done = false;
};

class Search {
 public:
  Search(LagBook& book, const TopicLeaders& leaders, int64_t now_ms, const LagTimesLimits& limits)
      : leaders_(leaders), now_ms_(now_ms), limits_(limits), wanted_(book.wanted()) {
    for (auto& [name, offsets] : wanted_) places_.push_back({&name, &book.partition(name), offsets, 0, 0});
  }

  LagTimesSpent run(LagOffsets& offsets, LagRecords& records) {
    const auto missing = reads();
    if (static_cast<int64_t>(missing.size()) > limits_.reads) {
      look_up_all(offsets);
      read_all(records, reads(), limits_.deadline_ms);
    } else {
      // A client that has to connect first, or one partition that does not answer, must not cost all others what look-ups can tell.
      read_all(records, missing, std::midpoint(steady_ms(), limits_.deadline_ms));
      look_up_all(offsets);
    }
    for (Place& place : places_) place.partition->times.settle(place.offsets);
    return spent_;
  }

 private:
  void note(LagPartition& partition, OffsetTimes::Learned learned) {
    if (learned == OffsetTimes::Learned::kMadeAnew) partition.empty_below = 0;
    spent_.made_anew += learned == OffsetTimes::Learned::kMadeAnew;
    spent_.marked += learned == OffsetTimes::Learned::kDiffers;
  }

  static bool is_read(const LagPartition& partition, Offset mark) {
    if (mark <= partition.empty_below) return true;
    const auto known = partition.times.before(mark);
    return known && known->quality == LagQuality::kExact && (mark >= partition.stable || partition.times.seen_behind(mark));
  }

  // What is worth reading. A commit with little behind it may have only markers behind it, which only a read can tell.
  std::vector<Read> reads() {
    std::vector<Read> wanted;
    for (Place& place : places_) {
      const LagPartition& partition = *place.partition;
      for (const Offset mark : place.offsets) {
        if (mark > partition.stable || is_read(partition, mark)) continue;
        const auto known = partition.times.before(mark);
        const bool near_end = mark < partition.stable && partition.stable - mark <= kShortGap;
        const int rank = !known || known->quality == LagQuality::kBracketed ? 0 : near_end ? 1 : 2;
        wanted.push_back({&place, mark, rank});
      }
    }
    // Oldest first: the records furthest from their log's end.
    std::stable_sort(wanted.begin(), wanted.end(), [](const Read& a, const Read& b) {
      return std::tuple(a.rank, a.mark - a.place->partition->stable) < std::tuple(b.rank, b.mark - b.place->partition->stable);
    });
    return wanted;
  }

  void look_up_all(LagOffsets& offsets) {
    for (int round = 0; round < kRounds && steady_ms() < limits_.deadline_ms; ++round) {
      std::vector<OffsetQuestion> questions;
      std::vector<Place*> asked;
      for (Place& place : places_) {
        if (static_cast<int64_t>(spent_.look_ups + questions.size()) >= limits_.look_ups) break;
        const auto time_ms = next_look_up(place);
        if (!time_ms) continue;
        questions.push_back({&place.name->first, place.name->second, leader_of(leaders_, *place.name), *time_ms});
        asked.push_back(&place);
      }
      if (questions.empty()) return;
      offsets.ask(questions, limits_.deadline_ms);
      spent_.look_ups += questions.size();
      for (size_t i = 0; i < questions.size(); ++i) take(*asked[i], questions[i]);
    }
  }

  std::optional<int64_t> next_look_up(Place& place) {
    for (; place.next < place.offsets.size(); ++place.next, place.round = 0) {
      const Offset offset = place.offsets[place.next];
      if (offset <= place.partition->empty_below) continue;
      const auto time_ms = place.partition->times.to_look_up(offset, now_ms_, place.round);
      if (time_ms) return ++place.round, time_ms;
    }
    return std::nullopt;
  }

  void take(Place& place, const OffsetQuestion& answer) {
    if (answer.code != Code::kOk) {
      place.next = place.offsets.size();  // it does not answer: not again in this cycle
      return;
    }
    OffsetTimes& times = place.partition->times;
    note(*place.partition,
         answer.none() ? times.looked_up_none(answer.time_ms, place.partition->end) : times.looked_up(answer.time_ms, answer.offset));
  }

  void read_all(LagRecords& records, std::vector<Read> wanted, int64_t deadline_ms) {
    while (static_cast<int64_t>(spent_.reads) < limits_.reads && steady_ms() < deadline_ms) {
      std::vector<RecordQuestion> questions;
      std::vector<Read*> asked;
      const auto most = std::min<int64_t>(limits_.reads - static_cast<int64_t>(spent_.reads), LagRecords::kMostPartitions);
      std::vector<const Place*> taken;
      for (Read& read : wanted) {
        if (static_cast<int64_t>(questions.size()) == most) break;
        const LagPartition& partition = *read.place->partition;
        if (read.done || std::find(taken.begin(), taken.end(), read.place) != taken.end()) continue;
        if (is_read(partition, read.mark)) {
          read.done = true;  // by a read of another place near by
          continue;
        }
        RecordQuestion question;
        question.topic = &read.place->name->first;
        question.partition = read.place->name->second;
        question.from = std::max({partition.start, partition.empty_below, read.mark - read.back});
        question.mark = read.mark;
        question.to_end = partition.stable - read.mark <= kShortGap;
        questions.push_back(question);
        asked.push_back(&read);
        taken.push_back(read.place);
      }
      if (questions.empty()) return;
      spent_.reads += questions.size();
      if (!records.read(questions, deadline_ms)) return;
      for (size_t i = 0; i < questions.size(); ++i) take(*asked[i], questions[i]);
    }
  }

  // Nothing before the mark where it was looked for: further back, in large steps, until the log's start.
  void take(Read& read, const RecordQuestion& answer) {
    read.done = true;
    if (answer.code != Code::kOk) return;
    LagPartition& partition = *read.place->partition;
    const Offset behind = answer.after ? answer.after->offset : answer.end.value_or(answer.mark);
    if (answer.before)
      note(partition, partition.times.read({answer.before->offset, std::max(behind, answer.mark), answer.before->time_ms}));
    const bool last_known = answer.last && answer.end && answer.last->offset >= answer.mark;
    if (answer.after && !(last_known && answer.last->offset == answer.after->offset))
      note(partition, partition.times.read({answer.after->offset, answer.after->offset + 1, answer.after->time_ms}));
    if (last_known) note(partition, partition.times.read({answer.last->offset, *answer.end, answer.last->time_ms}));
    if (answer.before) return;
    if (answer.from <= std::max(partition.start, partition.empty_below)) {
      partition.empty_below = std::max(partition.empty_below, answer.mark);
    } else if (read.back < 65'536) {
      read.back *= 16;
      read.done = false;
    }
  }

  const TopicLeaders& leaders_;
  const int64_t now_ms_;
  const LagTimesLimits limits_;
  const std::map<TopicPartition, std::vector<Offset>> wanted_;
  std::vector<Place> places_;
  LagTimesSpent spent_;
};

}  // namespace

LagTimesSpent learn_times(LagBook& book, const LagTimesServers& servers, int64_t now_ms, const LagTimesLimits& limits) {
  return Search(book, servers.leaders, now_ms, limits).run(servers.offsets, servers.records);
}

}  // namespace headroom
