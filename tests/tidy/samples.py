"""A small project that keeps every rule, and for each rule changes that break it: ({path: text, or None to leave it out}, what the rule says)."""

CMAKE = """\
# floor 0
headroom_library(base src/base)
# floor 1
headroom_library(model src/model headroom_base)
# floor 2
headroom_library(policy src/policy headroom_model)
headroom_library(codec src/codec headroom_model)
# floor 3
headroom_library(kafka src/kafka headroom_codec rdkafka)
"""
POD = """
    metadata: {labels: {app: headroom}}
    spec:
      terminationGracePeriodSeconds: 30
      securityContext: {runAsNonRoot: true}
      containers:
        - name: headroom
          args: [run, --slot, $(SLOT)]
          env: [{name: SLOT, value: a}]
          ports: [{name: http, containerPort: 9464}]
          livenessProbe: {httpGet: {path: /livez, port: http}}
          readinessProbe: {httpGet: {path: /readyz, port: http}}
          resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: config, mountPath: /etc/headroom}]
      volumes: [{name: config, configMap: {name: headroom}}]
"""
STATEFUL_SET = """\
# Not tried here: no cluster.
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: headroom}
spec:
  selector: {matchLabels: {app: headroom}}
  template:""" + POD
CONFIG_MAP = """\
# Not tried here: no cluster.
apiVersion: v1
kind: ConfigMap
metadata: {name: headroom}
data:
  headroom.json: |
    // comment
    {"installation": "prod"}
"""
SERVICE = """\
# Not tried here: no cluster.
apiVersion: v1
kind: Service
metadata: {name: headroom, labels: {app: headroom}}
spec: {selector: {app: headroom}, ports: [{name: http, port: 9464}]}
"""
BUDGET = """\
# Not tried here: no cluster.
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: headroom}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: headroom}}}
"""
MONITOR = """\
# Not tried here: no cluster.
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: headroom}
spec: {selector: {matchLabels: {app: headroom}}, endpoints: [{port: http}]}
"""
BAND = """\
#include "policy/band.h"

namespace headroom {
// An hour in the system_clock is no sleep_for(1); rand() is text: "throw getenv(x)".
Band::Band(int64_t a, int64_t b) : lower_{a}, upper_{b} {
  std::unordered_map<int, int> counts;
  counts[10'000] = counts.find(1)->second;
  // tidy-allow(any-order): a sum does not depend on it
  for (const auto& [key, n] : counts) upper_ += n;
}
}  // namespace headroom
"""
GOOD = {
    "CMakeLists.txt": CMAKE,
    "README.md": "# Headroom\n\n## Two words\n[here](#two-words) [there](ARCHITECTURE.md) `ops/demo.sh --quick`\n",
    "ARCHITECTURE.md": "# Architecture\n[code](src/policy/band.h) [site](https://example.org/x)\n",
    "ops/demo.sh": "d=$(mktemp -d \"${TMPDIR:-/tmp}/x.XXXXXX\")\n",
    "include/headroom/status.h": "#pragma once\n#include <string>\n",
    "src/policy/band.h": "#pragma once\n#include \"headroom/status.h\"\nstruct Band { int64_t lower_; };\n",
    "src/policy/band.cc": BAND,
    "src/policy/kit.cc": '#include "headroom/testing/kit.h"\n',
    "include/headroom/testing/kit.h": '#pragma once\n#include "headroom/status.h"\n',
    "src/kafka/source.cc": "#include <librdkafka/rdkafka.h>\n#include \"headroom/status.h\"\nvoid wait() { sleep_for(1); }\n",
    "tests/CMakeLists.txt": "headroom_test(policy headroom_policy)\nheadroom_test(kafka headroom_kafka)\n",
    "tests/policy/band_test.cc": "TEST(Band, holds) { EXPECT_TRUE(wait_until(done)); }\n",
    "tests/kafka/source_test.cc": "TEST(Source, reads) {\n  sleep_for(x);  // tidy-allow(sleep): the kill comes at a random moment\n}\n",
    "ops/kubernetes/statefulset.yaml": STATEFUL_SET,
    "ops/kubernetes/configmap.yaml": CONFIG_MAP,
    "ops/kubernetes/service.yaml": SERVICE,
    "ops/kubernetes/pdb.yaml": BUDGET,
    "ops/kubernetes/servicemonitor.yaml": MONITOR,
}


def policy(text):
    return {"src/policy/band.cc": '#include "policy/band.h"\n' + text + "\n"}


