#include "cli/spot_departure.h"

#include <algorithm>

#include "base/log.h"
#include "base/time_text.h"
#include "worker/system_clock.h"

namespace headroom {
namespace {

// A healthy metadata service answers in milliseconds: a process that was started on a machine that goes takes no lanes.
constexpr int64_t kFirstLookMs = 300;
// Leaving is tried however late a notice comes.
constexpr int64_t kLeastLeaveMs = 2000;

std::string deadline_text(const Notice& notice) {
  return notice.deadline_ms == 0 ? "any moment" : format_rfc3339(notice.deadline_ms);
}

}  // namespace

SpotDeparture::SpotDeparture(const SpotConfig& config, bool in_pod, WorkerMetrics& metrics, std::function<void()> wake)
    : config_(config),
      sigterm_is_notice_(config.provider == SpotProvider::kKubernetes || (config.provider == SpotProvider::kAuto && in_pod)),
      metrics_(metrics),
      wake_(std::move(wake)) {
  view_.provider = config.provider;
}

SpotDeparture::~SpotDeparture() {
  stop();
}

Status SpotDeparture::start() {
  if (config_.provider == SpotProvider::kOff) return Status::ok();
  metrics_.set_spot_deadline(0);
  if (config_.provider == SpotProvider::kKubernetes) return Status::ok();
  SpotListener& listener = *this;
  watcher_ = std::make_unique<SpotWatcher>(config_, listener);
  const Status started = watcher_->start();
  if (started) watcher_->wait_first_look(kFirstLookMs);
  return started;
}

void SpotDeparture::stop() {
  if (watcher_) watcher_->stop();
}

SpotView SpotDeparture::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

bool SpotDeparture::due() const {
  const std::lock_guard lock(mutex_);
  return view_.notice.has_value();
}

bool SpotDeparture::over(int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  return view_.left && (withdrawn_ || now_ms >= view_.drained_until_ms);
}

int64_t SpotDeparture::left_ms(int64_t now_ms) const {
  const std::lock_guard lock(mutex_);
  if (!view_.notice || view_.notice->deadline_ms == 0) return INT64_MAX;
  return std::max(kLeastLeaveMs, view_.notice->deadline_ms - now_ms);
}

void SpotDeparture::note_sigterm() {
  if (!sigterm_is_notice_ || due()) return;
  const Notice notice{SpotProvider::kKubernetes, NoticeKind::kSigterm, 0};
  on_notice(notice);
  on_due(notice);
}

void SpotDeparture::note_left(int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  if (!view_.notice) return;
  const int64_t took_us = SystemClock().steady_us() - due_since_us_;
  metrics_.spot_leave(static_cast<double>(took_us) * 1e-6);
  view_.left = true;
  view_.drained_until_ms = std::max(now_ms, view_.notice->deadline_ms) + config_.stay_drained_ms;
  log_info("left on a spot notice", {{"provider", spot_provider_name(view_.notice->provider)},
                                     {"kind", notice_kind_name(view_.notice->kind)},
                                     {"took_ms", took_us / 1000}});
}

void SpotDeparture::on_watch(SpotProvider provider, bool up) {
  metrics_.set_spot_watch(spot_provider_name(provider), up);
  const std::lock_guard lock(mutex_);
  view_.provider = provider;
  view_.watching = up;
}

void SpotDeparture::on_notice(const Notice& notice) {
  metrics_.spot_notice(spot_provider_name(notice.provider), notice_kind_name(notice.kind));
  log_warn(
      "spot notice",
      {{"provider", spot_provider_name(notice.provider)}, {"kind", notice_kind_name(notice.kind)}, {"deadline", deadline_text(notice)}});
}

void SpotDeparture::on_due(const Notice& notice) {
  const SystemClock clock;
  metrics_.set_spot_deadline(static_cast<double>(notice.deadline_ms == 0 ? clock.wall_ms() : notice.deadline_ms) * 1e-3);
  {
    const std::lock_guard lock(mutex_);
    view_.notice = notice;
    due_since_us_ = clock.steady_us();
  }
  log_warn(
      "leaving on a spot notice",
      {{"provider", spot_provider_name(notice.provider)}, {"kind", notice_kind_name(notice.kind)}, {"deadline", deadline_text(notice)}});
  wake_();
}

void SpotDeparture::on_withdrawn() {
  {
    const std::lock_guard lock(mutex_);
    if (withdrawn_) return;
    withdrawn_ = true;
  }
  log_info("the spot notice was withdrawn");
  wake_();
}

}  // namespace headroom
