#pragma once

#include <map>
#include <string>
#include <utility>

#include "cli/asked_for.h"
#include "cli/tune_search.h"

namespace headroom {

// Remembers trials that are done, a line of JSON each behind one that says what they are of, so that a search that was ended goes on. A
// line that was cut by a kill is forgotten. One thread.
class TuneJournal {
 public:
  explicit TuneJournal(std::string path) : path_(std::move(path)) {}

  enum class Begin { kNew, kResume, kRestart };
  // kInvalid: there is a journal already and it is not told what to do with it, or it is of another search, or it cannot be written.
  // kCorrupt: it is none.
  Status begin(const AskedFor& asked, Begin how);
  const TuneResult* find(const TuneTrial& trial) const;
  // On the disk when it returns.
  Status add(const TuneTrial& trial, const TuneResult& result);
  void remove() const;

 private:
  Status load(const std::string& text, const AskedFor& asked);
  static std::string line_of(const TuneTrial& trial, const TuneResult& result);

  std::string path_;
  std::map<std::pair<size_t, size_t>, TuneResult> done_;  // by candidate and epochs
};

}  // namespace headroom