def stateful(old, new):
    assert old in STATEFUL_SET
    return {"ops/kubernetes/statefulset.yaml": STATEFUL_SET.replace(old, new)}


SAMPLES = {
    "libraries_link_only_lower_floors": [
        ({"CMakeLists.txt": CMAKE.replace("policy headroom_model", "policy headroom_codec")}, r"policy \(floor 2\) links codec \(floor 2\)"),
        ({"CMakeLists.txt": CMAKE.replace("base src/base", "base src/base headroom_kafka")}, "base .* links kafka"),
        ({"CMakeLists.txt": CMAKE.replace("headroom_codec rdkafka", "headroom_codecs rdkafka")}, "codecs, which is no library"),
        ({"CMakeLists.txt": CMAKE.replace("# floor 0\n", "")}, "base stands under no"),
        ({"CMakeLists.txt": "project(x)\n"}, "no headroom_library found"),
    ],
    "files_include_only_what_their_library_links": [
        ({**policy('#include "codec/json.h"'), "src/codec/json.h": "#pragma once\n"}, "policy includes .* of codec"),
        (policy('#include "policy/gone.h"'), "no file of the project"),
        ({**policy('#include "headroom/wiring.h"'), "include/headroom/wiring.h": '#pragma once\n#include "headroom/codec.h"\n',
          "include/headroom/codec.h": "#pragma once\n"}, "policy includes .* of codec"),
        ({"include/headroom/status.h": '#pragma once\n#include "policy/band.h"\n'}, "includes the private"),
        ({"include/headroom/status.h": '#pragma once\n#include "headroom/record.h"\n', "include/headroom/record.h": "#pragma once\n"},
         "base includes .* of model"),
        ({**policy('#include "headroom/testing/kit.h"'), "include/headroom/testing/kit.h": "#pragma once\n"}, "policy includes .* of testing"),
        ({"src/stray/x.cc": "\n"}, "no headroom_library"),
    ],
    "outside_libraries_stay_behind_their_folder": [
        (policy("#include <librdkafka/rdkafka.h>"), "only in src/kafka"),
        ({"include/headroom/status.h": "#pragma once\n#include <nlohmann/json.hpp>\n"}, "only in"),
        ({"include/headroom/status.h": "#pragma once\n#include <boost/unordered/unordered_flat_map.hpp>\n"}, "public header includes"),
    ],
    "headers_are_guarded_and_used": [
        ({"src/policy/dead.h": "#pragma once\n"}, "dead.h: included by nobody"),
        ({"src/policy/band.h": "struct Band {};\n"}, "does not begin with #pragma once"),
    ],
    "the_middle_is_deterministic": [
        (policy("auto t = std::chrono::system_clock::now();"), "system_clock"),
        (policy("auto t = time(nullptr);"), "time"),
        (policy("int r = rand();"), "rand"),
        (policy("std::uniform_int_distribution<int> d;"), "distribution"),
        (policy('auto h = getenv("HOME");'), "getenv"),
        (policy("void f() { throw 1; }"), "throw"),
        (policy('void f() { log_info("x"); }'), "log_info"),
        (policy("// tidy-allow(clock):\nauto t = steady_clock::now();"), "steady_clock"),
        ({"include/headroom/status.h": "#pragma once\ninline int f() { return rand(); }\n"}, "rand"),
    ],
    "no_order_comes_from_a_hash_map": [
        (policy("void f() { std::unordered_map<int, std::vector<int>> m; for (auto& x : m) use(x); }"), "m is walked"),
        (policy("using Map = boost::unordered_flat_map<int, int>;\nvoid f(const Map& m) { for (auto& x : m) use(x); }"), "m is walked"),
        ({"src/policy/band.h": "#pragma once\nstruct B { std::unordered_set<int> seen_; };\n", **policy("void f(B& b) { auto i = b.seen_.begin(); }")},
         "seen_ is walked"),
    ],
    "tests_do_not_sleep": [
        ({"tests/policy/band_test.cc": "TEST(A, b) { std::this_thread::sleep_for(1s); }\n"}, "sleep_for"),
        ({"tests/policy/band_test.cc": "// tidy-allow(sleep):\nTEST(A, b) { usleep(5); }\n"}, "usleep"),
        ({"tests/integration/run_test.py": "time.sleep(3)\n"}, "time.sleep"),
    ],
    "exceptions_to_rules_give_reasons": [
        (policy("// tidy-allow(clock):"), "no reason"),
        (policy("// tidy-allow(anything): it is fine"), "unknown rule"),
    ],
    "nothing_is_unfinished_or_of_one_machine": [
        (policy("// TO" "DO: later"), "left to do"),
        ({"ops/demo.sh": "# FIX" "ME\n"}, "left to do"),
        ({"ops/demo.sh": "cd /ro" "ot/x\n"}, "one machine"),
        ({"README.md": "`cat /tm" "p/out.txt`\n"}, "one machine"),
    ],
    "files_are_short": [(policy("\n" * 500), "502 lines"), ({"ops/demo.sh": "\n" * 501}, "501 lines")],
    "functions_are_short": [
        (policy("void f(int a) {\n" + "a++;\n" * 70 + "}"), "72 lines.*void f"),
        (policy("namespace a { struct B {\n B() : x_{1}, y_{2} {\n" + "if (a) { b(); }\n" * 70 + "}\n}; }"), "72 lines"),
        ({"tests/policy/band_test.cc": "TEST(Band, is_long) {\n" + "run({1, 2});\n" * 90 + "}\n"}, "92 lines"),
    ],
    "file_names_are_nouns": [
        ({"src/policy/band_util.h": "#pragma once\n"}, "band_util.h"),
        ({"src/common/x.h": "#pragma once\n"}, "common"),
        ({"src/policy/taskManager.h": "#pragma once\n"}, "snake_case"),
        ({"tests/policy/helpers.py": "\n"}, "helpers.py"),
    ],
    "every_test_is_run": [
        ({"tests/codec/json_test.cc": "\n"}, "json_test.cc: run by no"),
        ({"tests/policy/deep/band_test.cc": "\n"}, "run by no"),
        ({"tests/integration/kill_test.py": "\n"}, "run by no"),
        ({"tests/fuzz/decode_fuzz.cc": "\n", "tests/fuzz/CMakeLists.txt": "add_executable(other other_fuzz.cc)\n"}, "run by no"),
    ],
    "every_folder_is_tested": [
        ({"tests/policy/band_test.cc": None}, "src/policy: no tests"),
        ({"topologies/registry.cc": "\n"}, "topologies"),
    ],
    "every_source_is_built": [
        ({"src/policy/deep/x.cc": "\n"}, "deep/x.cc: built by no"),
        ({"src/spot/notice.cc": "\n"}, "spot/notice.cc"),
    ],
    "documents_name_what_exists": [
        ({"README.md": None}, "README.md: missing"),
        ({"README.md": "[x](docs/gone.md)\n"}, "docs/gone.md, which does not exist"),
        ({"README.md": "[x](ARCHITECTURE.md#gone)\n"}, "no heading #gone"),
        ({"README.md": "run `ops/gone.sh --quick`\n"}, "names ops/gone.sh"),
    ],
    "manifests_hang_together": [
        (stateful("selector: {matchLabels: {app: headroom}}", "selector: {matchLabels: {app: other}}"), "does not match its own pods"),
        (stateful("runAsNonRoot: true", "runAsNonRoot: false"), "may run as root"),
        (stateful("Seconds: 30", "Seconds: 10"), "under 30"),
        (stateful("path: /readyz", "path: /ready"), "readinessProbe"),
        (stateful("drop: [ALL]", "drop: []"), "privileges"),
        (stateful(", limits: {memory: 1Gi}", ""), "limit of memory"),
        (stateful("configMap: {name: headroom}", "configMap: {name: other}"), "ConfigMap other"),
        (stateful("$(SLOT)", "$(SLOTS)"), r"\$\(SLOTS\)"),
        (stateful("apiVersion: apps/v1", "apiVersion: apps/v1beta1"), "known is apps/v1"),
        ({"ops/kubernetes/service.yaml": SERVICE.replace("selector: {app: headroom}", "selector: {app: x}")}, "selects no pod"),
        ({"ops/kubernetes/pdb.yaml": BUDGET.replace("matchLabels: {app: headroom}", "matchLabels: {app: x}")}, "selects no pod"),
        ({"ops/kubernetes/pdb.yaml": BUDGET.replace("maxUnavailable: 1, ", "")}, "needs one of"),
        ({"ops/kubernetes/servicemonitor.yaml": MONITOR.replace("port: http", "port: https")}, "finds no Service"),
        ({"ops/kubernetes/configmap.yaml": CONFIG_MAP.replace('"prod"}', '"prod"')}, "headroom.json"),
        ({"ops/kubernetes/pdb.yaml": "a: [\n"}, "not YAML|no object"),
    ],
    "what_was_not_tried_says_so": [({"ops/container/Dockerfile": "FROM debian:12\n"}, "Dockerfile")],
}
