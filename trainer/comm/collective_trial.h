#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "core/run/collective_report.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"

namespace temper::comm {

/// Where the bytes that collectives move lie: this process's memory, unless it is said otherwise.
struct TrialMemory {
  /// Aligned, contents undefined; given back with the last copy of the pointer.
  std::function<std::shared_ptr<std::byte>(std::size_t bytes)> allocate;
  /// Between this memory and the process's, either way.
  std::function<void(std::span<const std::byte> from, std::span<std::byte> to)> copy;
};
TrialMemory process_memory();

struct TrialSettings {
  std::size_t smallest = 1024;                  ///< bytes; the next size is kStep times larger
  std::size_t largest = std::size_t{64} << 20;  ///< the last size is not larger
  std::chrono::nanoseconds time_of_a_size = std::chrono::milliseconds(250);  ///< about
  static constexpr std::size_t kStep = 16;
};

/// Collective: makes all-to-all, all-gather and broadcast in rising sizes, each once unmeasured and
/// then often enough to be timed, and compares every byte of the first and of the last call with
/// what the ranks sent. The same result on all ranks. Says in `activity` what it does.
std::vector<run::CollectiveTiming> time_collectives(Communicator& communicator,
                                                    const TrialSettings& settings,
                                                    const TrialMemory& memory, Clock& clock,
                                                    Activity& activity);

}  // namespace temper::comm
