#include "cli/collect_csv.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/concat.h"
#include "cli/durable_file.h"

namespace headroom {
namespace {

constexpr const char* kProgress = "progress.json";

Status cannot(const char* what, const std::string& path) {
  return {Code::kInvalid, concat("cannot ", what, " ", path, ": ", std::strerror(errno))};
}

}  // namespace

CollectCsv::~CollectCsv() {
  if (folder_ >= 0) ::close(folder_);
}

std::string CollectCsv::file_of(const std::string& target) {
  std::string name;
  for (const char c : target) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    name += plain ? c : '_';
  }
  if (name.empty() || name.front() == '.' || name.front() == '-') name.insert(0, "_");
  return name.substr(0, 200) + ".csv";
}

std::string CollectCsv::place(const std::string& name) const {
  return concat(options_.folder, "/", name);
}

Result<CollectProgress> CollectCsv::begin(const CollectProgress& asked) {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  folder_ = ::open(options_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) return cannot("open the folder", options_.folder);
  if (::flock(folder_, LOCK_EX | LOCK_NB) != 0)
    return Status(Code::kInvalid, concat("another process is collecting into ", options_.folder));
  const auto found = load_progress(place(kProgress));
  if (!found && !options_.restart) return Status(Code::kInvalid, concat(found.status().message(), "; --restart begins anew"));
  progress_ = asked;
  // One that has written nothing binds nobody.
  if (found && *found && !(*found)->files.empty()) {
    const std::string other = difference((*found)->what, asked.what);
    if (!other.empty() && !options_.restart)
      return Status(Code::kInvalid, concat(options_.folder, " holds another collection: ", other, "; choose another folder, or --restart"));
    if (!options_.restart && asked.from_ms < (*found)->from_ms)
      return Status(Code::kInvalid, concat(options_.folder, " begins later than --from; choose another folder, or --restart"));
    if (!options_.restart) progress_ = **found;
    for (const auto& [name, bytes] : (*found)->files)
      if (options_.restart) std::filesystem::remove(place(name), error);
  }
  if (const Status saved = save_progress(place(kProgress), progress_); !saved) return saved;
  if (const Status cut = cut_back(); !cut) return cut;
  return progress_;
}

// What stands behind the bytes of whole steps was being written when the last run was killed.
Status CollectCsv::cut_back() {
  for (const auto& [name, bytes] : progress_.files) {
    const std::string path = place(name);
    std::error_code error;
    const uint64_t size = std::filesystem::file_size(path, error);
    if (error && bytes == 0) continue;
    if (error || size < bytes) return {Code::kInvalid, concat(path, " is shorter than the last run has left it; --restart begins anew")};
    if (size > bytes && ::truncate(path.c_str(), static_cast<off_t>(bytes)) != 0) return cannot("cut", path);
  }
  return Status::ok();
}

// A file's name is taken in the progress before the file is made, so that a file of somebody else's is never taken for one of ours.
Status CollectCsv::claim(const std::map<std::string, Table>& tables) {
  bool news = false;
  for (const auto& [name, table] : tables) {
    const auto [known, is_new] = targets_.emplace(name, table.target);
    if (!is_new && known->second != table.target)
      return {Code::kInvalid, concat("the targets ", known->second, " and ", table.target, " would both be written to ", place(name))};
    if (progress_.files.count(name) != 0) continue;
    if (std::filesystem::exists(place(name)))
      return {Code::kInvalid, concat(place(name), " is there already and not of this collection; choose another folder")};
    progress_.files.emplace(name, 0);
    news = true;
  }
  return news ? save_progress(place(kProgress), progress_) : Status::ok();
}

std::string CollectCsv::text_of(const CollectMapping& mapping, const Table& table, bool with_header) {
  std::string out;
  if (with_header) {
    out = "time_ms,value";
    for (size_t query = 1; query < mapping.queries.size(); ++query) out += concat(",", mapping.queries[query].name);
    out += '\n';
  }
  for (const auto& [time_ms, row] : table.rows) {
    if (!row.front()) {
      ++without_value_;
      continue;
    }
    out += std::to_string(time_ms);
    for (const auto& value : row) {
      out += ',';
      if (value) append_value(*value, out);
    }
    out += '\n';
    ++rows_;
  }
  return out;
}

Status CollectCsv::write(const CollectMapping& mapping, const Collected& collected, const CollectWindow& window) {
  std::map<std::string, Table> tables;
  for (const auto& series : collected.series) {
    Table& table = tables[file_of(series.target)];
    if (!table.target.empty() && table.target != series.target)
      return {Code::kInvalid,
              concat("the targets ", table.target, " and ", series.target, " would both be written to ", place(file_of(series.target)))};
    table.target = series.target;
    for (const auto& point : series.points) {
      Row& row = table.rows[point.time_ms];
      row.resize(mapping.queries.size());
      row[series.query] = point.value;
    }
  }
  if (const Status claimed = claim(tables); !claimed) return claimed;
  CollectProgress after = progress_;
  after.next_ms = window.to_ms + window.step_ms;
  for (const auto& [name, table] : tables) {
    uint64_t& bytes = after.files[name];
    const std::string text = text_of(mapping, table, bytes == 0);
    if (const Status appended = append_durably(place(name), text); !appended) return appended;
    bytes += text.size();
  }
  if (const Status saved = save_progress(place(kProgress), after); !saved) return saved;
  progress_ = std::move(after);
  return Status::ok();
}

std::string CollectCsv::summary() const {
  return concat(std::to_string(rows_), " rows in ", std::to_string(targets_.size()), targets_.size() == 1 ? " file of " : " files of ",
                options_.folder,
                without_value_ == 0 ? "" : concat(", ", std::to_string(without_value_), " steps without the first query's value left out"));
}

}  // namespace headroom
