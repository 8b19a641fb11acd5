#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "headroom/decoder.h"

namespace headroom::testing {

// A decoder made of one function `void(const Record&, uint32_t index, Decoded<T>&)`, for topologies of tests. What the decoded values view
// must lie in the record.
template <class T, class F>
class FunctionDecoder final : public Decoder<T> {
 public:
  explicit FunctionDecoder(F function) : function_(std::move(function)) {}
  void begin_batch() override {}
  void decode(const Record& record, uint32_t index, Decoded<T>& out) override { function_(record, index, out); }

 private:
  F function_;
};

// What from<T>() takes: each task gets a decoder of its own with a copy of `decode`.
template <class T, class F>
std::function<std::unique_ptr<Decoder<T>>()> decode_with(F decode) {
  return [decode = std::move(decode)]() -> std::unique_ptr<Decoder<T>> { return std::make_unique<FunctionDecoder<T, F>>(decode); };
}

}  // namespace headroom::testing
