#include "net/http_client.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "base/concat.h"
#include "kit/metadata_stand_in.h"
#include "kit/tls_fixture.h"

namespace headroom {
namespace {

using kit::MetadataStandIn;
using kit::StandInAnswer;
using kit::StandInRequest;

HttpClientOptions at(const std::string& url) {
  return {.url = *parse_http_url(url), .server = "the server"};
}

// An HTTPS server for localhost on a port of its own, that answers every question with its request line; gone with the object.
class TlsServer {
 public:
  explicit TlsServer(const kit::TlsFixture& files) {
    const std::string program =
        "import http.server, ssl, sys, threading\n"
        "class Answer(http.server.BaseHTTPRequestHandler):\n"
        "  def do_GET(self):\n"
        "    body = self.requestline.encode()\n"
        "    self.send_response(200); self.send_header(\"Content-Length\", str(len(body))); self.end_headers(); self.wfile.write(body)\n"
        "  def log_message(self, *all): pass\n"
        "server = http.server.ThreadingHTTPServer((\"127.0.0.1\", 0), Answer)\n"
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "context.load_cert_chain(sys.argv[1], sys.argv[2])\n"
        "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "open(sys.argv[3], \"w\").write(str(server.server_port))\n"
        "sys.stdin.read()\n";
    const std::string port = files.file("port");
    if (mkfifo(port.c_str(), 0600) != 0) return;
    pipe_ = popen(
        concat("exec python3 -c '", program, "' '", files.file("server.pem"), "' '", files.file("server.key"), "' '", port, "'").c_str(),
        "w");
    std::ifstream(port) >> port_;
  }
  ~TlsServer() {
    if (pipe_ != nullptr) pclose(pipe_);  // its standard input ends, and it with it
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  int port() const { return port_; }

 private:
  FILE* pipe_ = nullptr;
  int port_ = 0;
};

TEST(HttpClient, sends_a_body_behind_the_path_of_its_url) {
  MetadataStandIn service([](const StandInRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/prefix/api?x=1");
    EXPECT_EQ(request.body, "query=up");
    return StandInAnswer{201, "made", {{"X-Kind", "test"}}};
  });
  HttpClient client(at(service.endpoint() + "/prefix"));
  const auto answer = client.ask({.verb = HttpVerb::kPost, .target = "/api?x=1", .body = "query=up"});
  ASSERT_TRUE(answer) << answer.status().to_string();
  EXPECT_EQ(answer->status, 201u);
  EXPECT_EQ(answer->body, "made");
  EXPECT_EQ(answer->header("x-kind"), "test");
  EXPECT_EQ(answer->header("absent"), "");
}

TEST(HttpClient, looks_names_up) {
  MetadataStandIn service([](const StandInRequest& request) {
    EXPECT_EQ(request.headers.at("host").substr(0, 10), "localhost:");
    return StandInAnswer{200, "here"};
  });
  const std::string endpoint = service.endpoint();
  HttpClient client(at("http://localhost" + endpoint.substr(endpoint.rfind(':'))));
  const auto answer = client.ask({.timeout_ms = 10'000});
  ASSERT_TRUE(answer) << answer.status().to_string();
  EXPECT_EQ(answer->body, "here");
}

TEST(HttpClient, says_that_a_name_has_no_address) {
  HttpClient client(at("http://name.invalid"));
  const auto answer = client.ask({.timeout_ms = 10'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.status().code(), Code::kUnavailable);
  EXPECT_EQ(answer.status().message().find("the server does not answer: "), 0u) << answer.status().message();
}

TEST(HttpClient, holds_answers_to_the_limit_it_was_given) {
  MetadataStandIn service([](const StandInRequest&) { return StandInAnswer{200, std::string(1 << 20, 'x')}; });
  HttpClientOptions options = at(service.endpoint());
  options.most_body_bytes = 1 << 20;
  EXPECT_EQ(HttpClient(options).ask({.timeout_ms = 10'000}).value().body.size(), size_t{1} << 20);
  options.most_body_bytes = (1 << 20) - 1;
  EXPECT_EQ(HttpClient(options).ask({.timeout_ms = 10'000}).status().code(), Code::kExhausted);
}

TEST(HttpClient, trusts_only_whom_it_is_told_to) {
  const kit::TlsFixture files;
  ASSERT_TRUE(files.ok());
  const TlsServer server(files);
  ASSERT_NE(server.port(), 0);
  HttpClientOptions options = at("https://localhost:" + std::to_string(server.port()));
  options.ca_file = files.file("ca.pem");
  const auto answer = HttpClient(options).ask({.target = "/x", .timeout_ms = 10'000});
  ASSERT_TRUE(answer) << answer.status().to_string();
  EXPECT_EQ(answer->body, "GET /x HTTP/1.1");

  options.ca_file = files.file("foreign.pem");
  const auto foreign = HttpClient(options).ask({.target = "/x", .timeout_ms = 10'000});
  EXPECT_EQ(foreign.status().code(), Code::kDenied) << foreign.status().to_string();

  options.ca_file = files.file("ca.pem");
  options.url.host = "127.0.0.1";  // which the certificate does not name
  const auto unnamed = HttpClient(options).ask({.target = "/x", .timeout_ms = 10'000});
  EXPECT_EQ(unnamed.status().code(), Code::kDenied) << unnamed.status().to_string();

  options.ca_file = files.file("absent.pem");
  const auto absent = HttpClient(options).ask({.target = "/x", .timeout_ms = 10'000});
  EXPECT_EQ(absent.status().code(), Code::kInvalid);
  EXPECT_NE(absent.status().message().find("absent.pem"), std::string::npos);
}

}  // namespace
}  // namespace headroom
