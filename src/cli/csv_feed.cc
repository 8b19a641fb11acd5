#include "cli/csv_feed.h"

#include <utility>

#include "base/concat.h"

namespace headroom {

namespace {

std::string stem_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

}  // namespace

Result<std::unique_ptr<CsvFeed>> CsvFeed::open(const std::vector<std::string>& paths, char delimiter, const CsvMapping& mapping,
                                               OnFault on_fault) {
  std::unique_ptr<CsvFeed> feed(new CsvFeed(std::move(on_fault)));
  for (const auto& path : paths)
    if (Status added = feed->add(path, delimiter, mapping); !added) return added;
  for (auto& file : feed->files_)
    if (Status status = feed->advance(file); !status) return status;
  return feed;
}

Status CsvFeed::add(const std::string& path, char delimiter, const CsvMapping& mapping) {
  auto bytes = open_bytes(path);
  if (!bytes) return bytes.status();
  File file{path, std::make_unique<CsvReader>(std::move(*bytes), delimiter), nullptr, {}};
  CsvRow header;
  std::string why;
  const auto read = file.reader->next(header, why);
  if (!read) return read.status();
  if (*read == CsvReader::Outcome::kEnd) return {Code::kInvalid, concat(path, " is empty: the first line must name the columns")};
  if (*read == CsvReader::Outcome::kBadRow) return {Code::kInvalid, concat(path, ":", std::to_string(header.line), ": ", why)};
  auto mapper = CsvMapper::make(mapping, header.fields, stem_of(path));
  if (!mapper) return {Code::kInvalid, concat(path, ": ", mapper.status().message())};
  file.mapper = std::make_unique<CsvMapper>(std::move(*mapper));
  files_.push_back(std::move(file));
  return Status::ok();
}

void CsvFeed::fault(const File& file, uint64_t line, const std::string& what) {
  on_fault_(concat(file.name, ":", std::to_string(line), ": ", what));
}

Status CsvFeed::advance(File& file) {
  file.waiting.clear();
  CsvRow row;
  std::string why;
  while (file.waiting.empty()) {
    const auto read = file.reader->next(row, why);
    if (!read) return read.status();
    if (*read == CsvReader::Outcome::kEnd) break;
    ++counts_.rows;
    if (*read == CsvReader::Outcome::kBadRow) {
      ++counts_.bad_rows;
      fault(file, row.line, why);
      continue;
    }
    CsvSamples mapped = file.mapper->map(row.fields);
    counts_.bad_rows += mapped.faults.empty() ? 0 : 1;
    counts_.empty_cells += mapped.empty_cells;
    for (const auto& what : mapped.faults) fault(file, row.line, what);
    file.waiting = std::move(mapped.samples);
  }
  return Status::ok();
}

Result<std::vector<CsvSample>> CsvFeed::next() {
  File* earliest = nullptr;
  for (auto& file : files_) {
    if (file.waiting.empty()) continue;
    if (!earliest || file.waiting.front().time_ms < earliest->waiting.front().time_ms) earliest = &file;
  }
  if (!earliest) return std::vector<CsvSample>();
  std::vector<CsvSample> samples = std::move(earliest->waiting);
  if (Status status = advance(*earliest); !status) return status;
  return samples;
}

}  // namespace headroom
