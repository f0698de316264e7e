#pragma once

#include <cstddef>

#include "core/base/clock.h"
#include "core/run/run_layout.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"

namespace temper {

/// A rank's part in `temper doctor`'s test of communication, in place of training: collectives of
/// up to `largest` bytes, each byte checked. Rank 0 writes the run's collectives.json.
void test_collectives(std::size_t largest, const run::RunLayout& layout,
                      comm::Communicator& communicator, Clock& clock, comm::Activity& activity);

}  // namespace temper
