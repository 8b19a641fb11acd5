#include "operators/lag_attribution.h"

#include <algorithm>
#include <cmath>

#include "operators/alert_template.h"

namespace headroom {
namespace {

std::optional<int64_t> micro_of(std::optional<double> value) {
  if (!value || !(std::abs(*value) < 1e12)) return std::nullopt;
  return std::llrint(*value * 1e6);
}

void remember(LagAttribution::State& state, const LagStanding& standing) {
  const LagContext& context = standing.context;
  // Contexts may come late from another source.
  if (standing.time_ms < state.time_ms) return;
  state.time_ms = standing.time_ms;
  state.target = context.target;
  state.host = context.host;
  state.lying_factor_micro = micro_of(context.lying_factor_cores);
  state.cpu_used_ratio_micro = micro_of(context.cpu_used_ratio);
  state.host_cpu_ratio_micro = micro_of(context.host_cpu_ratio);
}

AlertAttribution attribution_of(const LagAttribution::State& state, int64_t time_ms) {
  AlertAttribution out;
  if (state.time_ms == 0 || std::abs(time_ms - state.time_ms) > LagAttribution::kFreshMs) return out;
  out.context_ms = state.time_ms;
  out.target = state.target;
  out.host = state.host;
  out.lying_factor_micro = state.lying_factor_micro;
  out.cpu_used_ratio_micro = state.cpu_used_ratio_micro;
  out.host_cpu_ratio_micro = state.host_cpu_ratio_micro;
  const bool uses_more = state.lying_factor_micro.has_value() && *state.lying_factor_micro < 0;
  if (uses_more || state.cpu_used_ratio_micro > LagAttribution::kFullMicro)
    out.cause = AlertCause::kOutOfCpu;
  else if (state.host_cpu_ratio_micro > LagAttribution::kFullMicro)
    out.cause = AlertCause::kHotHost;
  else
    out.cause = AlertCause::kNoneSeen;
  return out;
}

}  // namespace

LagAttribution::LagAttribution(const LagDetectorParams& params)
    : texts_(std::make_shared<const Texts>(Texts{params.title, params.text, params.resolved_text})) {}

StateKey LagAttribution::key(const LagFinding& in) {
  if (in.alert) return {in.alert->evidence.cluster, in.alert->evidence.group};
  return {in.context->context.cluster, in.context->context.group};
}

std::optional<AlertEvent> LagAttribution::step(State& state, const LagFinding& in) const {
  if (in.context != nullptr) {
    remember(state, *in.context);
    return std::nullopt;
  }
  AlertEvent alert = *in.alert;
  const bool fires = alert.state == AlertState::kFiring;
  if (fires) alert.attribution = attribution_of(state, alert.time_ms);
  const std::string& text = fires ? texts_->text : texts_->resolved_text;
  alert.title = fill_template(texts_->title.empty() ? default_alert_title() : std::string_view(texts_->title), alert);
  alert.message = fill_template(text.empty() ? default_alert_text(alert) : std::string_view(text), alert);
  return alert;
}

}  // namespace headroom
