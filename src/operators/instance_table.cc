#include "operators/instance_table.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace headroom {
namespace {

// Differences of times of a restored state never overflow.
constexpr int64_t kMostTimeMs = INT64_MAX / 4;

// What of a resource of an instance follows in its bytes.
constexpr unsigned kUsed = 1;
constexpr unsigned kReserved = 2;
constexpr unsigned kOom = 4;

void save_time(ByteWriter& out, int64_t time_ms) {
  out.zigzag(time_ms);
}

bool load_time(ByteReader& in, int64_t& time_ms) {
  time_ms = in.zigzag();
  return time_ms > -kMostTimeMs && time_ms < kMostTimeMs;
}

void save_usage(ByteWriter& out, const Usage& usage) {
  if (usage.used_ms != kNever) {
    save_time(out, usage.used_ms);
    usage.used.save(out);
  }
  if (usage.reserved_ms != kNever) {
    save_time(out, usage.reserved_ms);
    out.zigzag(usage.reserved);
  }
}

bool load_usage(ByteReader& in, unsigned known, Usage& usage) {
  if ((known & kUsed) != 0 && !(load_time(in, usage.used_ms) && usage.used.load(in))) return false;
  if ((known & kReserved) == 0) return true;
  if (!load_time(in, usage.reserved_ms)) return false;
  usage.reserved = in.zigzag();
  return in.ok();
}

unsigned known_of(const Usage& usage) {
  return (usage.used_ms != kNever ? kUsed : 0U) | (usage.reserved_ms != kNever ? kReserved : 0U);
}

void save_instance(ByteWriter& out, const Instance& instance) {
  const unsigned cpu = known_of(instance.usage(Resource::kCpu));
  const unsigned memory = known_of(instance.usage(Resource::kMemory)) | (instance.oom_ms != kNever ? kOom : 0U);
  out.string(instance.name.view());
  out.varint(cpu | memory << 3);
  save_usage(out, instance.usage(Resource::kCpu));
  save_usage(out, instance.usage(Resource::kMemory));
  if (instance.oom_ms == kNever) return;
  save_time(out, instance.oom_ms);
  out.zigzag(instance.oom_kills);
}

bool load_instance(ByteReader& in, Instance& instance) {
  const uint64_t known = in.varint();
  if (known == 0 || known > 63 || (known & kOom) != 0) return false;
  const auto memory = static_cast<unsigned>(known >> 3);
  if (!load_usage(in, known & 3U, instance.usage(Resource::kCpu)) || !load_usage(in, memory, instance.usage(Resource::kMemory)))
    return false;
  if ((memory & kOom) == 0) return true;
  if (!load_time(in, instance.oom_ms)) return false;
  instance.oom_kills = in.zigzag();
  return in.ok();
}

}  // namespace

InstanceName::InstanceName(std::string_view name) : size_(static_cast<uint32_t>(name.size())) {
  if (size_ <= kInline) {
    std::copy(name.begin(), name.end(), bytes_.begin());
    return;
  }
  char* copy = std::make_unique<char[]>(size_).release();
  std::memcpy(copy, name.data(), size_);
  std::memcpy(bytes_.data(), &copy, sizeof copy);
}

char* InstanceName::long_name() const {
  char* name = nullptr;
  std::memcpy(&name, bytes_.data(), sizeof name);
  return name;
}

void InstanceName::release() {
  if (size_ > kInline) std::unique_ptr<char[]>(long_name()).reset();
}

int64_t Instance::greatest_ms(Resource resource) const {
  const int64_t greatest = std::max(usage(resource).used_ms, usage(resource).reserved_ms);
  return resource == Resource::kMemory ? std::max(greatest, oom_ms) : greatest;
}

int64_t Instance::greatest_ms() const {
  return std::max(greatest_ms(Resource::kCpu), greatest_ms(Resource::kMemory));
}

void Instance::forget(Resource resource) {
  Usage& forgotten = usage(resource);
  forgotten.used_ms = kNever;
  forgotten.reserved_ms = kNever;
  forgotten.reserved = 0;
  forgotten.used.clear();
  if (resource == Resource::kMemory) oom_ms = kNever;
}

