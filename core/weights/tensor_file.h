#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace temper::weights {

/// Element types of stored tensors. The quantised ones are GGML blocks along the last dimension.
enum class DataType {
  kF32,
  kF16,
  kBF16,
  kF64,
  kI64,
  kI32,
  kI16,
  kI8,
  kU8,
  kBool,
  kQ8_0,
  kQ4_0,
  kQ4_1
};

/// "F32", "BF16", "Q4_1" … as safetensors and GGUF spell them.
const char* data_type_name(DataType type);

/// Elements that are stored together: 32 for the quantised types, else 1.
std::uint64_t block_length(DataType type);

/// True for the types that to_float32 reads.
bool is_floating(DataType type);

/// Bytes of `num_elements` (a multiple of the block length for quantised types).
std::uint64_t size_in_bytes(DataType type, std::uint64_t num_elements);

/// Bytes of a tensor whose shape comes from a file: nullopt if a dimension is negative, if the
/// count of elements or bytes overflows, or if the last dimension is not a multiple of the block
/// length.
std::optional<std::uint64_t> checked_size_in_bytes(DataType type,
                                                   std::span<const std::int64_t> shape);

/// "[576, 1536]", for messages.
std::string shape_text(std::span<const std::int64_t> shape);

/// A tensor inside a mapped file: row-major, outermost dimension first (GGUF's order reversed).
/// Does not own the bytes; the file object must outlive it.
struct TensorView {
  std::string name;
  DataType type = DataType::kF32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;

  std::int64_t num_elements() const;
};

/// Converts rows [row_begin, row_end) (the tensor seen as [shape[0], rest]) to fp32 into `out`,
/// dequantising if needed. Exact for F32, F16, BF16; F64 is rounded; Q8_0, Q4_0, Q4_1 as
/// ggml-quants.c's dequantize_row_*. CHECKs that the type is_floating, that `out` has the right
/// size and that the rows are whole blocks.
void to_float32(const TensorView& tensor, std::int64_t row_begin, std::int64_t row_end,
                std::span<float> out);

}  // namespace temper::weights
