#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>

#include "base/backoff.h"
#include "config/config.h"
#include "headroom/status.h"
#include "spot/aws_metadata.h"
#include "spot/azure_metadata.h"
#include "spot/gcp_metadata.h"
#include "spot/metadata_client.h"
#include "spot/notice.h"
#include "spot/standing_notices.h"

namespace headroom {

// What a watcher tells, from its own thread; must return soon.
class SpotListener {
 public:
  virtual ~SpotListener() = default;
  // Whether the provider's metadata service answered; told with the first look, and when it changes.
  virtual void on_watch(SpotProvider provider, bool up) = 0;
  virtual void on_notice(const Notice& notice) = 0;  // once, when it is first told
  virtual void on_due(const Notice& notice) = 0;     // time to leave; at most once
  virtual void on_withdrawn() = 0;                   // the machine stays after all
};

// Looks at the metadata service of the machine's provider again and again, on a thread of its own, until stopped. With `auto` it first
// finds out whose machine this is, by what only one of them answers; where none does it says so once and goes on asking now and then.
// Failures are logged when they begin and when they end, and make the looks seldomer, up to every 5 s.
class SpotWatcher {
 public:
  // `config.provider` is aws, gcp, azure or auto.
  SpotWatcher(const SpotConfig& config, SpotListener& listener);
  ~SpotWatcher() { stop(); }
  SpotWatcher(const SpotWatcher&) = delete;
  SpotWatcher& operator=(const SpotWatcher&) = delete;

  Status start();
  // Ends what is under way; nothing is told after this returned. Any thread but the watcher's.
  void stop();
  // Until the service was looked at, or looked for in vain, or for so long.
  void wait_first_look(int64_t most_ms);

 private:
  using Source = std::variant<std::monostate, AwsMetadata, GcpMetadata, AzureMetadata>;

  void main();
  bool find();
  bool look();
  void choose(SpotProvider provider);
  void tell(const NoticeChange& change);
  void note_look(const Status& status);
  bool pause(int64_t ms);

  const SpotConfig config_;
  SpotListener& listener_;
  MetadataClient client_;
  StandingNotices notices_;
  SpotProvider provider_;
  Source source_;
  int up_ = -1;  // as last told; -1: nothing yet
  bool said_none_ = false;
  Backoff looks_;
  Backoff searches_;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool looked_ = false;
};

}  // namespace headroom
