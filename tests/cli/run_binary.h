#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// Runs the real binary, for tests of the command line.
namespace headroom::testing {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// A folder of one test, gone with it.
class TestFolder {
 public:
  TestFolder() {
    std::string name = ::testing::TempDir() + "headroom_cli_XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// `shell` as sh -c takes it, `input` on its standard input.
inline Ran run_shell(const std::string& shell, const std::string& input = {}) {
  const TestFolder folder;
  const std::string in = folder.write("in", input);
  const int status =
      std::system(("{ " + shell + "\n} <" + quoted(in) + " >" + quoted(folder.file("out")) + " 2>" + quoted(folder.file("err"))).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, read_text(folder.file("out")), read_text(folder.file("err"))};
}

inline Ran run_headroom(const std::vector<std::string>& words, const std::string& input = {}) {
  std::string shell = quoted(HEADROOM_BINARY);
  for (const auto& word : words) shell += " " + quoted(word);
  return run_shell(shell, input);
}

}  // namespace headroom::testing
