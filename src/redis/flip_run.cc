#include "redis/flip_run.h"

#include <algorithm>

#include "redis/flip_script.h"

namespace headroom {

FlipRun::FlipRun(RedisConnection& connection, const std::string& lane, Flip flip, Done done, std::function<void()> ended)
    : connection_(connection),
      keys_(lane),
      flip_(std::move(flip)),
      epoch_(epoch_text(flip_.epoch)),
      done_(std::move(done)),
      ended_(std::move(ended)) {}

void FlipRun::start() {
  begin();
}

// EVAL with the script's text each time: half a kilobyte, and neither a restart nor SCRIPT FLUSH can make Redis forget it.
void FlipRun::run(std::string_view script, const std::vector<std::string_view>& arguments, OnWord on_word) {
  std::vector<std::string_view> command = {"EVAL", script, "3", keys_.manifest, keys_.staged, keys_.replaced, keys_.page_prefix};
  command.insert(command.end(), arguments.begin(), arguments.end());
  connection_.send(make_request(command), [self = shared_from_this(), then = std::move(on_word)](Result<Reply> reply) {
    if (!reply) return self->finish(reply.status());
    if (reply->kind != Reply::Kind::kText && reply->kind != Reply::Kind::kStatus)
      return self->finish(Status(Code::kCorrupt, "a script's answer is no text"));
    then(reply->text);
  });
}

void FlipRun::begin() {
  if (begins_left_-- == 0) return finish(Status(Code::kUnavailable, "another owner is flipping this lane at the same time"));
  const std::string_view expected = flip_.expected_owner ? std::string_view(*flip_.expected_owner) : "";
  run(FlipScript::kBegin, {epoch_, flip_.owner, flip_.expected_owner ? "1" : "", expected}, [this](const std::string& word) {
    if (word == "ok") return stage();
    if (word == "sweep 2") return sweep(2, "0", [this] { begin(); });
    if (word == "sweep 3") return sweep(3, "0", [this] { begin(); });
    refuse(word);
  });
}

void FlipRun::stage() {
  const size_t changed = flip_.changed.size();
  const size_t dropped = flip_.dropped.size();
  chunks_left_ = (changed + kPagesPerStage - 1) / kPagesPerStage + (dropped + kPagesPerStage - 1) / kPagesPerStage;
  if (chunks_left_ == 0) return verify("0");
  for (size_t i = 0; i < changed; i += kPagesPerStage) stage_chunk(i, dropped);
  for (size_t i = 0; i < dropped; i += kPagesPerStage) stage_chunk(changed, i);
}

void FlipRun::stage_chunk(size_t first_changed, size_t first_dropped) {
  const size_t changed = std::min(kPagesPerStage, flip_.changed.size() - first_changed);
  const size_t dropped = std::min(kPagesPerStage, flip_.dropped.size() - first_dropped);
  std::vector<std::string> fields;
  fields.reserve(changed + dropped + 1);
  fields.push_back(std::to_string(changed));
  std::vector<std::string_view> arguments = {flip_.owner, fields.back()};
  for (size_t i = first_changed; i < first_changed + changed; ++i) {
    fields.push_back(page_field(flip_.changed[i].first));
    arguments.push_back(fields.back());
    arguments.push_back(flip_.changed[i].second);
  }
  for (size_t i = first_dropped; i < first_dropped + dropped; ++i) {
    fields.push_back(page_field(flip_.dropped[i]));
    arguments.push_back(fields.back());
  }
  run(FlipScript::kStage, arguments, [this](const std::string& word) {
    if (word != "ok") stage_refusal_ = word;
    if (--chunks_left_ == 0) staged();
  });
}

void FlipRun::staged() {
  if (!stage_refusal_.empty()) return refuse(stage_refusal_);
  verify("0");
}

void FlipRun::verify(const std::string& cursor) {
  run(FlipScript::kVerify, {flip_.owner, cursor}, [this](const std::string& word) {
    if (word == "0") return commit();
    if (word == "other") return refuse(word);
    if (word == "missing") return finish_and_sweep(FlipOutcome::kPageMissing, 2);
    verify(word);
  });
}

void FlipRun::commit() {
  const std::string_view expected = flip_.expected_owner ? std::string_view(*flip_.expected_owner) : "";
  run(FlipScript::kCommit, {epoch_, flip_.owner, flip_.expected_owner ? "1" : "", expected, flip_.core}, [this](const std::string& word) {
    if (word != "ok") return refuse(word);
    finish_and_sweep(FlipOutcome::kDone, 3);
  });
}

void FlipRun::sweep(int key, const std::string& cursor, std::function<void()> then) {
  run(FlipScript::kSweep, {key == 2 ? "2" : "3", cursor}, [this, key, next = std::move(then)](const std::string& word) mutable {
    if (word == "0") return next();
    sweep(key, word, std::move(next));
  });
}

void FlipRun::refuse(const std::string& word) {
  finish(word == "newer" ? FlipOutcome::kNewerEpoch : FlipOutcome::kOtherManifest);
}

void FlipRun::finish_and_sweep(FlipOutcome outcome, int key) {
  if (Done done = std::exchange(done_, nullptr)) done(outcome);
  sweep(key, "0", [this] { end(); });
}

void FlipRun::finish(Result<FlipOutcome> outcome) {
  if (Done done = std::exchange(done_, nullptr)) done(std::move(outcome));
  end();
}

void FlipRun::end() {
  if (auto ended = std::exchange(ended_, nullptr)) ended();
}

}  // namespace headroom
