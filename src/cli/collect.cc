#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/concat.h"
#include "base/log.h"
#include "base/time_text.h"
#include "cli/collect_csv.h"
#include "cli/collect_run.h"
#include "cli/collect_topic.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/host_name.h"

namespace headroom {
namespace {

constexpr int64_t kLeastStepMs = 1000;
constexpr int64_t kMostStepMs = 24LL * 3600 * 1000;
constexpr int64_t kTryAgainMs = 1000;
constexpr const char* kTopic = "headroom.samples";

struct CollectOptions {
  ConfigOptions config;
  std::string url;
  std::string ca_file;
  std::string user;
  std::string password_file;
  std::string password_env;
  std::string token_file;
  std::string token_env;
  std::vector<std::string> queries;
  std::string target;
  std::string container;
  std::string instance;
  std::vector<std::string> labels;
  std::string from;
  std::string to;
  std::string step = "15s";
  int64_t batch = PrometheusClient::kMostPoints;
  std::string timeout = "60s";
  std::string retry_for = "5m";
  std::string out;
  std::optional<std::string> topic;
  std::string progress;
  std::string source;
  std::string delay = "5s";
  bool create_topics = false;
  bool follow = false;
  bool restart = false;

  std::string topic_name() const { return topic.value_or(kTopic); }
};

Status bad(std::string what) {
  return {Code::kInvalid, std::move(what)};
}

Status read_duration(const char* option, const std::string& text, int64_t least_ms, int64_t most_ms, int64_t& out) {
  const auto length = parse_duration(text);
  if (!length || *length < least_ms || *length > most_ms)
    return bad(concat(option, " \"", text, "\": expected a duration from ", format_duration(least_ms), " to ", format_duration(most_ms)));
  out = *length;
  return Status::ok();
}

// At most one of a file and an environment variable.
Status read_secret(const char* name, const std::string& file, const std::string& variable, std::optional<Reference>& out) {
  if (!file.empty() && !variable.empty()) return bad(concat("--", name, "-file and --", name, "-env: only one of them"));
  if (file.empty() && variable.empty()) return Status::ok();
  if (out) return bad("--token-... and --password-...: only one of them");
  out = file.empty() ? Reference{Reference::Kind::kEnvironment, variable} : Reference{Reference::Kind::kFile, file};
  const auto secret = resolve_reference(*out);
  return secret ? Status::ok() : bad(concat("--", name, file.empty() ? "-env: " : "-file: ", secret.status().message()));
}

Result<PrometheusOptions> read_server(const CollectOptions& options) {
  PrometheusOptions out;
  const auto url = parse_http_url(options.url);
  if (!url) return bad(concat("--url ", url.status().message()));
  out.url = *url;
  out.ca_file = options.ca_file;
  if (!options.ca_file.empty() && !url->tls) return bad("--ca-file is for https only");
  out.credentials.user = options.user;
  if (Status status = read_secret("token", options.token_file, options.token_env, out.credentials.secret); !status) return status;
  if (out.credentials.secret && !options.user.empty()) return bad("--user goes with a password, not with a token");
  if (Status status = read_secret("password", options.password_file, options.password_env, out.credentials.secret); !status) return status;
  const bool password = !options.password_file.empty() || !options.password_env.empty();
  if (password == options.user.empty()) return bad("--user and a password (--password-file or --password-env) go together");
  if (options.user.find(':') != std::string::npos) return bad("--user: a name has no colon");
  if (Status status = read_duration("--timeout", options.timeout, 100, 3'600'000, out.timeout_ms); !status) return status;
  if (Status status = read_duration("--retry-for", options.retry_for, 0, kMostStepMs, out.retry_for_ms); !status) return status;
  return out;
}

Status read_template(const std::string& option, const std::string& text, std::vector<TextTemplatePart>& out) {
  auto parts = parse_text_template(text);
  if (!parts) return bad(concat(option, ": ", parts.status().message()));
  out = std::move(*parts);
  return Status::ok();
}

Status read_labels(const CollectOptions& options, CollectMapping& out) {
  std::vector<std::pair<std::string, std::string>> labels;
  if (!options.container.empty()) labels.emplace_back("container", options.container);
  if (!options.instance.empty()) labels.emplace_back("instance", options.instance);
  for (const auto& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) return bad(concat("--label ", label, ": expected NAME=TEMPLATE, as in zone={zone}"));
    labels.emplace_back(label.substr(0, equals), label.substr(equals + 1));
  }
  for (const auto& [name, text] : labels) {
    std::vector<TextTemplatePart> parts;
    if (Status status = read_template(concat("label ", name), text, parts); !status) return status;
    out.labels.emplace_back(name, std::move(parts));
  }
  return Status::ok();
}

Result<CollectMapping> read_mapping(const CollectOptions& options) {
  CollectMapping out;
  std::set<std::string> names;
  if (!options.out.empty()) names = {"time_ms", "value"};
  for (const auto& text : options.queries) {
    auto query = parse_collect_query(text);
    if (!query) return query.status();
    // The first one's column is `value`, whatever its name.
    const bool taken = !names.insert(query->name).second;
    if (taken && (options.out.empty() || !out.queries.empty() || query->name == "time_ms"))
      return bad(concat("--query ", text, ": the name ", query->name, " is taken"));
    out.queries.push_back(std::move(*query));
  }
  if (Status status = read_template("--target", options.target, out.target); !status) return status;
  if (out.target.size() == 1 && out.target.front().text.empty()) return bad("--target is empty");
  if (Status status = read_labels(options, out); !status) return status;
  if (!options.out.empty() && !out.labels.empty()) return bad("--container, --instance and --label are for samples; a CSV has no labels");
  return out;
}

Result<CollectPlan> read_plan(const CollectOptions& options) {
  CollectPlan plan;
  auto mapping = read_mapping(options);
  if (!mapping) return mapping.status();
  plan.mapping = std::move(*mapping);
  plan.batch = options.batch;
  plan.follow = options.follow;
  if (!options.to.empty() && options.follow) return bad("--to and --follow: only one of them");
  if (options.from.empty() && !options.follow) return bad("--from is needed, as in --from 7d");
  if (!options.out.empty() && options.follow)
    return bad("--follow writes samples and ticks to Kafka; leave out --out, or run again to go on");
  int64_t step_ms = 0;
  if (Status status = read_duration("--step", options.step, kLeastStepMs, kMostStepMs, step_ms); !status) return status;
  if (Status status = read_duration("--delay", options.delay, 0, 3'600'000, plan.delay_ms); !status) return status;
  const int64_t now_ms = SystemClock().wall_ms();
  const auto from = parse_moment(options.from.empty() ? "now" : options.from, now_ms);
  if (!from) return bad(concat("--from ", from.status().message()));
  if (*from > now_ms) return bad(concat("--from ", options.from, " lies ahead"));
  const auto to = parse_moment(options.to.empty() ? "now" : options.to, now_ms);
  if (!to) return bad(concat("--to ", to.status().message()));
  plan.window = window_of(*from, options.follow ? now_ms - plan.delay_ms : *to, step_ms);
  if (plan.window.empty() && !options.follow)
    return bad(concat("nothing to collect from ", format_rfc3339(*from), " to ", format_rfc3339(*to), " in steps of ", options.step));
  return plan;
}

// What makes a collection the same one when it goes on.
CollectProgress asked_for(const CollectOptions& options, const CollectPlan& plan) {
  CollectProgress out;
  out.what = {{"--step", format_duration(plan.window.step_ms)}, {"--target", options.target}};
  if (options.out.empty()) out.what.emplace_back("--topic", options.topic_name());
  for (size_t query = 0; query < plan.mapping.queries.size(); ++query)
    out.what.emplace_back(concat("--query ", std::to_string(query + 1)), options.queries[query]);
  if (!options.container.empty()) out.what.emplace_back("--container", options.container);
  if (!options.instance.empty()) out.what.emplace_back("--instance", options.instance);
  for (const auto& label : options.labels) out.what.emplace_back(concat("--label ", label.substr(0, label.find('='))), label);
  out.from_ms = out.next_ms = plan.window.from_ms;
  return out;
}

void print_summary(const CollectCounts& counts, const CollectSink& sink, bool stopped) {
  const auto some = [](uint64_t count, const char* what) { return count == 0 ? "" : concat(", ", std::to_string(count), what); };
  const std::string line =
      concat("collect: ", std::to_string(counts.points), " values", some(counts.not_finite, " not finite"),
             some(counts.histograms, " histograms"), some(counts.absent, " stale or absent"),
             some(counts.unnamed, " series without a needed label"), "; ", sink.summary(), stopped ? "; stopped by a signal\n" : "\n");
  std::fputs(line.c_str(), stderr);
}

// Whether it is the question that is wrong, or the server.
ExitCode code_of(const Status& status) {
  return status.code() == Code::kInvalid || status.code() == Code::kNotFound ? kExitUsage : kExitOutside;
}

class Collect {
 public:
  Collect(const CollectOptions& options, CollectPlan plan, const PrometheusOptions& server)
      : options_(options), plan_(std::move(plan)), retry_for_ms_(server.retry_for_ms), prometheus_(server, stop_) {}

