#include "redis/redis_connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/check.h"
#include "base/log.h"

namespace headroom {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kBudgetBytes = 4 << 20;
constexpr auto kBudgetTime = std::chrono::microseconds(2000);
constexpr size_t kPieces = 48;

std::string field_of(const std::string& info, std::string_view name) {
  const std::string key = std::string(name) + ":";
  size_t at = info.starts_with(key) ? 0 : info.find("\n" + key);
  if (at == std::string::npos) return "";
  at = info.find(':', at) + 1;
  return info.substr(at, info.find_first_of("\r\n", at) - at);
}

}  // namespace

RedisConnection::RedisConnection(RedisConfig config, RedisUrl url, std::unique_ptr<TlsContext> tls, std::string client_name)
    : config_(std::move(config)),
      url_(std::move(url)),
      tls_(std::move(tls)),
      client_name_(std::move(client_name)),
      trouble_(Code::kUnavailable, "not connected yet"),
      backoff_(50, 5000, std::random_device()()),
      read_buffer_(kReadBytes) {}

void RedisConnection::send(Request request, OnReply on_reply) {
  Pending pending{std::move(request), 0, std::move(on_reply), false};
  pending.bytes = pending.request.size();
  pending_bytes_ += pending.bytes;
  waiting_.push_back(std::move(pending));
}

std::string RedisConnection::trouble() const {
  return connected() ? "" : "Redis at " + url_.shown() + ": " + trouble_.message();
}

void RedisConnection::poll() {
  const Time now = steady_clock::now();
  more_ = false;
  if (state_ == State::kAway) {
    if (now >= retry_at_) {
      start_resolving(now);
    } else if (!waiting_.empty()) {
      fail_all(trouble_);
    }
  }
  if (state_ == State::kResolving) take_addresses(now);
  if (state_ == State::kConnecting) advance_connect(now);
  if (state_ == State::kGreeting || state_ == State::kReady) exchange(now);
  check_deadline(steady_clock::now());
}

void RedisConnection::wait(int timeout_ms) {
  pollfd entry{-1, 0, 0};
  if (state_ == State::kResolving) entry = {resolver_.fd(), POLLIN, 0};
  if (socket_) entry = {socket_->fd(), socket_->events(sending() || (state_ == State::kReady && !waiting_.empty())), 0};
  const bool idle = state_ == State::kAway && waiting_.empty();
  const bool blocked = state_ != State::kAway && !more_;
  if (idle || blocked) ::poll(&entry, entry.fd >= 0 ? 1 : 0, patience_ms(timeout_ms));
  poll();
}

// No longer than until the next thing that poll() would do by the clock.
int RedisConnection::patience_ms(int timeout_ms) const {
  Time due = Time::max();
  if (state_ == State::kAway) due = retry_at_;
  if (state_ == State::kResolving || state_ == State::kConnecting) due = progress_at_ + milliseconds(config_.connect_timeout_ms);
  if (!in_flight_.empty()) due = progress_at_ + milliseconds(config_.request_timeout_ms);
  if (due == Time::max()) return std::max(timeout_ms, 0);
  const auto left = std::chrono::ceil<milliseconds>(due - steady_clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, std::max(timeout_ms, 0)));
}

void RedisConnection::start_resolving(Time now) {
  state_ = State::kResolving;
  progress_at_ = now;
  resolver_.start(url_);
}

void RedisConnection::take_addresses(Time now) {
  auto found = resolver_.take();
  if (!found) return;
  if (!*found) return drop(found->status());
  addresses_ = std::move(**found);
  next_address_ = 0;
  try_next_address(now);
}

void RedisConnection::try_next_address(Time now) {
  Status status(Code::kUnavailable, "the name has no address");
  while (next_address_ < addresses_.size()) {
    socket_ = std::make_unique<RedisSocket>();
    status = socket_->start(addresses_[next_address_++], url_.tls ? tls_.get() : nullptr, url_.host);
    if (!status) continue;
    state_ = State::kConnecting;
    progress_at_ = now;
    return;
  }
  drop(std::move(status));
}

void RedisConnection::advance_connect(Time now) {
  auto open = socket_->advance();
  if (!open) {
    if (next_address_ < addresses_.size()) return try_next_address(now);
    return drop(open.status());
  }
  if (!*open) return;
  progress_at_ = now;
  reader_ = std::make_unique<ReplyReader>();
  greet();
}

