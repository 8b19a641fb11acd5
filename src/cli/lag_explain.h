#pragma once

#include <string>
#include <vector>

#include "cli/lag_board.h"

namespace headroom {

// Why a partition has its verdict: the rule that decided, with the numbers that it looked at, as one sentence. Pure. The rules are those of
// lag_watch (ARCHITECTURE.md, "lag_watch"). `assumed_commit_ms`: what they took for the commit interval while none was learned.
std::string verdict_reason(const LagStanding& standing, int64_t assumed_commit_ms);

// A group, how it is scaled where it is, then its partitions, the worst first, `limit` at most (0: all). `groups` may lack it: what is said
// then comes from its partitions.
std::vector<std::string> explain_lines(const std::vector<LagGroupRow>& groups, std::vector<LagPartitionRow> partitions, size_t limit,
                                       int64_t assumed_commit_ms);

// A partition as one JSON object on one line, with `why`.
std::string partition_json(const LagPartitionRow& row, int64_t assumed_commit_ms);

}  // namespace headroom
