#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace headroom::kit {

// Certificates for a test, made with the openssl command: a CA, a server's for "localhost" only, a client's, and a foreign CA.
class TlsFixture {
 public:
  TlsFixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "headroom-tls-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    ok_ = authority("ca") && authority("foreign") && certificate("server", "subjectAltName=DNS:localhost") &&
          certificate("client", "subjectAltName=DNS:client");
  }
  ~TlsFixture() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  TlsFixture(const TlsFixture&) = delete;
  TlsFixture& operator=(const TlsFixture&) = delete;

  bool ok() const { return ok_; }
  const std::string& directory() const { return directory_; }
  std::string file(const std::string& name) const { return directory_ + "/" + name; }

 private:
  bool run(const std::string& command) const {
    return std::system(("cd '" + directory_ + "' && (" + command + ") >/dev/null 2>&1").c_str()) == 0;
  }
  bool authority(const std::string& name) const {
    return run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=test " + name + "' -keyout " +
               name + ".key -out " + name + ".pem");
  }
  bool certificate(const std::string& name, const std::string& extension) const {
    return run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=" + name + "' -keyout " + name + ".key -out " +
               name + ".csr") &&
           run("echo '" + extension + "' > " + name + ".ext") &&
           run("openssl x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + name + ".ext -out " +
               name + ".pem");
  }

  std::string directory_;
  bool ok_ = false;
};

}  // namespace headroom::kit
