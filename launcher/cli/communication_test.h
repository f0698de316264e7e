#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/recipe/cluster.h"
#include "core/run/collective_report.h"
#include "launcher/backends/signal_source.h"
#include "launcher/cli/context.h"
#include "launcher/doctor/nccl_log.h"

namespace temper::launch {

struct CommunicationResult {
  std::optional<run::CollectiveReport> report;
  std::string problem;  ///< why there is none, in the ranks' own words
  NcclLog nccl;         ///< of ranks with GPUs
};

/// Starts the trainers of a local cluster (settled, load_cluster()) as for a run and lets them test
/// their communication with messages of up to `largest` bytes. Files are kept in a temporary folder
/// for as long as it takes. StopRequested if a signal asks the launcher to stop.
CommunicationResult test_communication(Context& context, const recipe::Cluster& cluster,
                                       std::uint64_t largest, SignalSource& signals);

}  // namespace temper::launch
