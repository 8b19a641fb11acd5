#include "cli/demo_workers.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/concat.h"
#include "cli/local_http.h"

namespace headroom::demo {

Status WorkerProcess::start() {
  std::error_code error;
  const auto size = std::filesystem::file_size(log_file_, error);
  log_from_ = error ? 0 : static_cast<int64_t>(size);
  auto child = Child::start({{binary_, "run", "--config", config_, "--slot", slot_}, log_file_});
  if (!child) return child.status();
  child_ = std::move(*child);
  view_ = {.slot = slot_, .pid = child_->pid(), .running = true, .killed = false, .address = {}, .lanes = {}};
  return Status::ok();
}

void WorkerProcess::kill() {
  if (!child_) return;
  child_->signal(SIGKILL);
  child_->wait(-1);
  view_.running = false;
  view_.killed = true;
  view_.lanes.clear();
}

void WorkerProcess::request_stop() {
  if (child_) child_->signal(SIGTERM);
}

std::optional<int> WorkerProcess::wait(int timeout_ms) {
  return child_ ? child_->wait(timeout_ms) : std::nullopt;
}

const WorkerView& WorkerProcess::look() {
  view_.running = child_ && child_->running();
  if (!view_.running) {
    view_.lanes.clear();
    return view_;
  }
  if (view_.address.empty()) find_address();
  if (view_.address.empty()) return view_;
  const auto status = local_get(view_.address, "/api/v1/status", 500);
  if (!status) return view_;
  if (auto lanes = parse_status(*status)) view_.lanes = std::move(*lanes);
  return view_;
}

void WorkerProcess::find_address() {
  std::ifstream log(log_file_);
  log.seekg(log_from_);
  constexpr std::string_view kField = " address=";
  for (std::string line; std::getline(log, line);) {
    const size_t field = line.find(kField);
    if (line.find("msg=\"serving metrics\"") == std::string::npos || field == std::string::npos) continue;
    const size_t begin = field + kField.size();
    view_.address = line.substr(begin, line.find(' ', begin) - begin);
  }
}

Result<std::vector<LaneView>> parse_status(const std::string& json) {
  const auto status = nlohmann::json::parse(json, nullptr, false);
  const auto broken = Status(Code::kCorrupt, "the worker's status is not what was expected");
  if (!status.is_object() || !status.contains("workers") || !status["workers"].is_array()) return broken;
  std::vector<LaneView> lanes;
  for (const auto& worker : status["workers"]) {
    if (!worker.is_object() || !worker.contains("lanes")) return broken;
    for (const auto& lane : worker["lanes"]) {
      const auto number = [&](const char* name) {
        return lane.contains(name) && lane[name].is_number_integer() ? lane[name].get<int64_t>() : int64_t{-1};
      };
      const auto text = [&](const char* name) {
        return lane.contains(name) && lane[name].is_string() ? lane[name].get<std::string>() : "";
      };
      if (!lane.is_object()) return broken;
      lanes.push_back({text("lane"), text("phase"), number("committed"), number("log_end")});
    }
  }
  return lanes;
}

}  // namespace headroom::demo