void RedisConnection::greet_with(Request request, std::function<void(const Reply&)> on_reply) {
  Pending pending;
  pending.request = std::move(request);
  pending.greeting = true;
  pending.on_reply = [then = std::move(on_reply)](Result<Reply> reply) {
    if (reply) then(*reply);
  };
  in_flight_.push_back(std::move(pending));
}

void RedisConnection::greet() {
  state_ = State::kGreeting;
  const auto must = [this](const Reply& reply) {
    if (reply.kind == Reply::Kind::kError) drop_after_replies_ = error_meaning(reply.text).status;
  };
  if (!config_.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!config_.user.empty()) auth.push_back(config_.user);
    auth.push_back(config_.password);
    // Only the first word is looked at: a server too old for AUTH with a user repeats the arguments in its error.
    greet_with(make_request(auth), [this](const Reply& reply) {
      if (reply.kind != Reply::Kind::kError) return;
      const std::string word = reply.text.substr(0, reply.text.find(' '));
      drop_after_replies_ = word == "LOADING" || word == "WRONGPASS"
                                ? error_meaning(word).status
                                : Status(Code::kDenied, "Redis refuses AUTH with this user and password (" + word + ")");
    });
  }
  if (url_.db != 0) greet_with(make_request({"SELECT", std::to_string(url_.db)}), must);
  greet_with(make_request({"CLIENT", "SETNAME", client_name_}), [](const Reply&) {});
  greet_with(make_request({"INFO"}), [this](const Reply& reply) { learn(reply); });
  greet_with(make_request({"PING"}), [this, must](const Reply& reply) {
    // An ACL without PING still lets us work; everything else that PING can meet is a reason not to begin.
    if (reply.kind == Reply::Kind::kError && error_meaning(reply.text).drop) return must(reply);
    greeted();
  });
}

void RedisConnection::learn(const Reply& info) {
  facts_ = {};
  if (info.kind == Reply::Kind::kText) {
    facts_.version = field_of(info.text, "redis_version");
    facts_.eviction_policy = field_of(info.text, "maxmemory_policy");
    facts_.evicts = facts_.eviction_policy.starts_with("allkeys");
    if (field_of(info.text, "role") == "slave") drop_after_replies_ = error_meaning("READONLY").status;
  }
  if (said_policy_) return;
  if (facts_.evicts) {
    log_warn(
        "Redis may evict checkpoints: set maxmemory-policy noeviction (or a volatile one); lanes whose pages are gone are rebuilt from the "
        "log",
        {{"redis", url_.shown()}, {"maxmemory_policy", facts_.eviction_policy}});
    said_policy_ = true;
  } else if (facts_.eviction_policy.empty() && info.kind == Reply::Kind::kError &&
             error_meaning(info.text).status.code() == Code::kDenied) {
    log_warn("Redis forbids INFO to this user: whether it evicts checkpoints is not known", {{"redis", url_.shown()}});
    said_policy_ = true;
  }
}

void RedisConnection::greeted() {
  if (!drop_after_replies_) return;
  state_ = State::kReady;
  backoff_.reset();
  if (said_away_) log_info("Redis is back", {{"redis", url_.shown()}});
  said_away_ = false;
}

void RedisConnection::exchange(Time start) {
  size_t rounds = 0;
  while (state_ == State::kGreeting || state_ == State::kReady) {
    const bool wrote = write_some();
    const bool got = socket_ && read_some();
    if (!wrote && !got) return;
    const Time now = steady_clock::now();
    progress_at_ = now;
    if (now - start >= kBudgetTime || ++rounds * kReadBytes >= kBudgetBytes) {
      more_ = true;
      return;
    }
  }
}

