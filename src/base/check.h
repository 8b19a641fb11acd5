#pragma once

namespace headroom::internal {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace headroom::internal

// An invariant. Broken: prints where and aborts, in release builds too; the checkpoint makes that cheap.
#define HEADROOM_CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::headroom::internal::check_failed(#condition, __FILE__, __LINE__))
