#pragma once

#include <memory>

#include "trainer/model/kernels.h"

namespace temper::model {

/// What activations and frozen matrices are stored in, and so most products taken. In bf16 they are
/// rounded exactly where Transformers 5.23 and PEFT 0.21 round them (modeling_llama.py, eager
/// attention; an adapter in fp32), forward and backward; norms, softmax, loss and all sums are
/// fp32. kTensorFloat32 is fp32 whose products a GPU takes in TF32: factors are rounded to 10 bits.
enum class Numbers { kFloat32, kTensorFloat32, kBFloat16 };

/// What LibTorch is told of products in fp32 (at::Context::setFloat32MatmulPrecision).
const char* matmul_precision(Numbers numbers);

/// What computes attention: ATen's products, on any device, or LibTorch's kernels for GPUs
/// (fused_attention.h), flash in bf16 alone.
enum class AttentionMethod { kComposed, kFlash, kEfficient };

/// Where the matrices are, what they are stored in, and how it is computed with them.
struct AtenSettings {
  device::DeviceMemory* memory = &device::host_memory();  ///< outlives the kernels
  Numbers numbers = Numbers::kFloat32;
  AttentionMethod attention = AttentionMethod::kComposed;
};

/// Kernels composed of ATen's operators, for any device: on the GPU they are what computes, on the
/// CPU the reference for the vectorised loops in tests. Operators run in the current stream of
/// memory.gpu(). Dropout masks are those of the loops.
std::unique_ptr<Kernels> make_aten_kernels(const AtenSettings& settings = {});

/// The same on GPU `gpu`, in CUDA's order, whose memory they own; from here on LibTorch's operators
/// on GPUs are the deterministic ones, without TF32 unless asked for. UserError as
/// open_gpu_memory().
std::unique_ptr<Kernels> make_gpu_kernels(int gpu, Numbers numbers);

}  // namespace temper::model
