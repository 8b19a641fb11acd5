#pragma once

#include <string_view>

namespace headroom {

// The steps of a flip as Lua scripts, each atomic and short (about 1,000 pages, a few milliseconds of Redis), because one script over tens
// of thousands of pages would hold Redis for 0.2 s and more (measured). A flip is atomic all the same: a staged manifest is built beside
// the current one and put in its place by a rename, after checking everything anew.
//
// KEYS: 1 manifest, 2 staged manifest, 3 replaced manifest. All are hashes: owner, epoch (20 digits), core, and "p<store>.<page>" -> page
// name. ARGV[1] is always the prefix of page keys. Pages of a staged or replaced manifest that the current one does not name are deleted
// ("swept").
struct FlipScript {
  // ARGV: prefix, epoch, owner, "1" or "" (an expected owner is given), expected owner. "ok", "newer", "other", or "sweep 2" / "sweep 3":
  // left-overs at that key must be swept first; a staged manifest left there is taken from whoever was building it.
  static const std::string_view kBegin;
  // ARGV: prefix, owner, number of changed fields, field, name, ..., dropped fields. "ok" or "other".
  static const std::string_view kStage;
  // ARGV: prefix, owner, cursor. The next cursor, "0" at the end; "other"; "missing": the staged manifest has lost its owner and is to be
  // swept.
  static const std::string_view kVerify;
  // ARGV: as kBegin, then core. "ok", "newer", "other".
  static const std::string_view kCommit;
  // ARGV: prefix, which key (2 or 3), cursor. The next cursor, "0" at the end: the key is gone, or is a staged manifest that has an owner.
  static const std::string_view kSweep;
};

inline constexpr size_t kPagesPerStage = 1000;

}  // namespace headroom
