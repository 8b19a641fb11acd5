#include "forecast/machine.h"

namespace headroom {

Status machine_can_forecast() {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("f16c"))
    return Status(Code::kUnavailable, "forecasts need a processor with AVX2, FMA and F16C (x86-64-v3), which this one has not");
#endif
  return Status();
}

}  // namespace headroom
