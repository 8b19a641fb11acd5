#include "headroom/keyed_store.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace headroom {
namespace {

struct Counter {
  int64_t sum = 0;
  std::vector<int64_t> seen;
  auto fields() { return std::tie(sum, seen); }
};

using Pages = std::map<uint32_t, std::string>;

constexpr int64_t kIdle = 1000;

KeyedStore make_store(uint64_t max_keys = 1'000'000, uint32_t version = 1) {
  return {"counters", state_type<Counter>(version), kIdle, max_keys};
}

Counter* touch(KeyedStore& store, const StateKey& key, int64_t now) {
  const uint64_t hash = KeyedStore::hash(key);
  return static_cast<Counter*>(store.touch(key, hash, store.candidate(hash), now));
}

void put(Pages& pages, std::optional<PageImage> image) {
  if (image->bytes.empty())
    pages.erase(image->page);
  else
    pages[image->page] = std::move(image->bytes);
}

Pages whole_pages(KeyedStore& store) {
  Pages pages;
  store.begin_snapshot(true);
  while (auto image = store.next_page(SIZE_MAX)) put(pages, std::move(image));
  store.end_snapshot(false);
  return pages;
}

Status load(KeyedStore& store, const Pages& pages) {
  for (const auto& [page, bytes] : pages)
    if (auto status = store.load_page(page, bytes); !status.is_ok()) return status;
  return store.finish_load();
}

TEST(KeyedStore, keeps_a_state_per_pair_of_strings_where_it_was_made) {
  KeyedStore store = make_store();
  Counter* first = touch(store, {"ab", "c"}, 1);
  first->sum = 5;
  EXPECT_NE(touch(store, {"a", "bc"}, 1), first);
  EXPECT_NE(touch(store, {"abc", ""}, 1), first);
  for (int i = 0; i < 5000; ++i) touch(store, {"key", std::to_string(i)}, 2);
  EXPECT_EQ(touch(store, {"ab", "c"}, 2), first);
  EXPECT_EQ(first->sum, 5);
  EXPECT_EQ(store.key_count(), 5003u);
  EXPECT_EQ(store.page_count(), (5003u + 31) / 32);
}

TEST(KeyedStore, keeps_long_keys_and_empty_ones) {
  KeyedStore store = make_store();
  const std::string base(57, 'k');
  touch(store, {base, base}, 1)->sum = 1;
  touch(store, {base.substr(1), ""}, 1)->sum = 2;
  touch(store, {"", ""}, 1)->sum = 3;
  touch(store, {"", "x"}, 1)->sum = 4;
  EXPECT_EQ(touch(store, {base, base}, 1)->sum, 1);
  EXPECT_EQ(touch(store, {base.substr(1), ""}, 1)->sum, 2);
  EXPECT_EQ(touch(store, {"", ""}, 1)->sum, 3);
  EXPECT_EQ(touch(store, {"", "x"}, 1)->sum, 4);
}

TEST(KeyedStore, forgets_exactly_at_the_idle_time) {
  KeyedStore store = make_store();
  touch(store, {"a", ""}, 100)->sum = 1;
  EXPECT_EQ(touch(store, {"a", ""}, 100 + kIdle - 1)->sum, 1);
  EXPECT_EQ(touch(store, {"a", ""}, 99 + 2 * kIdle)->sum, 0);
}

TEST(KeyedStore, frees_what_is_idle_when_the_sweep_comes_by) {
  KeyedStore store = make_store();
  for (int i = 0; i < 100; ++i) touch(store, {"old", std::to_string(i)}, 0);
  for (int i = 0; i < 128; ++i) touch(store, {"new", ""}, kIdle);
  EXPECT_EQ(store.key_count(), 1u);
  EXPECT_EQ(store.page_count(), 4u);
}

TEST(KeyedStore, keeps_what_it_saw_before_the_lane_had_a_time_until_touched) {
  KeyedStore store = make_store();
  touch(store, {"a", ""}, KeyedStore::kNoTime)->sum = 1;
  for (int i = 0; i < 40; ++i) touch(store, {"b", ""}, 1'700'000'000'000);
  EXPECT_EQ(touch(store, {"a", ""}, 1'700'000'000'000)->sum, 1);
}

TEST(KeyedStore, gives_no_state_beyond_the_most_keys) {
  KeyedStore store = make_store(3);
  for (const char* key : {"a", "b", "c"}) EXPECT_NE(touch(store, {key, ""}, 0), nullptr);
  EXPECT_EQ(touch(store, {"d", ""}, 0), nullptr);
  EXPECT_NE(touch(store, {"a", ""}, 0), nullptr);
}

TEST(KeyedStore, gives_a_new_key_the_lowest_free_slot) {
  KeyedStore store = make_store();
  std::map<int, Counter*> places;
  for (int i = 0; i < 70; ++i) places[i] = touch(store, {"k", std::to_string(i)}, 0);
  for (int i = 0; i < 70; ++i)
    if (i >= 40 || i % 3 != 0) touch(store, {"k", std::to_string(i)}, 500);
  // The sweep frees the slots of 0, 3, 6, ... 39.
  for (int i = 0; i < 96; ++i) touch(store, {"k", "1"}, kIdle + 100);
  for (int i = 0; i <= 39; i += 3) EXPECT_EQ(touch(store, {"new", std::to_string(i)}, kIdle + 100), places[i]) << i;
}

TEST(KeyedStore, holds_a_million_states_and_finds_each) {
  KeyedStore store = make_store(2'000'000);
  for (int i = 0; i < 1'000'000; ++i) touch(store, {"key", std::to_string(i)}, 0)->sum = i;
  for (int i = 0; i < 1'000'000; i += 7) ASSERT_EQ(touch(store, {"key", std::to_string(i)}, 0)->sum, i);
  EXPECT_EQ(store.key_count(), 1'000'000u);
}

// ---- snapshots

TEST(KeyedStore, writes_only_pages_that_changed_since_the_last_confirmed_snapshot) {
  KeyedStore store = make_store();
  for (int i = 0; i < 320; ++i) touch(store, {"k", std::to_string(i)}, 0);
  Pages pages;
  const auto snapshot = [&](bool whole, bool confirmed) {
    std::set<uint32_t> written;
    store.begin_snapshot(whole);
    while (auto image = store.next_page(SIZE_MAX)) written.insert(image->page), put(pages, std::move(image));
    store.end_snapshot(confirmed);
    return written;
  };
  EXPECT_EQ(snapshot(false, true).size(), 10u);
  EXPECT_TRUE(snapshot(false, true).empty());
  touch(store, {"k", "33"}, 0)->sum = 1;
  EXPECT_EQ(snapshot(false, false), std::set<uint32_t>{1});
  touch(store, {"k", "200"}, 0)->sum = 1;
  EXPECT_EQ(snapshot(false, true), (std::set<uint32_t>{1, 6}));
  EXPECT_EQ(snapshot(true, true).size(), 10u);
  EXPECT_TRUE(snapshot(false, true).empty());
  EXPECT_EQ(pages, whole_pages(store));
}

TEST(KeyedStore, counts_the_pages_of_an_aborted_snapshot_as_changed) {
  KeyedStore store = make_store();
  for (int i = 0; i < 64; ++i) touch(store, {"k", std::to_string(i)}, 0);
  store.begin_snapshot(false);
  ASSERT_TRUE(store.next_page(SIZE_MAX));
  store.begin_snapshot(false);
  EXPECT_EQ(store.next_page(SIZE_MAX)->page, 0u);
  EXPECT_EQ(store.next_page(SIZE_MAX)->page, 1u);
  EXPECT_TRUE(store.snapshot_finished());
}

TEST(KeyedStore, gives_empty_bytes_for_a_page_that_holds_no_state_any_more) {
  KeyedStore store = make_store();
  for (int i = 0; i < 64; ++i) touch(store, {"k", std::to_string(i)}, 0);
  for (int i = 0; i < 32; ++i) touch(store, {"k", std::to_string(i)}, 500);
  Pages pages = whole_pages(store);
  store.begin_snapshot(true);
  while (auto image = store.next_page(SIZE_MAX)) put(pages, std::move(image));
  store.end_snapshot(true);
  for (int i = 0; i < 64; ++i) touch(store, {"k", "0"}, kIdle);
  store.begin_snapshot(false);
  std::map<uint32_t, bool> empty;
  while (auto image = store.next_page(SIZE_MAX)) empty[image->page] = image->bytes.empty();
  EXPECT_EQ(empty, (std::map<uint32_t, bool>{{0, false}, {1, true}}));
}

TEST(KeyedStore, works_within_the_budget_even_on_huge_states) {
  KeyedStore store = make_store();
  for (int i = 0; i < 32; ++i) touch(store, {"k", std::to_string(i)}, 0)->seen.assign(100'000, 1'000'000'000'000);
  store.begin_snapshot(false);
  int calls = 1;
  auto image = store.next_page(1000);
  for (; !image; image = store.next_page(1000)) ++calls;
  EXPECT_EQ(calls, 32);
  EXPECT_GT(image->bytes.size(), 32u * 600'000);
}

TEST(KeyedStore, counts_the_bytes_it_copies_and_gives_them_back) {
  KeyedStore store = make_store();
  for (int i = 0; i < 96; ++i) touch(store, {"k", std::to_string(i)}, 0)->seen.assign(100, 300);
  store.begin_snapshot(false);
  ASSERT_TRUE(store.next_page(SIZE_MAX));
  touch(store, {"k", "0"}, 1);  // its page is written already
  EXPECT_EQ(store.copied_bytes(), 0u);
  touch(store, {"k", "40"}, 1);
  const size_t one = store.copied_bytes();
  EXPECT_GT(one, 200u);
  touch(store, {"k", "40"}, 2);
  EXPECT_EQ(store.copied_bytes(), one);
  touch(store, {"k", "90"}, 2);
  EXPECT_GT(store.copied_bytes(), one);
  while (store.next_page(SIZE_MAX)) continue;
  EXPECT_EQ(store.copied_bytes(), 0u);
}

TEST(KeyedStore, shows_a_visitor_all_states_and_the_running_snapshot_what_they_were) {
  KeyedStore store = make_store();
  for (int i = 0; i < 70; ++i) touch(store, {"k", std::to_string(i)}, 5)->sum = i;
  store.begin_snapshot(true);
  std::vector<int64_t> seen;
  store.visit_all(10, [&](const StateKey& key, void* state) {
    auto& counter = *static_cast<Counter*>(state);
    EXPECT_EQ(key.second, std::to_string(counter.sum));
    seen.push_back(std::exchange(counter.sum, -1));
  });
  ASSERT_EQ(seen.size(), 70u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  Pages pages;
  while (auto image = store.next_page(SIZE_MAX)) put(pages, std::move(image));
  store.end_snapshot(true);
  KeyedStore restored = make_store();
  restored.expect(store.page_count(), 70, store.sweep_slot());
  ASSERT_TRUE(load(restored, pages).is_ok());
  for (int i = 0; i < 70; ++i) EXPECT_EQ(touch(restored, {"k", std::to_string(i)}, 10)->sum, i);
  store.begin_snapshot(false);  // what the visit changed is in the next one
  size_t pages_of_the_next = 0;
  while (store.next_page(SIZE_MAX)) ++pages_of_the_next;
  EXPECT_EQ(pages_of_the_next, 3u);
}

TEST(KeyedStore, forgets_what_is_idle_when_visited) {
  KeyedStore store = make_store();
  touch(store, {"old", ""}, 0);
  touch(store, {"new", ""}, 1);
  std::vector<std::string> seen;
  store.visit_all(kIdle, [&](const StateKey& key, void*) { seen.emplace_back(key.first); });
  EXPECT_EQ(seen, std::vector<std::string>{"new"});
  EXPECT_EQ(store.key_count(), 1u);
}

// Random touches, expiry and snapshots against a map. Each snapshot must hold the state as of its begin, and a store restored from it must
// go on exactly as the first.
class StoreModel {
 public:
  explicit StoreModel(uint64_t seed) : random_(seed) {}

  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      if (!store_.snapshotting() && random_() % 40 == 0) begin();
      if (store_.snapshotting() && random_() % 3 == 0) step();
      touch_one();
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

 private:
  struct Held {
    int64_t sum = 0;
    int64_t last_touch = 0;
  };
  using Model = std::map<std::pair<std::string, std::string>, Held>;

  void touch_one() {
    now_ += static_cast<int64_t>(random_() % 12);
    if (random_() % 500 == 0) now_ += kIdle;
    const std::string first = "target-" + std::to_string(random_() % 300) + (random_() % 4 == 0 ? std::string(60, 'z') : "");
    const std::string second = random_() % 2 == 0 ? "app" : "";
    const auto amount = static_cast<int64_t>(random_() % 100);
    Held& held = model_[{first, second}];
    if (held.last_touch + kIdle <= now_) held.sum = 0;
    held.sum += amount;
    held.last_touch = now_;
    Counter* state = touch(store_, {first, second}, now_);
    ASSERT_NE(state, nullptr);
    state->sum += amount;
    if (state->seen.size() < 20) state->seen.push_back(now_);
    ASSERT_EQ(state->sum, held.sum);
  }

  void begin() {
    whole_ = random_() % 5 == 0;
    store_.begin_snapshot(whole_);
    as_of_ = model_;
    begun_ = now_;
    next_pages_ = whole_ ? Pages() : pages_;
    keys_ = store_.key_count();
    page_count_ = store_.page_count();
    sweep_ = store_.sweep_slot();
  }

  void step() {
    if (auto image = store_.next_page(random_() % 3000)) put(next_pages_, std::move(image));
    if (random_() % 300 == 0) return store_.end_snapshot(false);
    if (!store_.snapshot_finished()) return;
    const bool confirmed = random_() % 4 != 0;
    store_.end_snapshot(confirmed);
    if (!confirmed) return;
    pages_ = next_pages_;
    check_restored();
  }

  void check_restored() {
    KeyedStore restored = make_store();
    restored.expect(page_count_, keys_, sweep_);
    const Status status = load(restored, pages_);
    ASSERT_TRUE(status.is_ok()) << status.to_string();
    ASSERT_EQ(whole_pages(restored), pages_);
    for (const auto& [key, held] : as_of_) {
      const int64_t wanted = held.last_touch + kIdle <= begun_ ? 0 : held.sum;
      ASSERT_EQ(touch(restored, {key.first, key.second}, begun_)->sum, wanted) << key.first;
    }
  }

  std::mt19937_64 random_;
  KeyedStore store_ = make_store();
  Model model_;
  Model as_of_;
  int64_t now_ = 10'000;
  int64_t begun_ = 0;
  bool whole_ = false;
  Pages pages_;
  Pages next_pages_;
  uint64_t keys_ = 0;
  uint32_t page_count_ = 0;
  uint32_t sweep_ = 0;
};

TEST(KeyedStore, agrees_with_a_map_and_its_snapshots_with_their_begin) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    StoreModel model(seed);
    model.run(20'000);
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
  }
}

TEST(KeyedStore, goes_on_after_a_restore_as_the_first_would_have) {
  std::mt19937_64 random(7);
  KeyedStore first = make_store();
  int64_t now = 0;
  const auto touch_random = [&](auto& rng, KeyedStore& store, int64_t at) {
    touch(store, {"k", std::to_string(rng() % 200)}, at)->sum += static_cast<int64_t>(rng() % 9);
  };
  for (int i = 0; i < 3000; ++i) touch_random(random, first, now += 5);
  KeyedStore second = make_store();
  second.expect(first.page_count(), first.key_count(), first.sweep_slot());
  ASSERT_TRUE(load(second, whole_pages(first)).is_ok());
  auto copy = random;
  for (int i = 0; i < 3000; ++i) {
    now += 7;
    touch_random(random, first, now);
    touch_random(copy, second, now);
  }
  EXPECT_EQ(whole_pages(first), whole_pages(second));
  EXPECT_EQ(first.sweep_slot(), second.sweep_slot());
}

// ---- loading what may be broken

Pages sample_pages() {
  KeyedStore store = make_store();
  for (int i = 0; i < 70; ++i) touch(store, {"key", std::string(static_cast<size_t>(i), 'x')}, i)->seen = {1, 2, i};
  return whole_pages(store);
}

TEST(KeyedStore, refuses_a_page_of_another_version_or_format_as_schema) {
  const Pages pages = sample_pages();
  KeyedStore newer = make_store(100, 2);
  EXPECT_EQ(newer.load_page(0, pages.at(0)).code(), Code::kSchema);
  std::string other = pages.at(0);
  other[3] = '2';
  KeyedStore store = make_store();
  EXPECT_EQ(store.load_page(0, other).code(), Code::kSchema);
}

TEST(KeyedStore, refuses_pages_that_are_broken_misplaced_doubled_or_missing) {
  const Pages pages = sample_pages();
  KeyedStore store = make_store();
  EXPECT_EQ(store.load_page(1, pages.at(0)).code(), Code::kCorrupt);
  EXPECT_TRUE(store.load_page(0, pages.at(0)).is_ok());
  EXPECT_EQ(store.load_page(0, pages.at(0)).code(), Code::kCorrupt);
  store.clear();
  store.expect(3, 70, 0);
  EXPECT_TRUE(store.load_page(0, pages.at(0)).is_ok());
  EXPECT_TRUE(store.load_page(2, pages.at(2)).is_ok());
  EXPECT_EQ(store.finish_load().code(), Code::kCorrupt);
  store.clear();
  store.expect(2, 70, 0);
  EXPECT_EQ(store.load_page(2, pages.at(2)).code(), Code::kCorrupt);
}

TEST(KeyedStore, refuses_any_single_changed_byte_and_any_truncation_of_a_page) {
  const std::string bytes = sample_pages().at(0);
  std::mt19937_64 random(5);
  for (size_t at = 0; at < bytes.size(); ++at) {
    KeyedStore store = make_store();
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1 + random() % 255));
    ASSERT_FALSE(store.load_page(0, changed).is_ok()) << at;
    ASSERT_FALSE(store.load_page(0, std::string_view(bytes).substr(0, at)).is_ok()) << at;
  }
}

// A checksum over wrong bytes: whatever a faulty writer could have sealed must be refused or load, never crash.
TEST(KeyedStore, survives_mutated_pages_whose_checksum_holds) {
  const std::string bytes = sample_pages().at(1);
  std::mt19937_64 random(11);
  size_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = bytes;
    for (uint64_t change = random() % 3 + 1; change > 0; --change) {
      const size_t at = 12 + random() % (mutated.size() - 12);
      if (random() % 3 == 0 && mutated.size() > 40)
        mutated.erase(std::max<size_t>(at, 24), random() % 5);
      else
        mutated[at] = static_cast<char>(random());
    }
    const uint64_t checksum = KeyedStore::hash({std::string_view(mutated).substr(12), {}});
    std::memcpy(mutated.data() + 4, &checksum, sizeof checksum);
    KeyedStore store = make_store();
    const bool good = store.load_page(1, mutated).is_ok() && store.finish_load().is_ok();
    refused += good ? 0 : 1;
    if (good) touch(store, {"after", ""}, 100)->sum = 1;
  }
  EXPECT_GT(refused, 5'000u);
  EXPECT_LT(refused, 20'000u);
}

}  // namespace
}  // namespace headroom
