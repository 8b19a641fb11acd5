#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/csv_reader.h"
#include "cli/csv_samples.h"

namespace headroom {

struct CsvFeedCounts {
  uint64_t rows = 0;
  uint64_t bad_rows = 0;  // that could not be read, or with something wrong in them
  uint64_t empty_cells = 0;
};

// The rows of one or more CSV files as samples, merged by time: of the files' next rows the earliest comes first, of equal ones that of the
// file named first. A file's own order is kept. One thread.
class CsvFeed {
 public:
  // Told of each fault: "usage.csv:17: cpu: \"n/a\" is not a finite number".
  using OnFault = std::function<void(const std::string&)>;

  // "-" is standard input. kNotFound, kInvalid: a file cannot be opened, has no header, or the mapping does not fit it.
  static Result<std::unique_ptr<CsvFeed>> open(const std::vector<std::string>& paths, char delimiter, const CsvMapping& mapping,
                                               OnFault on_fault);

  // The samples of the next row that gave any; none at the end.
  Result<std::vector<CsvSample>> next();

  const CsvFeedCounts& counts() const { return counts_; }

 private:
  struct File {
    std::string name;
    std::unique_ptr<CsvReader> reader;
    std::unique_ptr<CsvMapper> mapper;
    std::vector<CsvSample> waiting;  // of the row that is next; empty at the end
  };

  explicit CsvFeed(OnFault on_fault) : on_fault_(std::move(on_fault)) {}
  Status add(const std::string& path, char delimiter, const CsvMapping& mapping);
  Status advance(File& file);
  void fault(const File& file, uint64_t line, const std::string& what);

  OnFault on_fault_;
  std::vector<File> files_;
  CsvFeedCounts counts_;
};

}  // namespace headroom
