#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/status.h"

struct redisReader;

namespace headroom {

// One answer of Redis.
struct Reply {
  enum class Kind { kNil, kInteger, kText, kStatus, kError, kArray };
  Kind kind = Kind::kNil;
  int64_t integer = 0;
  std::string text;  // of kText, kStatus, kError
  std::vector<std::unique_ptr<Reply>> items;

  bool is_text(std::string_view expected) const { return (kind == Kind::kText || kind == Kind::kStatus) && text == expected; }
};

// What an error reply means to us. Codes: kExhausted (OOM), kDenied (NOAUTH, WRONGPASS, NOPERM), kCorrupt (WRONGTYPE), kUnavailable
// (LOADING, READONLY, MOVED and the like), else kInternal. `text` must not be an answer to AUTH: old servers repeat the arguments.
struct ErrorMeaning {
  Status status;
  bool drop = false;  // this connection is of no use: connect anew
};
ErrorMeaning error_meaning(std::string_view text);

// Cuts a byte stream into replies (hiredis' parser with our own objects).
class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // kCorrupt: not the protocol; the reader is of no use any more.
  Status feed(std::string_view bytes);
  // none: not whole yet.
  Result<std::unique_ptr<Reply>> next();

 private:
  redisReader* reader_;
};

}  // namespace headroom
