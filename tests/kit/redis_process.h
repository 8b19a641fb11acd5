#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace headroom::kit {

// A private redis-server for tests: a directory of its own, a unix socket, and on request TCP and TLS on free loopback ports. Ends with the
// test, also when that is killed. One thread.
class RedisProcess {
 public:
  struct Options {
    bool tcp = false;
    bool tls = false;  // with certificates from the directory given, see TlsFixture
    std::string tls_directory;
    bool aof = false;  // appendfsync always: what was answered survives SIGKILL
    std::vector<std::string> extra;
  };

  static bool available() { return std::system("command -v redis-server >/dev/null 2>&1") == 0; }

  // Waits until it answers; null when it did not within 20 s.
  static std::unique_ptr<RedisProcess> start(Options options) {
    std::unique_ptr<RedisProcess> made(new RedisProcess(std::move(options)));
    for (int attempt = 0; attempt < 5; ++attempt) {  // a free port may be taken before the server has it
      made->choose_ports();
      made->launch();
      if (made->wait_ready()) return made;
      made->kill();
    }
    return nullptr;
  }
  static std::unique_ptr<RedisProcess> start() { return start(Options()); }

  ~RedisProcess() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  // SIGKILL, and waits until it is gone.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  // Same directory and ports. False when it does not answer.
  bool restart() {
    kill();
    launch();
    return wait_ready();
  }
  void pause() const { ::kill(pid_, SIGSTOP); }
  void resume() const { ::kill(pid_, SIGCONT); }

  std::string unix_url() const { return "unix://" + socket_path(); }
  std::string tcp_url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "/0"; }
  std::string tls_url(const std::string& host = "localhost") const { return "rediss://" + host + ":" + std::to_string(tls_port_) + "/0"; }
  const std::string& directory() const { return directory_; }

  // One command over a connection of its own; the raw answer up to what one read gives.
  std::string command(const std::vector<std::string>& arguments) const {
    const int fd = connect_socket();
    if (fd < 0) return "";
    std::string text = "*" + std::to_string(arguments.size()) + "\r\n";
    for (const std::string& argument : arguments) text += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
    std::string reply(1 << 16, '\0');
    ssize_t got = 0;
    if (send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
      pollfd entry{fd, POLLIN, 0};
      if (::poll(&entry, 1, 5000) == 1) got = recv(fd, reply.data(), reply.size(), 0);
    }
    close(fd);
    reply.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
    return reply;
  }

 private:
  explicit RedisProcess(Options options) : options_(std::move(options)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "headroom-redis-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }

  std::string socket_path() const { return directory_ + "/redis.sock"; }

  void choose_ports() {
    port_ = options_.tcp ? free_port() : 0;
    tls_port_ = options_.tls ? free_port() : 0;
  }

  static int free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(fd, reinterpret_cast<sockaddr*>(&address), length);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    close(fd);
    return ntohs(address.sin_port);
  }

  std::vector<std::string> command_line() const {
    std::vector<std::string> out = {"redis-server",     "--port",    std::to_string(port_),
                                    "--bind",           "127.0.0.1", "--unixsocket",
                                    socket_path(),      "--dir",     directory_,
                                    "--save",           "",          "--logfile",
                                    directory_ + "/log"};
    const auto add = [&out](std::initializer_list<std::string> more) { out.insert(out.end(), more); };
    if (options_.aof) add({"--appendonly", "yes", "--appendfsync", "always"});
    if (options_.tls) {
      const std::string& from = options_.tls_directory;
      add({"--tls-port", std::to_string(tls_port_), "--tls-cert-file", from + "/server.pem", "--tls-key-file", from + "/server.key",
           "--tls-ca-cert-file", from + "/ca.pem"});
    }
    out.insert(out.end(), options_.extra.begin(), options_.extra.end());
    return out;
  }

  void launch() {
    std::error_code ignored;
    std::filesystem::remove(socket_path(), ignored);
    std::vector<std::string> line = command_line();
    std::vector<char*> arguments;
    for (std::string& word : line) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }

  int connect_socket() const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
  }

  bool wait_ready() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      const std::string reply = command({"PING"});
      if (reply.starts_with("+PONG") || reply.starts_with("-NOAUTH")) return true;
      ::poll(nullptr, 0, 5);
    }
    return false;
  }

  const Options options_;
  std::string directory_;
  int port_ = 0;
  int tls_port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace headroom::kit
