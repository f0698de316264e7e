#include <ATen/Parallel.h>

#include "trainer/model/cpu_kernels.h"

namespace temper::model {

void on_slot_worker_thread() {
  at::set_num_threads(1);
}

std::unique_ptr<Kernels> make_cpu_kernels(PartRunner* runner) {
  return std::make_unique<CpuKernels>(runner);
}

}  // namespace temper::model
