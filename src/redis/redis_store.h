#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "engine/ports.h"
#include "redis/redis_connection.h"

namespace headroom {

// Checkpoints in Redis 6.2 or newer. Keys of a lane: "headroom:{<lane>}:" + m (the manifest), p:<name> (pages), mark, skip, and during a
// flip s (the next manifest) and g (the replaced one). What a process that died amid a flip left is swept by the lane's next flip; pages
// that no flip has seen yet vanish by their lifetime. Flips of one lane run one after the other. Requests that are still waiting when the
// store is destroyed are not answered.
//
// Redis commands used: AUTH SELECT CLIENT|SETNAME INFO PING EVAL GET SET DEL HGETALL SADD SMEMBERS, and inside scripts COPY EXISTS HDEL
// HGET HMGET HSCAN HSET PERSIST RENAME UNLINK. INFO and CLIENT|SETNAME may be forbidden.
class RedisStore : public CheckpointStore {
 public:
  // kInvalid: the URL or the TLS files are wrong. Opens no connection. `client_name` is shown by CLIENT LIST: [A-Za-z0-9._-].
  static Result<std::unique_ptr<RedisStore>> make(const RedisConfig& config, const std::string& client_name);

  void poll() override { connection_.poll(); }
  void wait(int timeout_ms) override { connection_.wait(timeout_ms); }
  bool connected() const override { return connection_.connected(); }
  std::string trouble() const override { return connection_.trouble(); }
  size_t pending_bytes() const override { return connection_.pending_bytes(); }

  void read_manifest(const std::string& lane, Done<Result<std::optional<Manifest>>> done) override;
  void read_page(const std::string& lane, const std::string& name, Done<Result<std::string>> done) override;
  void write_page(const std::string& lane, const std::string& name, std::string bytes, Done<Status> done) override;
  void flip(const std::string& lane, Flip flip, Done<Result<FlipOutcome>> done) override;
  void read_mark(const std::string& lane, Done<Result<std::optional<AttemptMark>>> done) override;
  void write_mark(const std::string& lane, std::optional<AttemptMark> mark, Done<Status> done) override;
  void read_skips(const std::string& lane, Done<Result<std::vector<Offset>>> done) override;
  void add_skip(const std::string& lane, Offset offset, Done<Status> done) override;

  // What the server said of itself at the last connect: version, whether it evicts checkpoints.
  const RedisFacts& facts() const { return connection_.facts(); }

 private:
  RedisStore(const RedisConfig& config, RedisUrl url, std::unique_ptr<TlsContext> tls, const std::string& client_name)
      : connection_(config, std::move(url), std::move(tls), client_name) {}
  void start_next_flip(const std::string& lane);

  RedisConnection connection_;
  std::map<std::string, std::deque<std::function<void()>>> flips_;  // by lane; the first is running
};

}  // namespace headroom
