#pragma once

#include <string>

#include "headroom/status.h"

namespace headroom {

// A new, private folder among the system's temporary files, removed with all in it when this object goes, unless it is to be kept.
class TempFolder {
 public:
  static Result<TempFolder> make(const std::string& prefix);
  TempFolder(TempFolder&& other) noexcept : path_(std::move(other.path_)), kept_(other.kept_) { other.path_.clear(); }
  TempFolder& operator=(TempFolder&&) = delete;
  ~TempFolder();

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void keep() { kept_ = true; }

 private:
  explicit TempFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
  bool kept_ = false;
};

}  // namespace headroom
