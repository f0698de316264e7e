#include "trainer/comm/open_nccl.h"

namespace temper::comm {

std::unique_ptr<NcclGroup> open_nccl_process_group(const NcclPlace& /*place*/,
                                                   const NcclSettings& /*settings*/) {
  throw NcclFailure(NcclFailure::Kind::kOther, "this temper-trainer was built without CUDA");
}

}  // namespace temper::comm
