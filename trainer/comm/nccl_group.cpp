#include "trainer/comm/nccl_group.h"

#include <fmt/format.h>

namespace temper::comm {

FatalError out_of_memory(const std::string& where, const NcclFailure& failure) {
  return FatalError(fmt::format(
      "{}: no GPU memory left for communication: {}; set `memory: low`, more batch.slots or a "
      "smaller data.max_length",
      where, failure.what()));
}

}  // namespace temper::comm
