#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace headroom::kit {

struct StandInRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body = {};
};

struct StandInAnswer {
  unsigned status = 200;
  std::string body;
  std::map<std::string, std::string> headers = {};
  bool never = false;  // the question is taken and not answered
  int drip_ms = 0;     // a byte of the body every so often
};

// A metadata service on a loopback port of its own: every question is answered by one function, which runs in the stand-in's thread.
class MetadataStandIn {
 public:
  using Reply = std::function<StandInAnswer(const StandInRequest&)>;

  explicit MetadataStandIn(Reply reply);
  ~MetadataStandIn();
  MetadataStandIn(const MetadataStandIn&) = delete;
  MetadataStandIn& operator=(const MetadataStandIn&) = delete;

  std::string endpoint() const;  // http://127.0.0.1:PORT

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace headroom::kit
