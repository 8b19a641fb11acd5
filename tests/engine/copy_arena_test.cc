#include "engine/copy_arena.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace headroom {
namespace {

TEST(CopyArena, keeps_copies_and_gives_blocks_back_when_they_are_empty) {
  CopyArena arena;
  std::mt19937_64 random(1);
  std::vector<std::pair<CopyArena::Copy, std::string>> held;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 3000, static_cast<char>('a' + i % 26));
    held.emplace_back(arena.keep(bytes), bytes);
    if (random() % 3 == 0) {
      std::swap(held[random() % held.size()], held.back());
      ASSERT_EQ(held.back().first.bytes(), held.back().second);
      arena.give_back(held.back().first);
      held.pop_back();
    }
  }
  EXPECT_GT(arena.mapped_blocks(), 10u);
  for (const auto& [copy, bytes] : held) {
    ASSERT_EQ(copy.bytes(), bytes);
    arena.give_back(copy);
  }
  EXPECT_EQ(arena.bytes(), 0u);
  EXPECT_LE(arena.mapped_blocks(), 1u);
}

TEST(CopyArena, takes_a_copy_larger_than_a_block) {
  CopyArena arena;
  const std::string large(5 << 20, 'x');
  const auto first = arena.keep("small");
  const auto second = arena.keep(large);
  const auto third = arena.keep("after");
  EXPECT_EQ(second.bytes(), large);
  EXPECT_EQ(first.bytes(), "small");
  EXPECT_EQ(third.bytes(), "after");
}

TEST(CopyArena, uses_forgotten_blocks_again_and_releases_them_one_by_one) {
  CopyArena arena;
  const std::string half(600 << 10, 'x');
  for (int i = 0; i < 10; ++i) arena.keep(half);
  EXPECT_EQ(arena.mapped_blocks(), 10u);
  arena.forget_all();
  EXPECT_EQ(arena.bytes(), 0u);
  for (int i = 0; i < 4; ++i) arena.keep(half);
  EXPECT_EQ(arena.mapped_blocks(), 10u);
  for (size_t left = 10; left > 4; --left) {
    EXPECT_EQ(arena.mapped_blocks(), left);
    arena.release_one();
  }
  arena.release_one();
  EXPECT_EQ(arena.mapped_blocks(), 4u);
}

}  // namespace
}  // namespace headroom
