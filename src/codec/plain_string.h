#pragma once

#include <cstddef>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace headroom::codec {

// The least number of bytes in which plain_string_end may look.
inline constexpr size_t kPlainStringBlock = 16;

// The closing quote of a JSON string whose characters begin at `at`, when all of them are printable ASCII and none is a backslash; else
// nullptr. Reads nothing before end - kPlainStringBlock nor from end on.
#if defined(__SSE2__)
inline const char* plain_string_end(const char* at, const char* end) {
  const auto stops_of = [](const char* block) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    // One more than 0x7f to 0xff is negative or zero, as signed bytes go; so this finds what is below a blank and above a tilde.
    const __m128i unprintable = _mm_cmplt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), unprintable)));
  };
  while (end - at >= 16) {
    const unsigned stops = stops_of(at);
    if (stops != 0) {
      at += __builtin_ctz(stops);
      return *at == '"' ? at : nullptr;
    }
    at += 16;
  }
  if (at == end) return nullptr;
  // The last block ends where the record does; what lies before `at` is shifted out.
  const unsigned stops = stops_of(end - 16) >> (16 - (end - at));
  if (stops == 0) return nullptr;
  at += __builtin_ctz(stops);
  return *at == '"' ? at : nullptr;
}
#else
inline const char* plain_string_end(const char* at, const char* end) {
  for (; at < end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"') return at;
    if (byte == '\\' || byte < 0x20 || byte > 0x7e) return nullptr;
  }
  return nullptr;
}
#endif

}  // namespace headroom::codec
