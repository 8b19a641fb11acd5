#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/collect_progress.h"
#include "cli/collect_sink.h"

namespace headroom {

struct CollectCsvOptions {
  std::string folder;
  bool restart = false;  // begin anew: overwrite what an earlier run has written
};

// A folder with one CSV a target: `time_ms,value[,name...]`, the first query's values as `value`, a row for each step at which it has one.
// Beside them stands progress.json. One process at a time; one thread.
class CollectCsv : public CollectSink {
 public:
  explicit CollectCsv(CollectCsvOptions options) : options_(std::move(options)) {}
  ~CollectCsv() override;

  Result<CollectProgress> begin(const CollectProgress& asked) override;
  Status write(const CollectMapping& mapping, const Collected& collected, const CollectWindow& window) override;
  std::string summary() const override;

  // The target's name as a file's: what is neither letter, digit nor one of _ . - becomes _.
  static std::string file_of(const std::string& target);

 private:
  using Row = std::vector<std::optional<double>>;  // by query
  using Rows = std::map<int64_t, Row>;             // by time
  struct Table {
    std::string target;
    Rows rows;
  };

  Status cut_back();
  Status claim(const std::map<std::string, Table>& tables);
  std::string text_of(const CollectMapping& mapping, const Table& table, bool with_header);
  std::string place(const std::string& name) const;

  const CollectCsvOptions options_;
  CollectProgress progress_;
  std::map<std::string, std::string> targets_;  // by file name, of this run
  int folder_ = -1;
  uint64_t rows_ = 0;
  uint64_t without_value_ = 0;
};

}  // namespace headroom
