#include "headroom/slab_arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

namespace headroom {
namespace {

TEST(SlabArena, gives_slabs_that_do_not_overlap_and_are_aligned) {
  for (const size_t size : {size_t{64}, size_t{1000}, size_t{57'000}, size_t{3} << 20}) {
    SlabArena arena(size);
    std::set<std::byte*> slabs;
    const size_t count = size > 1'000'000 ? 5 : 500;
    for (size_t i = 0; i < count; ++i) {
      std::byte* slab = arena.take();
      ASSERT_EQ(reinterpret_cast<uintptr_t>(slab) % 64, 0u);
      std::memset(slab, static_cast<int>(i % 251), size);
      const auto after = slabs.upper_bound(slab);
      if (after != slabs.end()) {
        ASSERT_GE(*after, slab + size);
      }
      if (after != slabs.begin()) {
        ASSERT_LE(*std::prev(after) + size, slab);
      }
      slabs.insert(slab);
    }
    EXPECT_EQ(slabs.size(), count);
  }
}

TEST(SlabArena, takes_back_what_is_given_before_it_asks_for_more) {
  SlabArena arena(128);
  std::set<std::byte*> slabs;
  for (int i = 0; i < 100; ++i) slabs.insert(arena.take());
  for (std::byte* slab : slabs) arena.give(slab);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(slabs.contains(arena.take())) << i;
  arena.clear();
  EXPECT_NE(arena.take(), nullptr);
}

}  // namespace
}  // namespace headroom
