#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/run/run_layout.h"

namespace temper::run {

/// How the first rank of an attempt that left did. With code 0 the whole run is done by then: the
/// ranks agree on that before any of them leaves.
struct RankExit {
  int rank = 0;
  std::string host;
  int exit_code = 0;
  std::string message;  ///< one line
  bool operator==(const RankExit&) const = default;
};

std::string to_json(const RankExit& rank_exit);
RankExit parse_rank_exit(std::string_view json, const std::string& origin);  // UserError

/// Keeps it in the attempt's exit file unless another rank was first. A starter of ranks can't be
/// trusted to pass the code on: srun returns the highest one, and the peers that it kills then hide
/// the culprit's (srun(1), RETURN VALUE). Nor to end: mpirun waits for a frozen rank for ever.
/// Never throws: the rank is leaving.
void note_rank_exit(const RunLayout& layout, std::string_view attempt,
                    const RankExit& rank_exit) noexcept;

/// nullopt if no rank left one, or it can't be read.
std::optional<RankExit> read_rank_exit(const RunLayout& layout, std::string_view attempt);

}  // namespace temper::run
