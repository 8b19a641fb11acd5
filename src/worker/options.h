#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace headroom {

struct WorkerOptions {
  std::string installation;
  std::string topology;
  std::string slot;    // [A-Za-z0-9._-], unique in the installation
  std::string run_id;  // random, of this process and worker; names pages and manifests
  EngineConfig engine;
  size_t max_pending_bytes = 256 << 20;  // pages queued for the store; above it the loop waits
  uint64_t function = 0;                 // hash of what the lanes' function depends on beside their input
  bool rebuild = false;                  // lanes that would pause for a changed topic or state are rebuilt instead, as a new incarnation
};

}  // namespace headroom