  int run() {
    if (!options_.out.empty()) {
      CollectCsv csv({options_.out, options_.restart});
      return collect(csv, [](int64_t, int64_t) { return Status::ok(); });
    }
    const auto loaded = load_or_explain(options_.config);
    if (!loaded) return kExitUsage;
    SampleTopicOptions topic{loaded->config.kafka, options_.topic_name(), options_.create_topics};
    CollectTopic samples({topic, options_.progress, options_.restart, options_.source.empty() ? host_name() : options_.source});
    return collect(samples, [&samples](int64_t tick_ms, int64_t interval_ms) { return samples.tick(tick_ms, interval_ms); });
  }

 private:
  int collect(CollectSink& sink, const CollectRun::Tick& tick) {
    const auto reached = begin(sink);
    if (reached.status().code() == Code::kAborted) return kExitFine;
    if (!reached) return fail(reached.status().code() == Code::kInvalid ? kExitUsage : kExitOutside, reached.status().message());
    CollectRun run(plan_, prometheus_, sink, stop_);
    Status status = run.fill(*reached);
    if (status && plan_.follow) status = run.follow(tick);
    print_summary(run.counts(), sink, stop_.stopped());
    return status || status.code() == Code::kAborted ? kExitFine : fail(code_of(status), status.message());
  }

