// Stored numbers to fp32. Plain loops over whole blocks that the compiler turns into vector code;
// no processor-specific paths, so every machine gets the same bits.
//
// The quantised formats are those of llama.cpp (ggml/src/ggml-common.h, ggml-quants.c): a block
// holds 32 neighbours of a row.
//   Q8_0: f16 d, 32 × i8 q              x[i] = q[i]·d
//   Q4_0: f16 d, 16 bytes               x[i] = (q[i] − 8)·d
//   Q4_1: f16 d, f16 m, 16 bytes        x[i] = q[i]·d + m
// Byte j of a Q4 block holds element j in its low half and element j + 16 in its high half.

#include <bit>
#include <cstring>

#include "core/base/check.h"
#include "core/weights/tensor_file.h"

namespace temper::weights {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

constexpr std::size_t kBlock = 32;

template <class T>
T read_at(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float half_to_float(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7fffU;
  const std::uint32_t normal = (magnitude << 13) + (112U << 23);   // exponent bias 15 → 127
  const std::uint32_t special = (magnitude << 13) + (224U << 23);  // exponent 31 → 255
  const float tiny = static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24F;
  const std::uint32_t bits = magnitude < 0x0400U    ? std::bit_cast<std::uint32_t>(tiny)
                             : magnitude >= 0x7c00U ? special
                                                    : normal;
  return std::bit_cast<float>(bits | (static_cast<std::uint32_t>(half & 0x8000U) << 16));
}

void from_f16(const std::byte* from, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = half_to_float(read_at<std::uint16_t>(from + 2 * i));
  }
}

void from_bf16(const std::byte* from, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(read_at<std::uint16_t>(from + 2 * i))
                                  << 16);
  }
}

void from_f64(const std::byte* from, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(read_at<double>(from + 8 * i));
  }
}

void from_q8_0(const std::byte* from, std::span<float> out) {
  for (std::size_t block = 0; block < out.size() / kBlock; ++block, from += 2 + kBlock) {
    const float scale = half_to_float(read_at<std::uint16_t>(from));
    float* to = out.data() + block * kBlock;
    for (std::size_t i = 0; i < kBlock; ++i) {
      to[i] = static_cast<float>(static_cast<std::int8_t>(from[2 + i])) * scale;
    }
  }
}

void from_q4_0(const std::byte* from, std::span<float> out) {
  for (std::size_t block = 0; block < out.size() / kBlock; ++block, from += 2 + kBlock / 2) {
    const float scale = half_to_float(read_at<std::uint16_t>(from));
    float* to = out.data() + block * kBlock;
    for (std::size_t i = 0; i < kBlock / 2; ++i) {
      const auto pair = static_cast<std::uint8_t>(from[2 + i]);
      to[i] = static_cast<float>((pair & 15) - 8) * scale;
      to[i + kBlock / 2] = static_cast<float>((pair >> 4) - 8) * scale;
    }
  }
}

void from_q4_1(const std::byte* from, std::span<float> out) {
  for (std::size_t block = 0; block < out.size() / kBlock; ++block, from += 4 + kBlock / 2) {
    const float scale = half_to_float(read_at<std::uint16_t>(from));
    const float minimum = half_to_float(read_at<std::uint16_t>(from + 2));
    float* to = out.data() + block * kBlock;
    for (std::size_t i = 0; i < kBlock / 2; ++i) {
      const auto pair = static_cast<std::uint8_t>(from[4 + i]);
      to[i] = static_cast<float>(pair & 15) * scale + minimum;
      to[i + kBlock / 2] = static_cast<float>(pair >> 4) * scale + minimum;
    }
  }
}

}  // namespace

void to_float32(const TensorView& tensor, std::int64_t row_begin, std::int64_t row_end,
                std::span<float> out) {
  const std::int64_t rows = tensor.shape.empty() ? 1 : tensor.shape.front();
  CHECK(0 <= row_begin && row_begin <= row_end && row_end <= rows, "{}: rows [{}, {}) of {}",
        tensor.name, row_begin, row_end, rows);
  const auto row_length = static_cast<std::uint64_t>(rows == 0 ? 0 : tensor.num_elements() / rows);
  const std::uint64_t count = static_cast<std::uint64_t>(row_end - row_begin) * row_length;
  CHECK(out.size() == count, "{}: {} elements into {}", tensor.name, count, out.size());
  if (count == 0) {
    return;
  }
  const std::uint64_t skipped =
      size_in_bytes(tensor.type, static_cast<std::uint64_t>(row_begin) * row_length);
  CHECK(skipped + size_in_bytes(tensor.type, count) <= tensor.bytes.size(), "{}: {} bytes",
        tensor.name, tensor.bytes.size());
  const std::byte* from = tensor.bytes.data() + skipped;
  switch (tensor.type) {
    case DataType::kF32:
      std::memcpy(out.data(), from, out.size_bytes());
      return;
    case DataType::kF16:
      return from_f16(from, out);
    case DataType::kBF16:
      return from_bf16(from, out);
    case DataType::kF64:
      return from_f64(from, out);
    case DataType::kQ8_0:
      return from_q8_0(from, out);
    case DataType::kQ4_0:
      return from_q4_0(from, out);
    case DataType::kQ4_1:
      return from_q4_1(from, out);
    default:
      CHECK(false, "{}: {} is no floating-point type", tensor.name, data_type_name(tensor.type));
  }
}

}  // namespace temper::weights
