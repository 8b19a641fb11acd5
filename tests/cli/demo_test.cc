#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/child.h"
#include "cli/demo_board.h"
#include "cli/demo_fleet.h"
#include "cli/demo_proof.h"
#include "cli/demo_workers.h"
#include "cli/temp_folder.h"
#include "headroom/codec.h"
#include "topologies/registry.h"

namespace headroom::demo {
namespace {

constexpr int64_t kStartMs = 1'732'233'600'000;
constexpr int64_t kHourMs = 3'600'000;

struct Written {
  std::string key;
  std::string value;
  bool operator==(const Written&) const = default;
};

std::vector<Written> live(Fleet& fleet, int64_t until_ms) {
  std::vector<Written> records;
  fleet.live_until(until_ms, [&](std::string_view key, std::string_view value) {
    records.push_back({std::string(key), std::string(value)});
  });
  return records;
}

ActionSummary resize(const Container& container, int64_t cpu_micro) {
  ActionSummary command;
  command.partitionkey = container.target;
  command.resource = "cpu";
  command.desired = cpu_micro;
  return command;
}

TEST(DemoFleet, is_the_same_for_a_seed_and_another_for_another) {
  Fleet one(20, 7, kStartMs);
  Fleet same(20, 7, kStartMs);
  Fleet other(20, 8, kStartMs);
  const auto records = live(one, kStartMs + kHourMs);
  // In how many steps it lives does not matter.
  auto pieces = live(same, kStartMs + kHourMs / 3);
  for (const auto& record : live(same, kStartMs + kHourMs)) pieces.push_back(record);
  EXPECT_EQ(records.size(), 20u * 60 + 1);
  EXPECT_EQ(records, pieces);
  EXPECT_NE(records, live(other, kStartMs + kHourMs));
}

TEST(DemoFleet, writes_what_decodes_but_for_the_broken_records_that_it_counts) {
  Fleet fleet(40, 1, kStartMs);
  const auto records = live(fleet, kStartMs + 2 * kHourMs);
  const auto decoder = make_sample_decoder();
  uint64_t bad = 0;
  uint64_t values = 0;
  for (const auto& record : records) {
    Decoded<Sample> decoded;
    decoder->begin_batch();
    decoder->decode({0, kStartMs + 365 * 24 * kHourMs, record.key, record.value}, 0, decoded);
    bad += decoded.rejects.size();
    values += decoded.values.size();
  }
  EXPECT_EQ(bad, fleet.broken_records());
  EXPECT_GT(bad, 5u);
  EXPECT_GT(values, records.size() * 3 - 100);
}

TEST(DemoFleet, reports_a_command_as_its_reservation_with_the_next_sample) {
  Fleet fleet(3, 1, kStartMs);
  live(fleet, kStartMs + 60'000);
  const Container before = fleet.containers()[1];
  ASSERT_TRUE(fleet.heed(resize(before, 1'230'000)));
  EXPECT_EQ(fleet.containers()[1].cpu_reserved_micro, 1'230'000);
  std::string mine;
  for (const auto& record : live(fleet, kStartMs + 120'000))
    if (record.key == before.target) mine += record.value;
  EXPECT_NE(mine.find(R"("cpu_reserved_cores","time_ms":)"), std::string::npos);
  EXPECT_NE(mine.find(R"("value":1.23)"), std::string::npos);
  EXPECT_FALSE(fleet.heed(resize({}, 1)));
}

Board full_board(const Fleet& fleet) {
  Board board;
  board.headline = "killed worker-a (process 4711) with SIGKILL; the others have to notice";
  board.time_ms = kStartMs;
  board.containers = &fleet.containers();
  board.workers.resize(2);
  board.workers[0] = {"worker-a", 4711, false, true, "127.0.0.1:40001", {}};
  board.workers[1] = {
      "worker-b", 4712, true, false, "127.0.0.1:40002", {{"right_sizing/0", "live", 10, 17}, {"right_sizing/1", "replaying", -1, 5}}};
  for (int i = 0; i < 12; ++i)
    board.recent.push_back("checkout/cart/app: cpu 4.00 -> 2.00  over_reserved  (right_sizing/1 #" + std::to_string(i) + ")");
  board.footer = {"broker 127.0.0.1:1", "kcat -C", std::string(300, 'x')};
  return board;
}

TEST(DemoBoard, fits_every_terminal) {
  Fleet fleet(40, 1, kStartMs);
  live(fleet, kStartMs + 60'000);
  const Board board = full_board(fleet);
  for (const bool plain : {false, true}) {
    for (int width = 1; width <= 220; width += 3) {
      for (int height = 1; height <= 70; height += 3) {
        const auto lines = draw_board(board, {.width = width, .height = height, .colour = !plain, .utf8 = !plain});
        ASSERT_LE(static_cast<int>(lines.size()), height) << width << "x" << height;
        for (const auto& line : lines) ASSERT_LE(visible_width(line), width) << line;
      }
    }
  }
}

TEST(DemoBoard, uses_a_tall_terminal_for_every_container_and_says_what_a_short_one_leaves_out) {
  Fleet fleet(40, 1, kStartMs);
  live(fleet, kStartMs + 60'000);
  const auto text = [&](int height) {
    std::string all;
    for (const auto& line : draw_board(full_board(fleet), {.width = 150, .height = height, .colour = false, .utf8 = false}))
      all += line + "\n";
    return all;
  };
  for (const auto& container : fleet.containers())
    EXPECT_NE(text(80).find("/" + container.name + " "), std::string::npos) << container.name;
  EXPECT_EQ(text(80).find("more containers"), std::string::npos);
  EXPECT_NE(text(30).find("more containers"), std::string::npos);
  EXPECT_NE(text(30).find("worker-a  killed with SIGKILL"), std::string::npos);
  EXPECT_NE(text(30).find("lanes 0 1(replaying)"), std::string::npos);
}

TEST(DemoBoard, draws_bars_of_one_width_whatever_is_used) {
  const BoardStyle style = {.width = 80, .height = 24, .colour = true, .utf8 = true};
  for (const double used : {0.0, 0.1, 1.0, 3.9, 4.0, 4.1, 100.0})
    for (const double reserved : {0.0, 0.5, 4.0, 50.0})
      for (const int width : {0, 1, 7, 30})
        EXPECT_EQ(visible_width(draw_bar(used, reserved, 8, width, style)), width) << used << " of " << reserved;
  EXPECT_EQ(draw_bar(2, 4, 8, 8, {.width = 80, .height = 24, .colour = false, .utf8 = false}), "##--    ");
  EXPECT_EQ(draw_bar(4, 2, 8, 8, {.width = 80, .height = 24, .colour = false, .utf8 = false}), "##!!    ");
}

TEST(DemoBoard, ends_colours_where_it_cuts) {
  EXPECT_EQ(clip("\x1b[31mabcdef\x1b[0m", 3), "\x1b[31mabc\x1b[0m");
  EXPECT_EQ(clip("äöü", 2), "äö");
  EXPECT_EQ(clip("abc", 3), "abc");
}

// A proof, and the records of one more task over the same input as the topics would hold them.
class DemoProof : public ::testing::Test {
 protected:
  DemoProof() : topology_(*build_topology({}, "right_sizing")), proof_(topology_, "demo") {
    Fleet fleet(30, 1, kStartMs);
    const auto task = topology_.make_task({"demo", "right_sizing", 2, 1});
    Outbox outbox;
    Offset offset = 0;
    for (const auto& [key, value] : live(fleet, kStartMs + 2 * kHourMs)) {
      const Record record = {offset, kStartMs + 365 * 24 * kHourMs, key, value};
      task->process({2, {&record, 1}, offset + 1}, outbox);
      proof_.take_input({"headroom.samples", 2, offset++, record.timestamp_ms, key, value, {}});
    }
    outputs_ = outbox.records;
  }

  bool take(const OutRecord& record) {
    const std::string sequence = std::to_string(record.sequence);
    const std::string offset = std::to_string(record.input_offset);
    TopicRecord out = {record.topic, 2, 0, 0, record.key, record.value, {{"lane", record.lane}, {"sequence", sequence}}};
    out.headers.emplace_back("input_offset", offset);
    out.headers.emplace_back("incarnation", "1");
    for (const auto& [name, value] : record.headers) out.headers.emplace_back(name, value);
    return proof_.take_output(out);
  }
  void take_all_but(size_t left_out) {
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (i != left_out) {
        EXPECT_TRUE(take(outputs_[i]));
      }
    }
  }

  Topology topology_;
  Proof proof_;
  std::vector<OutRecord> outputs_;
};
constexpr size_t kNone = SIZE_MAX;

TEST_F(DemoProof, is_clean_when_all_is_there_in_whatever_order) {
  ASSERT_GT(outputs_.size(), 10u);
  std::reverse(outputs_.begin(), outputs_.end());
  take_all_but(kNone);
  const Findings all = proof_.findings();
  EXPECT_TRUE(all.clean()) << all.first_wrong;
  EXPECT_EQ(all.found, outputs_.size());
  EXPECT_EQ(all.expected, outputs_.size());
  EXPECT_EQ(proof_.findings_in("headroom.actions").found + proof_.findings_in("headroom.rejected").found, outputs_.size());
}

TEST_F(DemoProof, finds_what_was_lost_also_at_the_end) {
  take_all_but(outputs_.size() - 1);
  EXPECT_EQ(proof_.findings().lost, 1u);
  EXPECT_FALSE(proof_.findings().clean());
  EXPECT_FALSE(proof_.findings().first_wrong.empty());
}

TEST_F(DemoProof, tells_a_repeat_from_a_double) {
  take_all_but(kNone);
  EXPECT_FALSE(take(outputs_[3]));
  EXPECT_TRUE(proof_.findings().clean());
  EXPECT_EQ(proof_.findings().repeated, 1u);
  OutRecord other = outputs_[3];
  other.value.back() = ' ';
  EXPECT_FALSE(take(other));
  EXPECT_EQ(proof_.findings().doubled, 1u);
}

TEST_F(DemoProof, finds_what_the_input_does_not_give_rise_to) {
  outputs_[5].input_offset += 1;
  take_all_but(kNone);
  EXPECT_EQ(proof_.findings().foreign, 1u);
  OutRecord more = outputs_.back();
  more.sequence += 1;
  take(more);
  EXPECT_EQ(proof_.findings().foreign, 2u);
  EXPECT_EQ(proof_.findings().lost, 0u);
  proof_.take_output({"headroom.actions", 0, 0, 0, "k", "v", {}});
  EXPECT_EQ(proof_.findings().foreign, 3u);
}

TEST(DemoWorkers, read_lanes_of_a_status_and_refuse_anything_else) {
  const auto lanes = parse_status(
      R"({"workers":[{"topology":"t","slot":"a","lanes":[{"lane":"right_sizing/0","phase":"live","committed":7,"log_end":9,"x":1}]},{"lanes":[]}]})");
  ASSERT_TRUE(lanes);
  ASSERT_EQ(lanes->size(), 1u);
  EXPECT_EQ((*lanes)[0].lane, "right_sizing/0");
  EXPECT_EQ((*lanes)[0].committed, 7);
  for (const char* wrong : {"", "[]", "{}", R"({"workers":3})", R"({"workers":[4]})", R"({"workers":[{"lanes":[5]}]})"})
    EXPECT_FALSE(parse_status(wrong)) << wrong;
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Child, keeps_its_output_and_tells_how_it_ended) {
  auto folder = TempFolder::make("headroom-test");
  ASSERT_TRUE(folder);
  const std::string log = folder->file("log");
  auto child = Child::start({{"sh", "-c", "echo out; echo err >&2; exit 7"}, log});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(10'000), 7);
  EXPECT_EQ(text_of(log), "out\nerr\n");
  auto killed = Child::start({{"tail", "-f", "/dev/null"}, log});
  ASSERT_TRUE(killed);
  killed->signal(SIGKILL);
  EXPECT_EQ(killed->wait(10'000), 128 + SIGKILL);
  EXPECT_FALSE(killed->running());
}

TEST(Child, says_that_there_is_no_such_program) {
  auto folder = TempFolder::make("headroom-test");
  ASSERT_TRUE(folder);
  const auto child = Child::start({{"no-such-program-of-headroom"}, folder->file("log")});
  EXPECT_EQ(child.status().code(), Code::kNotFound) << child.status().to_string();
}

// Readable when the process has ended.
bool ends_within(pid_t pid, int timeout_ms) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno == ESRCH;
  pollfd ended = {fd, POLLIN, 0};
  const bool in_time = poll(&ended, 1, timeout_ms) == 1;
  close(fd);
  return in_time;
}

TEST(Child, ends_with_its_object) {
  auto folder = TempFolder::make("headroom-test");
  ASSERT_TRUE(folder);
  pid_t pid = 0;
  {
    auto child = Child::start({{"tail", "-f", "/dev/null"}, folder->file("log")});
    ASSERT_TRUE(child);
    pid = child->pid();
    EXPECT_TRUE(child->running());
    EXPECT_FALSE(ends_within(pid, 0));
  }
  EXPECT_TRUE(ends_within(pid, 0));
}

TEST(Child, is_killed_with_the_process_that_started_it) {
  auto folder = TempFolder::make("headroom-test");
  ASSERT_TRUE(folder);
  int tell[2];
  int hold[2];
  ASSERT_EQ(pipe(tell), 0);
  ASSERT_EQ(pipe(hold), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    close(hold[1]);
    auto child = Child::start({{"tail", "-f", "/dev/null"}, folder->file("log")});
    const pid_t pid = child ? child->pid() : -1;
    char nothing = 0;
    // Ends without destructors, as SIGKILL would end it, when the test lets go of the other end.
    if (write(tell[1], &pid, sizeof pid) != sizeof pid || ::read(hold[0], &nothing, 1) != 0) _exit(1);
    _exit(0);
  }
  pid_t grandchild = -1;
  ASSERT_EQ(::read(tell[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  ASSERT_GT(grandchild, 0);
  EXPECT_FALSE(ends_within(grandchild, 0));
  close(hold[1]);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends_within(grandchild, 10'000));
  for (const int fd : {tell[0], tell[1], hold[0]}) close(fd);
}

TEST(TempFolder, goes_with_its_object_unless_kept) {
  std::string gone;
  std::string kept;
  {
    auto a = TempFolder::make("headroom-test");
    auto b = TempFolder::make("headroom-test");
    ASSERT_TRUE(a && b);
    std::ofstream(a->file("x")) << "x";
    gone = a->path();
    kept = b->path();
    b->keep();
  }
  EXPECT_FALSE(std::filesystem::exists(gone));
  EXPECT_TRUE(std::filesystem::exists(kept));
  std::filesystem::remove_all(kept);
}

// The whole, in processes of its own.
TEST(Demo, proves_that_a_killed_worker_costs_nothing) {
  if (!std::filesystem::exists(HEADROOM_BINARY)) GTEST_SKIP() << "there is no " << HEADROOM_BINARY;
  if (std::system("redis-server --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "redis-server is not installed";
  auto folder = TempFolder::make("headroom-test");
  ASSERT_TRUE(folder);
  const std::string log = folder->file("log");
  auto demo = Child::start({{HEADROOM_BINARY, "demo", "--seconds", "12", "--plain", "--json"}, log});
  ASSERT_TRUE(demo);
  const auto code = demo->wait(240'000);
  const std::string text = text_of(log);
  ASSERT_EQ(code, 0) << text;
  const size_t last = text.rfind("\n{");
  ASSERT_NE(last, std::string::npos) << text;
  const auto report = nlohmann::json::parse(text.substr(last + 1), nullptr, false);
  ASSERT_TRUE(report.is_object()) << text;
  EXPECT_EQ(report["kills"], 1);
  EXPECT_EQ(report["takeovers"], 1);
  EXPECT_EQ(report["commands"]["lost"], 0);
  EXPECT_EQ(report["commands"]["doubled"], 0);
  EXPECT_GT(report["commands"]["found"], 20);
  EXPECT_EQ(report["commands"]["found"], report["commands"]["expected"]);
}

TEST(Demo, says_in_one_sentence_what_it_lacks) {
  if (!std::filesystem::exists(HEADROOM_BINARY)) GTEST_SKIP() << "there is no " << HEADROOM_BINARY;
  auto folder = TempFolder::make("headroom-test");
  ASSERT_TRUE(folder);
  const std::string log = folder->file("log");
  auto demo = Child::start({{"env", "PATH=" + folder->path(), HEADROOM_BINARY, "demo", "--quick"}, log});
  ASSERT_TRUE(demo);
  EXPECT_EQ(demo->wait(30'000), 3);
  EXPECT_EQ(text_of(log), "headroom: the demo needs redis-server and there is none in PATH: apt-get install redis-server\n");
}

}  // namespace
}  // namespace headroom::demo
