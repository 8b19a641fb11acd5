#include "forecast/machine.h"

namespace headroom {

Status machine_can_forecast() {
#if defined(__x86_64__)
  // Not every compiler can ask for the rest of that level; no processor has these two without it.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return Status(Code::kUnavailable, "forecasts need a processor with AVX2 and FMA (x86-64-v3), which this one has not");
#endif
  return Status();
}

}  // namespace headroom
