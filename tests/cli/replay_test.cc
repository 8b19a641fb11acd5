#include <gtest/gtest.h>

#include <algorithm>

#include "cli/run_binary.h"

namespace headroom::testing {
namespace {

// Four hours of a container that reserves two cores and uses a tenth of one, a sample of each every minute.
std::string liar() {
  std::string lines;
  for (int minute = 0; minute < 240; ++minute) {
    const std::string time = std::to_string(1'732'262'400'000 + minute * 60'000);
    for (const std::string& metric : {std::string("cpu_reserved_cores\",\"value\":2"), std::string("cpu_used_cores\",\"value\":0.1")})
      lines += "{\"target\":\"c/n/Deployment/liar\",\"metric\":\"" + metric + ",\"time_ms\":" + time +
               ",\"labels\":{\"container\":\"app\",\"instance\":\"i\"}}\n";
  }
  return lines;
}

size_t lines_of(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Replay, prints_the_commands_of_a_container_that_lies) {
  const Ran ran = run_headroom({"replay", "--topology", "right_sizing", "-"}, liar());
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_GE(lines_of(ran.out), 1u);
  EXPECT_TRUE(ran.out.starts_with("{\"specversion\":\"1.0\"")) << ran.out;
  EXPECT_NE(ran.out.find("\"code\":\"over_reserved\""), std::string::npos);
  EXPECT_NE(ran.err.find("replay: 480 records, 480 samples, 0 late, 0 rejected, "), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find('\r'), std::string::npos) << "progress is for terminals only";
}

TEST(Replay, gives_the_same_from_a_file_and_from_a_pipe_in_pieces) {
  const TestFolder folder;
  const std::string file = folder.write("samples.jsonl", liar());
  const Ran whole = run_headroom({"replay", "-q", file});
  ASSERT_EQ(whole.code, 0);
  EXPECT_EQ(whole.err, "");
  const Ran pieces = run_shell("dd status=none bs=777 if=" + quoted(file) + " | " HEADROOM_BINARY " replay -q -");
  EXPECT_EQ(pieces.out, whole.out);
  std::string unfinished = liar();
  unfinished.pop_back();
  EXPECT_EQ(run_headroom({"replay", "-q", "-"}, unfinished).out, whole.out) << "the last line needs no end";
}

TEST(Replay, counts_what_is_bad_and_names_its_line) {
  const Ran ran = run_headroom({"replay", "-"}, "\n{\"target\":\"a\"}\nnonsense\r\n[" + liar().substr(0, liar().find('\n')) + ",{}]\n");
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.err.find("line 2: rejected: missing_metric\n"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("line 3: rejected: not_json\n"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("3 records, 1 samples, 0 late, 3 rejected ("), std::string::npos) << ran.err;
  EXPECT_EQ(ran.out, "");
}

TEST(Replay, follows_the_configuration) {
  const Ran proposed = run_headroom({"replay", "-q", "--set", "engine.propose_only=true", "-"}, liar());
  EXPECT_NE(proposed.out.find("\"mode\":\"propose\""), std::string::npos) << proposed.out;
  EXPECT_EQ(proposed.out.find("\"mode\":\"apply\""), std::string::npos);
  const Ran patient = run_headroom({"replay", "-q", "--set", "topologies.right_sizing.patience=1000", "-"}, liar());
  EXPECT_EQ(patient.out, "");
}

TEST(Replay, ends_with_2_where_there_is_nothing_to_replay) {
  EXPECT_EQ(run_headroom({"replay"}).code, 2);
  const Ran missing = run_headroom({"replay", "nowhere.jsonl"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_NE(missing.err.find("cannot open nowhere.jsonl: No such file"), std::string::npos) << missing.err;
  const Ran topology = run_headroom({"replay", "--topology", "left_sizing", "-"});
  EXPECT_EQ(topology.code, 2);
  EXPECT_NE(topology.err.find("no topology \"left_sizing\"; known: right_sizing"), std::string::npos) << topology.err;
  EXPECT_EQ(run_headroom({"replay", "--set", "http.top_k=x", "-"}).code, 2);
}

}  // namespace
}  // namespace headroom::testing
