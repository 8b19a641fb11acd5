#pragma once

#include <cstdint>

#include "operators/assessment.h"
#include "operators/right_sizing.h"
#include "operators/sizing_rules.h"

namespace headroom {

// Looks at one resource of a container over the 60 buckets before `bucket`, and fills what the assessment says about it from the time on.
// The instances that are too old have been forgotten before.
void evaluate(RightSizing::State& state, const CompiledSizing& rules, int64_t bucket, Assessment& out);

// The command that follows from an out-of-memory kill told by `instance`, whose reservation is known.
void answer_oom_kill(RightSizing::State& state, const CompiledSizing& rules, const Instance& instance, Assessment& out);

}  // namespace headroom
