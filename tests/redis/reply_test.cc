#include "redis/reply.h"

#include <gtest/gtest.h>

#include <random>

#include "redis/lane_keys.h"

namespace headroom {
namespace {

TEST(ReplyReader, cuts_replies_wherever_the_bytes_are_cut) {
  const std::string bytes = "+OK\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n*3\r\n$1\r\nx\r\n*1\r\n:1\r\n-ERR no\r\n-OOM x\r\n";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    ReplyReader reader;
    std::vector<std::unique_ptr<Reply>> replies;
    for (size_t i = 0; i < bytes.size(); i += step) {
      ASSERT_TRUE(reader.feed(std::string_view(bytes).substr(i, step)).is_ok());
      while (true) {
        auto reply = reader.next();
        ASSERT_TRUE(reply);
        if (!*reply) break;
        replies.push_back(std::move(*reply));
      }
    }
    ASSERT_EQ(replies.size(), 6u);
    EXPECT_TRUE(replies[0]->is_text("OK"));
    EXPECT_EQ(replies[1]->integer, -7);
    EXPECT_EQ(replies[2]->text, "a\r\nbc");
    EXPECT_EQ(replies[3]->kind, Reply::Kind::kNil);
    ASSERT_EQ(replies[4]->items.size(), 3u);
    EXPECT_EQ(replies[4]->items[1]->items[0]->integer, 1);
    EXPECT_EQ(replies[4]->items[2]->kind, Reply::Kind::kError);
    EXPECT_EQ(replies[5]->kind, Reply::Kind::kError);
  }
}

TEST(ReplyReader, says_what_is_not_the_protocol) {
  ReplyReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 400 Bad Request\r\n").is_ok());
  EXPECT_EQ(reader.next().status().code(), Code::kCorrupt);
}

TEST(ReplyReader, survives_any_bytes) {
  std::mt19937 random(1);
  const std::string alphabet = "+-:$*0123456789\r\nab";
  for (int round = 0; round < 20'000; ++round) {
    ReplyReader reader;
    std::string bytes;
    for (size_t i = random() % 60; i > 0; --i) bytes.push_back(alphabet[random() % alphabet.size()]);
    if (!reader.feed(bytes)) continue;
    for (auto reply = reader.next(); reply && *reply; reply = reader.next()) {
      auto manifest = parse_manifest(**reply);
      EXPECT_TRUE(!manifest || !manifest->has_value());
    }
  }
}

TEST(ErrorMeaning, sorts_errors_by_what_can_be_done) {
  EXPECT_EQ(error_meaning("OOM command not allowed when used memory > 'maxmemory'.").status.code(), Code::kExhausted);
  EXPECT_EQ(
      error_meaning("ERR Error running script (call to f_1): @user_script:5: @user_script: 5: -OOM command not allowed").status.code(),
      Code::kExhausted);
  EXPECT_EQ(error_meaning("NOPERM this user has no permissions to run the 'eval' command").status.code(), Code::kDenied);
  EXPECT_EQ(error_meaning("WRONGTYPE Operation against a key").status.code(), Code::kCorrupt);
  EXPECT_EQ(error_meaning("MISCONF Redis is configured to save RDB snapshots").status.code(), Code::kUnavailable);
  EXPECT_EQ(error_meaning("ERR something else").status.code(), Code::kInternal);
  for (const char* text : {"LOADING Redis is loading the dataset in memory", "READONLY You can't write against a read only replica.",
                           "MOVED 1234 10.0.0.1:6379", "ASK 1234 10.0.0.1:6379", "NOAUTH Authentication required."}) {
    EXPECT_TRUE(error_meaning(text).drop) << text;
  }
  EXPECT_NE(error_meaning("MOVED 1 h:1").status.message().find("cluster needs a proxy"), std::string::npos);
}

Reply array(std::initializer_list<const char*> texts) {
  Reply reply;
  reply.kind = Reply::Kind::kArray;
  for (const char* text : texts) {
    reply.items.push_back(std::make_unique<Reply>());
    reply.items.back()->kind = Reply::Kind::kText;
    reply.items.back()->text = text;
  }
  return reply;
}

TEST(Manifest, is_corrupt_when_it_is_not_what_a_flip_writes) {
  for (auto texts : {std::initializer_list<const char*>{"owner", "o"},
                     {"owner", "o", "epoch", "1"},
                     {"owner", "o", "epoch", "x", "core", "c"},
                     {"owner", "o", "epoch", "1", "core"},
                     {"owner", "o", "epoch", "1", "core", "c", "p1", "n"},
                     {"owner", "o", "epoch", "1", "core", "c", "p1.2x", "n"},
                     {"owner", "o", "epoch", "1", "core", "c", "p1.2", ""},
                     {"owner", "o", "epoch", "1", "core", "c", "other", "n"}}) {
    Reply reply = array(texts);
    EXPECT_EQ(parse_manifest(reply).status().code(), Code::kCorrupt);
  }
  Reply good = array({"owner", "o", "epoch", "00000000000000000012", "core", "c", "p4294967295.0", "n"});
  const auto manifest = parse_manifest(good);
  ASSERT_TRUE(manifest && manifest->has_value());
  EXPECT_EQ((*manifest)->epoch, 12u);
  EXPECT_EQ((*manifest)->pages.begin()->first, (PageId{4294967295, 0}));
}

TEST(Manifest, marks_and_skips_that_are_not_ours_are_corrupt) {
  Reply text;
  text.kind = Reply::Kind::kText;
  for (const char* bad : {"", "5", "5 x", "x 5", "5 1 2"}) {
    text.text = bad;
    EXPECT_EQ(parse_mark(text).status().code(), Code::kCorrupt) << bad;
  }
  EXPECT_EQ(parse_skips(array({"1", "two"})).status().code(), Code::kCorrupt);
  EXPECT_EQ(parse_skips(text).status().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace headroom
