#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "config/config.h"
#include "headroom/status.h"
#include "redis/redis_socket.h"
#include "redis/redis_url.h"
#include "redis/reply.h"
#include "redis/request.h"
#include "redis/resolver.h"
#include "redis/tls.h"

namespace headroom {

// What a server says of itself when a connection begins; empty where its ACL forbids asking.
struct RedisFacts {
  std::string version;
  std::string eviction_policy;  // maxmemory-policy
  bool evicts = false;          // the policy may drop keys that have no lifetime
};

// A pipelined connection that never blocks and comes back by itself: resolves, connects, greets (AUTH, SELECT, CLIENT SETNAME, INFO, PING),
// sends requests in order and hands each its reply. When nothing moves for request_timeout_ms while an answer is owed, or anything breaks,
// the connection is dropped and every request is answered kUnavailable (kDenied when the server refuses us), then it is tried again with
// back-off (50 ms to 5 s). Requests made while connecting wait for its outcome; while backing off they fail at the next poll. One thread.
class RedisConnection {
 public:
  // Runs within poll(), exactly once unless the connection object dies first. Error replies come as their Status.
  using OnReply = std::function<void(Result<Reply>)>;

  RedisConnection(RedisConfig config, RedisUrl url, std::unique_ptr<TlsContext> tls, std::string client_name);

  void send(Request request, OnReply on_reply);
  // Moves at most about 4 MiB or 2 ms worth.
  void poll();
  void wait(int timeout_ms);
  bool connected() const { return state_ == State::kReady; }
  std::string trouble() const;
  size_t pending_bytes() const { return pending_bytes_; }
  const RedisFacts& facts() const { return facts_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class State { kAway, kResolving, kConnecting, kGreeting, kReady };
  struct Pending {
    Request request;
    size_t bytes = 0;
    OnReply on_reply;
    bool greeting = false;
  };

  void start_resolving(Time now);
  void take_addresses(Time now);
  void try_next_address(Time now);
  void advance_connect(Time now);
  void greet();
  void greet_with(Request request, std::function<void(const Reply&)> on_reply);
  void learn(const Reply& info);
  void greeted();
  void exchange(Time start);
  bool write_some();
  void count_sent(size_t bytes);
  bool read_some();
  void deliver();
  void answer_front(std::unique_ptr<Reply> reply);
  void check_deadline(Time now);
  void drop(Status why);
  void fail_all(const Status& why);
  int patience_ms(int timeout_ms) const;
  bool sending() const { return sent_ < in_flight_.size(); }

  const RedisConfig config_;
  const RedisUrl url_;
  const std::unique_ptr<TlsContext> tls_;
  const std::string client_name_;

  State state_ = State::kAway;
  Status trouble_;
  Status drop_after_replies_;  // a reply said that this connection is of no use
  Backoff backoff_;
  Time retry_at_{};
  Time progress_at_{};  // when anything last moved; while connecting, when it began
  Resolver resolver_;
  std::vector<SocketAddress> addresses_;
  size_t next_address_ = 0;
  std::unique_ptr<RedisSocket> socket_;
  std::unique_ptr<ReplyReader> reader_;
  std::vector<char> read_buffer_;

  std::deque<Pending> waiting_;    // not begun
  std::deque<Pending> in_flight_;  // begun, oldest first
  size_t sent_ = 0;                // of in_flight_, whole
  size_t sent_offset_ = 0;         // of in_flight_[sent_], bytes
  size_t pending_bytes_ = 0;
  bool more_ = false;  // the last poll ended by its budget
  RedisFacts facts_;
  bool said_policy_ = false;
  bool said_away_ = false;
};

}  // namespace headroom