InstanceTable::Entries::const_iterator InstanceTable::lower_bound(uint64_t hash) const {
  return std::lower_bound(entries_.begin(), entries_.end(), hash, [](const Entry& entry, uint64_t h) { return entry.hash < h; });
}

Instance* InstanceTable::find_hashed(uint64_t hash, std::string_view name) const {
  for (auto at = lower_bound(hash); at != entries_.end() && at->hash == hash; ++at) {
    if (at->instance->name.view() == name) return at->instance;
  }
  return nullptr;
}

Instance* InstanceTable::find(std::string_view name) {
  if (entries_.empty()) return nullptr;
  Instance& first = *entries_.front().instance;
  if (entries_.size() == 1) return first.name.view() == name ? &first : nullptr;
  return find_hashed(hash_bytes(name), name);
}

Instance& InstanceTable::find_or_add(std::string_view name, size_t most) {
  const uint64_t hash = hash_bytes(name);
  if (Instance* found = find_hashed(hash, name)) return *found;
  while (entries_.size() >= most) make_way();
  const auto added = entries_.insert(lower_bound(hash), Entry{hash, make(name)});
  return *added->instance;
}

Instance* InstanceTable::make(std::string_view name) {
  if (room_taken_) return new Instance(name);
  room_taken_ = true;
  return ::new (room_.data()) Instance(name);
}

void InstanceTable::destroy(Instance* instance) {
  if (static_cast<void*>(instance) != room_.data()) {
    delete instance;
    return;
  }
  instance->~Instance();
  room_taken_ = false;
}

void InstanceTable::clear() {
  for (const Entry& entry : entries_) destroy(entry.instance);
  entries_.clear();
}

void InstanceTable::make_way() {
  const auto older = [](const Entry& a, const Entry& b) {
    const int64_t a_ms = a.instance->greatest_ms();
    const int64_t b_ms = b.instance->greatest_ms();
    return a_ms != b_ms ? a_ms < b_ms : a.instance->name.view() < b.instance->name.view();
  };
  const auto oldest = std::min_element(entries_.begin(), entries_.end(), older);
  destroy(oldest->instance);
  entries_.erase(oldest);
}

void InstanceTable::forget_before(Resource resource, int64_t time_ms) {
  bool emptied = false;
  for (Entry& entry : entries_) {
    if (entry.instance->greatest_ms(resource) >= time_ms) continue;
    entry.instance->forget(resource);
    emptied = emptied || entry.instance->greatest_ms() == kNever;
  }
  if (!emptied) return;
  const auto nothing_left = [&](const Entry& entry) {
    if (entry.instance->greatest_ms() != kNever) return false;
    destroy(entry.instance);
    return true;
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), nothing_left), entries_.end());
}

void InstanceTable::prefetch(std::string_view name, Resource resource) const {
  if (entries_.empty()) return;
  const Instance* instance = entries_.front().instance;
  if (entries_.size() > 1) {
    const uint64_t hash = hash_bytes(name);
    const auto at = lower_bound(hash);
    if (at == entries_.end() || at->hash != hash) return;
    instance = at->instance;
  }
  __builtin_prefetch(instance);
  __builtin_prefetch(&instance->usage(resource));
}

void InstanceTable::save(ByteWriter& out) const {
  out.varint(entries_.size());
  for (const Entry& entry : entries_) save_instance(out, *entry.instance);
}

bool InstanceTable::load(ByteReader& in) {
  clear();
  const uint64_t size = in.varint();
  if (size > in.left() / 3) return false;
  entries_.reserve(size);
  for (uint64_t i = 0; i < size; ++i) {
    const std::string_view name = in.string();
    const uint64_t hash = hash_bytes(name);
    if (!in.ok() || (!entries_.empty() && entries_.back().hash > hash) || find_hashed(hash, name) != nullptr) return false;
    entries_.push_back({hash, make(name)});
    if (!load_instance(in, *entries_.back().instance)) return false;
  }
  return in.ok();
}

}  // namespace headroom
