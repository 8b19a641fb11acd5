#include <gtest/gtest.h>

#include "base/version.h"
#include "cli/commands.h"
#include "cli/run_binary.h"

namespace headroom::testing {
namespace {

const std::string kConfigs = HEADROOM_SOURCE_DIR "/config/";

TEST(CommandLine, explains_itself_and_every_command_with_examples) {
  const Ran top = run_headroom({"--help"});
  EXPECT_EQ(top.code, 0);
  for (const auto& command : commands()) {
    EXPECT_NE(top.out.find(std::string(command.name)), std::string::npos);
    const Ran ran = run_headroom({std::string(command.name), "--help"});
    EXPECT_EQ(ran.code, 0) << command.name;
    EXPECT_NE(ran.out.find(std::string(command.text).substr(0, 30)), std::string::npos) << command.name;
    EXPECT_NE(ran.out.find("Examples:\n  "), std::string::npos) << command.name;
    EXPECT_NE(ran.out.find("headroom " + std::string(command.name)), std::string::npos) << command.name;
  }
}

TEST(CommandLine, ends_with_2_and_says_why_on_bad_usage) {
  EXPECT_EQ(run_headroom({}).code, 2);
  const Ran misspelt = run_headroom({"descibe"});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_NE(misspelt.err.find("no command \"descibe\"; did you mean \"describe\"?"), std::string::npos) << misspelt.err;
  EXPECT_EQ(misspelt.out, "");
  const Ran option = run_headroom({"check", "--confg", "x"});
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.err.find("--config is required"), std::string::npos) << option.err;
  EXPECT_EQ(run_headroom({"version", "--log-level", "loud"}).code, 2);
}

TEST(CommandLine, names_the_version_that_cmake_names) {
  const std::string cmake = read_text(HEADROOM_SOURCE_DIR "/CMakeLists.txt");
  EXPECT_NE(cmake.find("project(headroom VERSION " + std::string(kVersion) + " "), std::string::npos);
  EXPECT_TRUE(run_headroom({"version"}).out.starts_with("headroom " + std::string(kVersion) + " "));
}

TEST(Check, accepts_what_is_shipped) {
  const Ran ran = run_headroom({"check", "--config", kConfigs + "local.json", "--set", "kafka.brokers=h:1"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "OK: installation local, brokers h:1, exactly_once; right_sizing with 1 worker\n");
}

TEST(Check, accepts_the_example_for_production_once_its_secrets_are_there) {
  const TestFolder folder;
  const std::string secret = folder.write("secret", "hunter2\n");
  const std::vector<std::string> words = {"describe",
                                          "--config",
                                          kConfigs + "production.example.json",
                                          "--set",
                                          "kafka.properties.sasl.password={\"file\": \"" + secret + "\"}",
                                          "--set",
                                          "redis.password={\"file\": \"" + secret + "\"}"};
  const Ran ran = run_headroom(words);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("\"sasl.password\":\"***\""), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("= \"***\"  (--set)"), std::string::npos) << ran.out;
  EXPECT_EQ((ran.out + ran.err).find("hunter2"), std::string::npos);
}

TEST(Check, says_every_mistake_with_its_place) {
  const TestFolder folder;
  const std::string file = folder.write("c.json",
                                        "{\n  \"kafka\": {\"broker\": \"h:1\"},\n  \"http\": {\"top_k\": -1},\n  \"topologies\": "
                                        "{\"right_sizing\": {\"windw\": \"1h\"}}\n}\n");
  const Ran ran = run_headroom({"check", "--config", file});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find(file + ":2:13: kafka.broker: no such setting; did you mean \"brokers\"?"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(file + ":3:21: http.top_k: found the number -1; allowed: a whole number from 0 to 10000\n"), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find(":4:35: topologies.right_sizing.windw: no such setting; did you mean \"window\"?"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("3 mistakes in the configuration"), std::string::npos) << ran.err;
  const Ran json = run_headroom({"check", "--json", "--config", file});
  EXPECT_EQ(json.code, 2);
  EXPECT_NE(json.out.find("\"ok\": false"), std::string::npos);
  EXPECT_NE(json.out.find("\"line\": 3"), std::string::npos);
}

TEST(Check, says_what_a_reference_lacks) {
  const TestFolder folder;
  const std::string file =
      folder.write("c.json", R"({"redis": {"password": {"env": "HEADROOM_NO_SUCH_VARIABLE"}}, "topologies": {"right_sizing": {}}})");
  const Ran ran = run_headroom({"check", "--config", file});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("the environment variable HEADROOM_NO_SUCH_VARIABLE is not set"), std::string::npos) << ran.err;
  EXPECT_EQ(run_shell("HEADROOM_NO_SUCH_VARIABLE=x " HEADROOM_BINARY " check --config " + quoted(file)).code, 0);
  const Ran missing = run_headroom({"check", "--config", folder.file("nowhere.json")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.err.find("No such file"), std::string::npos) << missing.err;
  EXPECT_EQ(run_headroom({"check", "--config", folder.file(".")}).code, 2) << "a folder is no configuration";
}

TEST(Schema, and_reference_in_config_are_up_to_date) {
  EXPECT_EQ(run_headroom({"schema"}).out, read_text(kConfigs + "headroom.schema.json")) << "headroom schema >config/headroom.schema.json";
  EXPECT_EQ(run_headroom({"schema", "--reference"}).out, read_text(kConfigs + "REFERENCE.md"))
      << "headroom schema --reference >config/REFERENCE.md";
}

TEST(Describe, shows_the_chain_and_where_settings_come_from) {
  const Ran ran = run_headroom({"describe", "--set", "http.top_k=7", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("\"source_topic\": \"headroom.samples\""), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("\"path\": \"http.top_k\",\n      \"value\": 7,\n      \"origin\": \"--set\""), std::string::npos) << ran.out;
  EXPECT_NE(run_headroom({"describe"}).out.find("reads   headroom.samples"), std::string::npos);
}

TEST(Completion, is_a_script_that_the_shell_understands) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Ran script = run_headroom({"completion", shell});
    ASSERT_EQ(script.code, 0);
    if (run_shell("command -v " + shell).code != 0) {
      std::printf("not tried, not installed: %s\n", shell.c_str());
      continue;
    }
    const Ran checked = run_shell(shell + " -n", script.out);
    EXPECT_EQ(checked.code, 0) << shell << checked.err;
  }
  EXPECT_EQ(run_headroom({"completion", "tcsh"}).code, 2);
}

TEST(Completion, offers_what_fits_in_bash) {
  const auto offers = [](const std::string& words, int at) {
    const std::string script = "source <(" HEADROOM_BINARY " completion bash); COMP_WORDS=(" + words +
                               "); COMP_CWORD=" + std::to_string(at) + "; _headroom; printf '%s\\n' \"${COMPREPLY[@]}\"";
    return run_shell("cd / && bash -c " + quoted(script)).out;
  };
  EXPECT_EQ(offers("headroom desc", 1), "describe\n");
  EXPECT_EQ(offers("headroom lag-s", 1), "lag-source\n");
  EXPECT_EQ(offers("headroom check --js", 2), "--json\n");
  EXPECT_EQ(offers("headroom --log-level debug check --conf", 4), "--config\n");
  EXPECT_EQ(offers("headroom replay --config et", 3), "etc\n");
}

}  // namespace
}  // namespace headroom::testing
