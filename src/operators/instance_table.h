#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "headroom/action.h"
#include "headroom/bytes.h"
#include "policy/bucket_ring.h"

namespace headroom {

// Earlier than any sample.
inline constexpr int64_t kNever = INT64_MIN;

// A name kept within the object when it is short, as those of pods are.
class InstanceName {
 public:
  explicit InstanceName(std::string_view name = {});
  InstanceName(const InstanceName&) = delete;
  InstanceName& operator=(const InstanceName&) = delete;
  ~InstanceName() { release(); }
  std::string_view view() const { return {size_ <= kInline ? bytes_.data() : long_name(), size_}; }

 private:
  static constexpr size_t kInline = 40;
  char* long_name() const;
  void release();

  uint32_t size_ = 0;
  std::array<char, kInline> bytes_{};  // or a pointer to the long name
};

// What is known of one resource of one instance. The members and the ring's newest bucket make one cache line.
struct alignas(64) Usage {
  int64_t used_ms = kNever;  // of the last accepted sample
  int64_t reserved_ms = kNever;
  int64_t reserved = 0;  // micro-cores or bytes; 0 when not known
  BucketRing used;
};

// One instance of a container.
struct Instance {
  explicit Instance(std::string_view instance_name) : name(instance_name) {}

  Usage& usage(Resource resource) { return usages[static_cast<size_t>(resource)]; }
  const Usage& usage(Resource resource) const { return usages[static_cast<size_t>(resource)]; }
  // The greatest time of any accepted sample of the resource; kNever when there was none. Kills count as memory.
  int64_t greatest_ms(Resource resource) const;
  int64_t greatest_ms() const;
  void forget(Resource resource);

  InstanceName name;
  int64_t oom_ms = kNever;
  int64_t oom_kills = 0;
  std::array<Usage, 2> usages;
};

// The instances of one container, by name. The first one lives within the table, as most containers of a pod have but one. One thread.
class InstanceTable {
 public:
  InstanceTable() = default;
  ~InstanceTable() { clear(); }
  InstanceTable(const InstanceTable&) = delete;
  InstanceTable& operator=(const InstanceTable&) = delete;

  size_t size() const { return entries_.size(); }
  Instance* find(std::string_view name);
  // When `most` (above 0) are there already, the one with the smallest greatest time, of equals the smaller name, makes way.
  Instance& find_or_add(std::string_view name, size_t most);
  // Forgets the resource of each instance whose greatest time of it lies before `time_ms`, and instances of which nothing is left.
  void forget_before(Resource resource, int64_t time_ms);

  template <class F>
  void for_each(F&& visit) const {
    for (const Entry& entry : entries_) visit(*entry.instance);
  }
  template <class F>
  void for_each(F&& visit) {
    for (Entry& entry : entries_) visit(*entry.instance);
  }

  // Brings an instance's hot lines closer; changes nothing.
  void prefetch(std::string_view name, Resource resource) const;

  void save(ByteWriter& out) const;
  bool load(ByteReader& in);

 private:
  struct Entry {
    uint64_t hash = 0;
    Instance* instance = nullptr;
  };
  using Entries = boost::container::small_vector<Entry, 1>;

  Entries::const_iterator lower_bound(uint64_t hash) const;
  Instance* find_hashed(uint64_t hash, std::string_view name) const;
  void make_way();
  Instance* make(std::string_view name);
  void destroy(Instance* instance);
  void clear();

  Entries entries_;  // ascending by hash
  bool room_taken_ = false;
  alignas(Instance) std::array<std::byte, sizeof(Instance)> room_;
};

}  // namespace headroom