  // Brokers that are away are waited for, as Prometheus is.
  Result<CollectProgress> begin(CollectSink& sink) {
    const int64_t until_us = clock_.steady_us() + retry_for_ms_ * 1000;
    for (;;) {
      auto reached = sink.begin(asked_for(options_, plan_));
      const Code code = reached.status().code();
      if ((code != Code::kUnavailable && code != Code::kTimeout) || clock_.steady_us() >= until_us) return reached;
      log_warn("the brokers do not answer yet", {{"topic", options_.topic_name()}, {"why", reached.status().message()}});
      if (!stop_.wait_for(kTryAgainMs)) return Status(Code::kAborted, "asked to end");
    }
  }

  const CollectOptions& options_;
  const CollectPlan plan_;
  const int64_t retry_for_ms_;
  const SystemClock clock_;
  StopSignals stop_;  // before any other thread
  PrometheusClient prometheus_;
};

// What would change nothing of a folder of CSVs.
Status check_folder(const CollectOptions& options) {
  if (options.out.empty()) return Status::ok();
  if (!options.progress.empty()) return bad("--progress is for Kafka; a folder has its own");
  if (options.topic) return bad("--topic is for Kafka; leave it out, or --out");
  if (options.create_topics) return bad("--create-topics is for Kafka; leave it out, or --out");
  if (!options.source.empty()) return bad("--source stands in ticks, which only Kafka gets; leave it out, or --out");
  return Status::ok();
}

int collect(const CollectOptions& options) {
  const auto server = read_server(options);
  if (!server) return fail(kExitUsage, server.status().message());
  const auto plan = read_plan(options);
  if (!plan) return fail(kExitUsage, plan.status().message());
  if (const Status right = check_folder(options); !right) return fail(kExitUsage, right.message());
  if (server->credentials.secret && !server->url.tls && !server->url.loopback())
    log_warn("the secret goes over the network unencrypted; https would hide it", {{"url", server->url.shown()}});
  return Collect(options, *plan, *server).run();
}

void add_server_options(CLI::App& app, CollectOptions& options) {
  app.add_option("--url", options.url, "Where Prometheus is: http://host:9090, https://host/path")->required();
  app.add_option("--ca-file", options.ca_file, "CA certificates for https, PEM; default: the system's");
  app.add_option("--user", options.user, "For basic authentication, with a password");
  app.add_option("--password-file", options.password_file, "The file that holds the password")->type_name("FILE");
  app.add_option("--password-env", options.password_env, "The environment variable that holds the password")->type_name("NAME");
  app.add_option("--token-file", options.token_file, "The file that holds a bearer token; read anew for each request")->type_name("FILE");
  app.add_option("--token-env", options.token_env, "The environment variable that holds a bearer token")->type_name("NAME");
  app.add_option("--timeout", options.timeout, "For one answer")->capture_default_str();
  app.add_option("--retry-for", options.retry_for, "How long a question is asked again while Prometheus does not answer")
      ->capture_default_str();
}

void add_question_options(CLI::App& app, CollectOptions& options) {
  app.add_option("--query", options.queries, "What to collect, and its name as a metric and column; may be repeated")
      ->required()
      ->type_name("NAME=PROMQL")
      ->expected(1)
      ->take_all();
  app.add_option("--target", options.target, "cluster/namespace/kind/name of a series; {label} is that label's value, {{ a brace")
      ->required();
  app.add_option("--container", options.container, "Label container of the samples; {label} as above");
  app.add_option("--instance", options.instance, "Label instance of the samples; {label} as above");
  app.add_option("--label", options.labels, "Another label of the samples, as in zone={zone}; may be repeated")
      ->type_name("NAME=TEXT")
      ->expected(1)
      ->take_all();
  app.add_option("--from", options.from, "2026-11-01T00:00:00Z, Unix milliseconds, or a duration back, as in 7d");
  app.add_option("--to", options.to, "The same; default: now");
  app.add_option("--step", options.step, "Between values, from 1s to 1d; they stand at its multiples since the epoch")
      ->capture_default_str();
  app.add_option("--batch", options.batch, "Points of a series in one question")
      ->check(CLI::Range(int64_t{1}, PrometheusClient::kMostPoints))
      ->capture_default_str();
}

void add_sink_options(CLI::App& app, CollectOptions& options) {
  app.add_option("--out", options.out, "A folder for one CSV a target (time_ms,value[,name...]); without it: to Kafka")
      ->type_name("FOLDER");
  add_config_options(app, options.config, false);
  app.add_option("--topic", options.topic, "The topic to produce to")->default_str(kTopic);
  app.add_option("--progress", options.progress, "To Kafka: the file that says where an interrupted run goes on")->type_name("FILE");
  app.add_flag("--restart", options.restart, "Pass over what an earlier run has reached, and overwrite its CSVs");
  app.add_flag("--follow", options.follow, "Go on at every step, with samples and a tick to every partition, until SIGTERM or SIGINT");
  app.add_option("--delay", options.delay, "With --follow: how long after its time a step is asked for")->capture_default_str();
  app.add_option("--source", options.source, "With --follow: the name that stands in the ticks; default: this machine's");
  app.add_flag("--create-topics", options.create_topics, "Make the topic when it is missing, with kafka.partitions and kafka.replication");
}

}  // namespace

Command collect_command() {
  return {"collect", "Ask Prometheus for ranges of series, and write them as CSV or to Kafka as samples; an interrupted run goes on.",
          "  headroom collect --url http://127.0.0.1:9090 --from 7d --step 1m --out series --target '{namespace}.{deployment}' \\\n"
          "      --query 'requests=sum by (namespace, deployment) (rate(http_requests_total[1m]))'\n"
          "  headroom collect --url https://prometheus.example --token-file token --config prod.json --from 2d --follow \\\n"
          "      --progress collect.json --target 'prod/{namespace}/Deployment/{deployment}' \\\n"
          "      --query 'requests=sum by (namespace, deployment) (rate(http_requests_total[1m]))' \\\n"
          "      --query 'replicas=kube_deployment_status_replicas_available'\n",
          [](CLI::App& app) {
            auto options = std::make_shared<CollectOptions>();
            add_server_options(app, *options);
            add_question_options(app, *options);
            add_sink_options(app, *options);
            return [options] { return collect(*options); };
          }};
}

}  // namespace headroom
