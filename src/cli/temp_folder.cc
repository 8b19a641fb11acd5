#include "cli/temp_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/concat.h"

namespace headroom {

Result<TempFolder> TempFolder::make(const std::string& prefix) {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  if (error) return Status(Code::kInternal, concat("there is no folder for temporary files (TMPDIR): ", error.message()));
  std::string path = (parent / concat(prefix, ".XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) return Status(Code::kInternal, concat(path, ": ", std::strerror(errno)));
  return TempFolder(path);
}

TempFolder::~TempFolder() {
  if (path_.empty() || kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace headroom
