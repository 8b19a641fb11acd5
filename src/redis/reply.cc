#include "redis/reply.h"

#include <hiredis/read.h>

#include <array>

namespace headroom {
namespace {

// hiredis hands each object to its parent by the task that is being read; arrays grow as items come, so a false length reserves nothing.
Reply* put(const redisReadTask* task, std::unique_ptr<Reply> made) {
  Reply* raw = made.get();
  if (task->parent == nullptr) return made.release();
  static_cast<Reply*>(task->parent->obj)->items.push_back(std::move(made));
  return raw;
}

std::unique_ptr<Reply> of_kind(Reply::Kind kind) {
  auto made = std::make_unique<Reply>();
  made->kind = kind;
  return made;
}

void* create_string(const redisReadTask* task, char* bytes, size_t length) {
  auto made = of_kind(task->type == REDIS_REPLY_ERROR    ? Reply::Kind::kError
                      : task->type == REDIS_REPLY_STATUS ? Reply::Kind::kStatus
                                                         : Reply::Kind::kText);
  made->text.assign(bytes, length);
  return put(task, std::move(made));
}

void* create_array(const redisReadTask* task, int) {
  return put(task, of_kind(Reply::Kind::kArray));
}

void* create_integer(const redisReadTask* task, long long value) {
  auto made = of_kind(Reply::Kind::kInteger);
  made->integer = value;
  return put(task, std::move(made));
}

void* create_nil(const redisReadTask* task) {
  return put(task, of_kind(Reply::Kind::kNil));
}

void free_reply(void* reply) {
  delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions functions = {create_string, create_array, create_integer, create_nil, free_reply};

struct KnownError {
  std::string_view word;  // the error's first word, or what a script's error holds of it
  Code code;
  bool drop;
  std::string_view sentence;
};

constexpr std::array<KnownError, 14> kKnownErrors = {{
    {"OOM", Code::kExhausted, false, "Redis is out of memory (maxmemory is reached)"},
    {"NOAUTH", Code::kDenied, true, "Redis wants a password: set redis.password (and redis.user)"},
    {"WRONGPASS", Code::kDenied, true, "Redis refuses this user and password"},
    {"NOPERM", Code::kDenied, false, "the ACL of the Redis user forbids this"},
    {"LOADING", Code::kUnavailable, true, "Redis is loading its data"},
    {"READONLY", Code::kUnavailable, true, "Redis is a replica that takes no writes"},
    {"MASTERDOWN", Code::kUnavailable, true, "Redis is a replica without its master"},
    {"MISCONF", Code::kUnavailable, false, "Redis refuses writes because it cannot save to disk"},
    {"NOREPLICAS", Code::kUnavailable, false, "Redis refuses writes because too few replicas follow"},
    {"BUSY", Code::kUnavailable, false, "Redis is busy with a script"},
    {"MOVED", Code::kUnavailable, true,
     "Redis Cluster redirects (MOVED), which is not followed: a cluster needs a proxy in front, or all slots on the shard that the URL "
     "names"},
    {"ASK", Code::kUnavailable, true,
     "Redis Cluster redirects (ASK), which is not followed: a cluster needs a proxy in front, or all slots on the shard that the URL "
     "names"},
    {"CLUSTERDOWN", Code::kUnavailable, true, "Redis Cluster is down"},
    {"WRONGTYPE", Code::kCorrupt, false, "a key of ours holds another type of value"},
}};

bool names(std::string_view text, std::string_view word) {
  if (text.starts_with(word)) return text.size() == word.size() || text[word.size()] == ' ';
  // Redis before 7 wraps what a script met: "ERR Error running script (...): @user_script: 3: -OOM command not allowed ...".
  return text.starts_with("ERR Error") && text.find("-" + std::string(word) + " ") != std::string_view::npos;
}

}  // namespace

ErrorMeaning error_meaning(std::string_view text) {
  for (const KnownError& known : kKnownErrors) {
    if (!names(text, known.word)) continue;
    std::string sentence(known.sentence);
    if (known.word == "NOPERM") sentence.append(": ").append(text.substr(0, 200));
    return {Status(known.code, std::move(sentence)), known.drop};
  }
  return {Status(Code::kInternal, "Redis answers: " + std::string(text.substr(0, 200))), false};
}

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&functions)) {
  // Keeps its buffer between replies: pages are larger than the 16 KiB that it would keep.
  if (reader_ != nullptr) reader_->maxbuf = 0;
}

ReplyReader::~ReplyReader() {
  if (reader_ != nullptr) redisReaderFree(reader_);
}

Status ReplyReader::feed(std::string_view bytes) {
  if (reader_ == nullptr) return {Code::kInternal, "no memory for the Redis protocol"};
  if (redisReaderFeed(reader_, bytes.data(), bytes.size()) != REDIS_OK) return {Code::kCorrupt, reader_->errstr};
  return Status::ok();
}

Result<std::unique_ptr<Reply>> ReplyReader::next() {
  if (reader_ == nullptr) return Status(Code::kInternal, "no memory for the Redis protocol");
  void* reply = nullptr;
  if (redisReaderGetReply(reader_, &reply) != REDIS_OK)
    return Status(Code::kCorrupt, std::string("not Redis' protocol: ") + reader_->errstr);
  return std::unique_ptr<Reply>(static_cast<Reply*>(reply));
}

}  // namespace headroom
