#include "redis/redis_store.h"

#include "redis/flip_run.h"
#include "redis/lane_keys.h"

namespace headroom {
namespace {

constexpr int64_t kPageLifetimeMs = 600'000;

std::function<void(Result<Reply>)> to_status(CheckpointStore::Done<Status> done) {
  return [then = std::move(done)](Result<Reply> reply) { then(reply.status()); };
}

// Hands on what `parse` makes of the reply, or why there is none.
template <class T, class Parse>
std::function<void(Result<Reply>)> parsed(CheckpointStore::Done<Result<T>> done, Parse parse) {
  return [then = std::move(done), parse](Result<Reply> reply) {
    if (!reply) return then(reply.status());
    then(parse(*reply));
  };
}

}  // namespace

Result<std::unique_ptr<RedisStore>> RedisStore::make(const RedisConfig& config, const std::string& client_name) {
  auto url = parse_redis_url(config.url);
  if (!url) return url.status();
  std::unique_ptr<TlsContext> tls;
  if (url->tls) {
    auto made = TlsContext::make({config.ca_file, config.cert_file, config.key_file});
    if (!made) return made.status();
    tls = std::move(*made);
  }
  return std::unique_ptr<RedisStore>(new RedisStore(config, std::move(*url), std::move(tls), client_name));
}

void RedisStore::read_manifest(const std::string& lane, Done<Result<std::optional<Manifest>>> done) {
  connection_.send(make_request({"HGETALL", LaneKeys(lane).manifest}), parsed<std::optional<Manifest>>(std::move(done), parse_manifest));
}

void RedisStore::read_page(const std::string& lane, const std::string& name, Done<Result<std::string>> done) {
  connection_.send(make_request({"GET", LaneKeys(lane).page_prefix + name}),
                   parsed<std::string>(std::move(done), [](Reply& reply) -> Result<std::string> {
                     if (reply.kind == Reply::Kind::kNil) return Status(Code::kNotFound, "the page is not in Redis");
                     return std::move(reply.text);
                   }));
}

void RedisStore::write_page(const std::string& lane, const std::string& name, std::string bytes, Done<Status> done) {
  connection_.send(make_set(LaneKeys(lane).page_prefix + name, std::move(bytes), kPageLifetimeMs), to_status(std::move(done)));
}

void RedisStore::flip(const std::string& lane, Flip flip, Done<Result<FlipOutcome>> done) {
  auto run = std::make_shared<FlipRun>(connection_, lane, std::move(flip), std::move(done), [this, lane] {
    flips_[lane].pop_front();
    start_next_flip(lane);
  });
  flips_[lane].push_back([run = std::move(run)] { run->start(); });
  if (flips_[lane].size() == 1) start_next_flip(lane);
}

void RedisStore::start_next_flip(const std::string& lane) {
  const auto found = flips_.find(lane);
  if (found->second.empty()) {
    flips_.erase(found);
  } else {
    const auto start = found->second.front();
    start();
  }
}

void RedisStore::read_mark(const std::string& lane, Done<Result<std::optional<AttemptMark>>> done) {
  connection_.send(make_request({"GET", LaneKeys(lane).mark}), parsed<std::optional<AttemptMark>>(std::move(done), parse_mark));
}

void RedisStore::write_mark(const std::string& lane, std::optional<AttemptMark> mark, Done<Status> done) {
  const std::string key = LaneKeys(lane).mark;
  connection_.send(mark ? make_request({"SET", key, mark_text(*mark)}) : make_request({"DEL", key}), to_status(std::move(done)));
}

void RedisStore::read_skips(const std::string& lane, Done<Result<std::vector<Offset>>> done) {
  connection_.send(make_request({"SMEMBERS", LaneKeys(lane).skips}), parsed<std::vector<Offset>>(std::move(done), parse_skips));
}

void RedisStore::add_skip(const std::string& lane, Offset offset, Done<Status> done) {
  connection_.send(make_request({"SADD", LaneKeys(lane).skips, std::to_string(offset)}), to_status(std::move(done)));
}

}  // namespace headroom
