#include "spot/spot_watcher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <system_error>
#include <type_traits>

#include "base/log.h"

namespace headroom {
namespace {

constexpr const char* kEndpoint = "http://169.254.169.254";
// All providers are asked at once, so this is what looking for them takes where a packet to their address goes nowhere.
constexpr int64_t kSearchMs = 1500;
constexpr int64_t kMostPauseMs = 5000;
constexpr int64_t kFirstSearchPauseMs = 5000;
constexpr int64_t kMostSearchPauseMs = 60'000;

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

SpotWatcher::SpotWatcher(const SpotConfig& config, SpotListener& listener)
    : config_(config),
      listener_(listener),
      client_(config.endpoint.empty() ? kEndpoint : config.endpoint),
      notices_(config),
      provider_(config.provider),
      looks_(config.poll_interval_ms, std::max(config.poll_interval_ms, kMostPauseMs), std::random_device()()),
      searches_(kFirstSearchPauseMs, kMostSearchPauseMs, std::random_device()()) {
  choose(config.provider);
}

void SpotWatcher::choose(SpotProvider provider) {
  provider_ = provider;
  if (provider == SpotProvider::kAws) source_.emplace<AwsMetadata>(config_.request_timeout_ms);
  if (provider == SpotProvider::kGcp) source_.emplace<GcpMetadata>(config_.request_timeout_ms);
  if (provider == SpotProvider::kAzure) source_.emplace<AzureMetadata>(config_.request_timeout_ms);
}

Status SpotWatcher::start() {
  try {
    thread_ = std::thread([this] { main(); });
  } catch (const std::system_error& error) {
    return {Code::kInternal, std::string("no thread to watch for spot notices: ") + error.what()};
  }
  return Status::ok();
}

void SpotWatcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  client_.cancel();
  if (thread_.joinable()) thread_.join();
}

void SpotWatcher::wait_first_look(int64_t most_ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(most_ms), [this] { return looked_ || stopping_; });
}

// False: asked to stop.
bool SpotWatcher::pause(int64_t ms) {
  std::unique_lock lock(mutex_);
  looked_ = true;
  changed_.notify_all();
  return !changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return stopping_; });
}

void SpotWatcher::main() {
  while (std::holds_alternative<std::monostate>(source_)) {
    if (find()) break;
    if (!pause(searches_.next_ms())) return;
  }
  log_info("watching for spot notices", {{"provider", spot_provider_name(provider_)}, {"found", config_.provider == SpotProvider::kAuto}});
  do {
    if (look()) looks_.reset();
  } while (pause(looks_.next_ms()));
}

bool SpotWatcher::find() {
  const std::array<MetadataRequest, 3> questions = {AwsMetadata::identity(kSearchMs), GcpMetadata::identity(kSearchMs),
                                                    AzureMetadata::identity(kSearchMs)};
  const auto answers = client_.ask_all(questions);
  if (answers[0] && AwsMetadata::recognises(*answers[0])) choose(SpotProvider::kAws);
  if (answers[1] && GcpMetadata::recognises(*answers[1])) choose(SpotProvider::kGcp);
  if (answers[2] && AzureMetadata::recognises(*answers[2])) choose(SpotProvider::kAzure);
  if (!std::holds_alternative<std::monostate>(source_)) return true;
  if (!said_none_) log_info("no cloud's metadata service answers; going on without spot notices, asking again now and then");
  said_none_ = true;
  return false;
}

bool SpotWatcher::look() {
  auto told = std::visit(
      [this](auto& source) -> Result<std::vector<Notice>> {
        if constexpr (std::is_same_v<std::decay_t<decltype(source)>, std::monostate>)
          return Status(Code::kInternal, "no provider");
        else
          return source.look(client_);
      },
      source_);
  if (told.status().code() == Code::kAborted) return false;
  note_look(told.status());
  if (told) tell(notices_.update(*told, wall_ms()));
  return told.is_ok();
}

void SpotWatcher::note_look(const Status& status) {
  const int up = status ? 1 : 0;
  if (up == up_) return;
  const std::string_view provider = spot_provider_name(provider_);
  if (!status)
    log_warn("spot notices cannot be seen; trying again", {{"provider", provider}, {"why", status.message()}});
  else if (up_ == 0)
    log_info("spot notices can be seen again", {{"provider", provider}});
  up_ = up;
  listener_.on_watch(provider_, status.is_ok());
}

void SpotWatcher::tell(const NoticeChange& change) {
  for (const Notice& notice : change.fresh) listener_.on_notice(notice);
  if (change.due) listener_.on_due(*change.due);
  if (change.withdrawn) listener_.on_withdrawn();
}

}  // namespace headroom
