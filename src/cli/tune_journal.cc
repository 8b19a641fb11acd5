#include "cli/tune_journal.h"

#include <unistd.h>

#include "base/concat.h"
#include "cli/config_file.h"
#include "cli/durable_file.h"
#include "codec/model_score.h"

namespace headroom {
namespace {

using codec::Member;
using codec::MemberReader;
using Json = nlohmann::ordered_json;

constexpr size_t kMostJournalBytes = 64 << 20;
constexpr size_t kMostAsked = 100'000;

std::string head_line(const AskedFor& asked) {
  Json what = Json::array();
  for (const auto& [name, value] : asked) what.push_back({{"name", name}, {"value", value}});
  return Json{{"headroom_tune_journal", 1}, {"what", what}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status read_head(const std::string& line, AskedFor& out) {
  const auto json = codec::parse_json(line);
  if (!json) return {Code::kCorrupt, json.status().message()};
  MemberReader in;
  const Member root{&*json, {}};
  in.count(root, "headroom_tune_journal", 1, 1);
  const Member list = in.list(root, "what", kMostAsked);
  for (size_t i = 0; list.value->is_array() && i < list.value->size(); ++i) {
    const Member pair = MemberReader::item(list, i);
    out.emplace_back(in.text(pair, "name"), in.text(pair, "value", 1 << 16));
  }
  return in.status() ? Status::ok() : Status(Code::kCorrupt, in.status().message());
}

Status read_trial(const std::string& line, TuneTrial& trial, TuneResult& result) {
  const auto json = codec::parse_json(line);
  if (!json) return json.status();
  MemberReader in;
  const Member root{&*json, {}};
  trial = {in.count(root, "candidate", 0, kMostTrials), in.count(root, "epochs", 1, kMostTrials)};
  result.objective = in.number(root, "objective", 0, 1e9);
  result.best_epoch = in.count(root, "best_epoch", 0, trial.epochs);
  result.cpu_seconds = in.number(root, "cpu_seconds", 0, 1e9);
  result.score = read_score(in, in.object(root, "score"));
  return in.status();
}

}  // namespace

std::string TuneJournal::line_of(const TuneTrial& trial, const TuneResult& result) {
  const Json json = {{"candidate", trial.candidate},      {"epochs", trial.epochs},
                     {"objective", result.objective},     {"best_epoch", result.best_epoch},
                     {"cpu_seconds", result.cpu_seconds}, {"score", score_json(result.score)}};
  return json.dump() + "\n";
}

Status TuneJournal::load(const std::string& text, const AskedFor& asked) {
  size_t from = 0;
  bool head = true;
  for (size_t end = 0; (end = text.find('\n', from)) != std::string::npos; from = end + 1, head = false) {
    const std::string line = text.substr(from, end - from);
    if (head) {
      AskedFor found;
      if (const Status read = read_head(line, found); !read) return read;
      const std::string other = difference(found, asked);
      if (!other.empty()) return {Code::kInvalid, concat("it is of another search: ", other)};
      continue;
    }
    TuneTrial trial;
    TuneResult result;
    if (const Status read = read_trial(line, trial, result); !read) return {Code::kCorrupt, read.message()};
    done_[{trial.candidate, trial.epochs}] = result;
  }
  return Status::ok();
}

Status TuneJournal::begin(const AskedFor& asked, Begin how) {
  const auto text = read_whole_file(path_, kMostJournalBytes);
  if (!text && text.status().code() != Code::kNotFound) return text.status();
  if (text && how == Begin::kNew)
    return {Code::kInvalid, concat(path_, " is of a search that was not finished; --resume goes on, --restart begins anew")};
  if (text && how == Begin::kResume)
    if (const Status loaded = load(*text, asked); !loaded)
      return {loaded.code(), concat(path_, ": ", loaded.message(), "; --restart begins anew")};
  // Written anew: a line that was cut is not to be gone on with.
  std::string whole = head_line(asked);
  for (const auto& [key, result] : done_) whole += line_of({key.first, key.second}, result);
  return replace_durably(path_, whole);
}

const TuneResult* TuneJournal::find(const TuneTrial& trial) const {
  const auto found = done_.find({trial.candidate, trial.epochs});
  return found == done_.end() ? nullptr : &found->second;
}

Status TuneJournal::add(const TuneTrial& trial, const TuneResult& result) {
  done_[{trial.candidate, trial.epochs}] = result;
  return append_durably(path_, line_of(trial, result));
}

void TuneJournal::remove() const {
  ::unlink(path_.c_str());
}

}  // namespace headroom