bool RedisConnection::write_some() {
  if (state_ == State::kReady) {
    if (in_flight_.empty() && !waiting_.empty()) progress_at_ = steady_clock::now();
    for (size_t unsent = in_flight_.size() - sent_; unsent < kPieces && !waiting_.empty(); ++unsent) {
      in_flight_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
  std::array<std::string_view, kPieces + 3> pieces;
  size_t count = 0;
  size_t skip = sent_offset_;
  for (size_t i = sent_; i < in_flight_.size() && count < kPieces; ++i) {
    const Request& request = in_flight_[i].request;
    for (const std::string* part : {&request.head, &request.body, &request.tail}) {
      const size_t passed = std::min(skip, part->size());
      skip -= passed;
      if (passed < part->size()) pieces[count++] = std::string_view(*part).substr(passed);
    }
  }
  if (count == 0) return false;
  auto sent = socket_->write(std::span(pieces.data(), count));
  if (!sent) {
    drop(sent.status());
    return false;
  }
  count_sent(*sent);
  return *sent > 0;
}

void RedisConnection::count_sent(size_t bytes) {
  sent_offset_ += bytes;
  while (sent_ < in_flight_.size() && sent_offset_ >= in_flight_[sent_].request.size()) {
    sent_offset_ -= in_flight_[sent_].request.size();
    in_flight_[sent_].request = {};  // the memory of a page goes as soon as the socket has it
    ++sent_;
  }
}

bool RedisConnection::read_some() {
  auto got = socket_->read(read_buffer_.data(), read_buffer_.size());
  if (!got) {
    drop(got.status());
    return false;
  }
  if (*got == 0) return false;
  if (Status status = reader_->feed({read_buffer_.data(), *got}); !status) {
    drop(std::move(status));
    return false;
  }
  deliver();
  return true;
}

void RedisConnection::deliver() {
  while (reader_) {
    auto reply = reader_->next();
    if (!reply) return drop(reply.status());
    if (!*reply) return;
    if (in_flight_.empty() || sent_ == 0) {
      // Unasked, so about the connection itself ("max number of clients reached").
      const bool is_error = (*reply)->kind == Reply::Kind::kError;
      return drop(is_error ? Status(Code::kUnavailable, error_meaning((*reply)->text).status.message())
                           : Status(Code::kCorrupt, "a reply that nobody asked for"));
    }
    answer_front(std::move(*reply));
    if (!drop_after_replies_) return drop(std::exchange(drop_after_replies_, Status::ok()));
  }
}

void RedisConnection::answer_front(std::unique_ptr<Reply> reply) {
  Pending answered = std::move(in_flight_.front());
  in_flight_.pop_front();
  --sent_;
  pending_bytes_ -= answered.bytes;
  if (answered.greeting || reply->kind != Reply::Kind::kError) return answered.on_reply(std::move(*reply));
  ErrorMeaning meaning = error_meaning(reply->text);
  if (meaning.drop) drop_after_replies_ = meaning.status;
  answered.on_reply(std::move(meaning.status));
}

void RedisConnection::check_deadline(Time now) {
  const auto quiet = now - progress_at_;
  if ((state_ == State::kResolving || state_ == State::kConnecting) && quiet >= milliseconds(config_.connect_timeout_ms)) {
    return drop({Code::kUnavailable, "no connection within " + std::to_string(config_.connect_timeout_ms) + " ms"});
  }
  if (!in_flight_.empty() && quiet >= milliseconds(config_.request_timeout_ms)) {
    return drop({Code::kUnavailable, "no answer within " + std::to_string(config_.request_timeout_ms) + " ms"});
  }
}

void RedisConnection::drop(Status why) {
  state_ = State::kAway;
  socket_.reset();
  reader_.reset();
  drop_after_replies_ = Status::ok();
  const int64_t delay_ms = backoff_.next_ms();
  retry_at_ = steady_clock::now() + milliseconds(delay_ms);
  if (!said_away_ || trouble_.message() != why.message()) {
    log_warn("Redis is away; trying again", {{"redis", url_.shown()}, {"reason", why.message()}});
  }
  said_away_ = true;
  trouble_ = why.code() == Code::kDenied ? std::move(why) : Status(Code::kUnavailable, why.message());
  fail_all(trouble_);
}

void RedisConnection::fail_all(const Status& why) {
  const Status reason = why;
  std::deque<Pending> failed;
  failed.swap(in_flight_);
  for (Pending& pending : waiting_) failed.push_back(std::move(pending));
  waiting_.clear();
  sent_ = sent_offset_ = 0;
  for (const Pending& pending : failed) pending_bytes_ -= pending.bytes;
  for (Pending& pending : failed) {
    if (!pending.greeting) pending.on_reply(reason);
  }
}

}  // namespace headroom
