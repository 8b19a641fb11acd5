#include "cli/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "base/concat.h"

namespace headroom {
namespace {

// Between fork and exec: only what is safe in a process that had other threads. The errno of a failed exec goes through `report`.
[[noreturn]] void become(char* const* arguments, int log, int report, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(125);  // it ended before that
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  sigaction(SIGPIPE, &usual, nullptr);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  dup2(report, 3);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  close_range(4, ~0U, 0);
  execvp(arguments[0], arguments);
  const int reason = errno;
  if (write(3, &reason, sizeof reason) < 0) _exit(126);
  _exit(127);
}

// Waits until the child has become the program; the errno of why it did not, else 0.
int exec_error(int report) {
  int reason = 0;
  ssize_t size = 0;
  do size = read(report, &reason, sizeof reason);
  while (size < 0 && errno == EINTR);
  return size == sizeof reason ? reason : 0;
}

}  // namespace

Result<Child> Child::start(const ChildOptions& options) {
  std::vector<char*> arguments;
  for (const auto& argument : options.command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int log = open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return Status(Code::kInternal, concat(options.log_file, ": ", std::strerror(errno)));
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) {
    close(log);
    return Status(Code::kInternal, concat("pipe: ", std::strerror(errno)));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  const int fork_error = errno;
  if (pid == 0) become(arguments.data(), log, report[1], parent);
  close(log);
  close(report[1]);
  const int reason = pid < 0 ? fork_error : exec_error(report[0]);
  close(report[0]);
  if (pid < 0) return Status(Code::kInternal, concat("fork: ", std::strerror(reason)));
  Child child(pid);
  if (reason != 0) {
    child.wait(-1);
    return Status(reason == ENOENT ? Code::kNotFound : Code::kInternal, concat(options.command[0], ": ", std::strerror(reason)));
  }
  return child;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

Child::~Child() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  wait(-1);
}

bool Child::running() {
  look(false);
  return pid_ > 0 && !status_;
}

void Child::signal(int number) {
  if (running()) kill(pid_, number);
}

std::optional<int> Child::wait(int timeout_ms) {
  if (timeout_ms < 0) look(true);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (running() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return status_;
}

void Child::look(bool block) {
  if (status_ || pid_ < 0) return;
  int status = 0;
  pid_t ended = 0;
  do ended = waitpid(pid_, &status, block ? 0 : WNOHANG);
  while (ended < 0 && errno == EINTR);
  if (ended == pid_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace headroom
