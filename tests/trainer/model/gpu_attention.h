#pragma once

namespace temper::testing {

/// What linking this file's object does: LibTorch's operators for attention on GPUs get kernels for
/// the CPU, so that the code which calls them runs as it stands. They refuse what those for CUDA
/// refuse (types, shapes, sizes of heads, lengths) and compute each sequence in fp64 from the
/// definition. log-sum-exp is in the operators' shapes, and the backward pass believes what it is
/// given of it.
struct GpuAttention {
  /// Calls of either operator since the program began.
  static int flash_calls();
  static int efficient_calls();
};

}  // namespace temper::testing
