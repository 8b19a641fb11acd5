#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/ports.h"

namespace headroom {

// A store's requests as calls that wait for their answer, for commands and tests; never for a worker. kTimeout after 20 s without one.
class StoreCalls {
 public:
  explicit StoreCalls(CheckpointStore& store) : store_(store) {}

  Result<std::optional<Manifest>> manifest(const std::string& lane) {
    return call<Result<std::optional<Manifest>>>([&](auto done) { store_.read_manifest(lane, done); });
  }
  Result<std::string> page(const std::string& lane, const std::string& name) {
    return call<Result<std::string>>([&](auto done) { store_.read_page(lane, name, done); });
  }
  Status write_page(const std::string& lane, const std::string& name, const std::string& bytes) {
    return call<Status>([&](auto done) { store_.write_page(lane, name, bytes, done); });
  }
  Result<FlipOutcome> flip(const std::string& lane, const Flip& flip) {
    return call<Result<FlipOutcome>>([&](auto done) { store_.flip(lane, flip, done); });
  }
  Result<std::optional<AttemptMark>> mark(const std::string& lane) {
    return call<Result<std::optional<AttemptMark>>>([&](auto done) { store_.read_mark(lane, done); });
  }
  Status write_mark(const std::string& lane, std::optional<AttemptMark> mark) {
    return call<Status>([&](auto done) { store_.write_mark(lane, mark, done); });
  }
  Result<std::vector<Offset>> skips(const std::string& lane) {
    return call<Result<std::vector<Offset>>>([&](auto done) { store_.read_skips(lane, done); });
  }
  Status add_skip(const std::string& lane, Offset offset) {
    return call<Status>([&](auto done) { store_.add_skip(lane, offset, done); });
  }

 private:
  template <class T, class Ask>
  T call(Ask ask) {
    auto answer = std::make_shared<std::optional<T>>();
    ask([answer](T value) { answer->emplace(std::move(value)); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!*answer && std::chrono::steady_clock::now() < deadline) store_.wait(100);
    return *answer ? std::move(**answer) : T(Status(Code::kTimeout, "no answer within 20 s"));
  }

  CheckpointStore& store_;
};

}  // namespace headroom
