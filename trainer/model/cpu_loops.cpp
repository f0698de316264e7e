// Norms, rotation, SwiGLU and element-wise kernels: loops that g++ vectorises. Reductions keep 16
// running sums, so that the order of additions is fixed by the source and not by the compiler.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "trainer/model/cpu_kernels.h"
#include "trainer/model/cpu_parts.h"
#include "trainer/model/vector_math.h"

namespace temper::model {
namespace {

constexpr std::int64_t kLanes = 16;

[[gnu::always_inline]] inline float sum_lanes(const std::array<float, kLanes>& lanes) {
  std::array<float, kLanes / 2> half{};
  for (std::int64_t i = 0; i < kLanes / 2; ++i) {
    half[i] = lanes[i] + lanes[i + kLanes / 2];
  }
  return ((half[0] + half[4]) + (half[2] + half[6])) + ((half[1] + half[5]) + (half[3] + half[7]));
}

TEMPER_VECTORISED float sum_of_squares(const float* x, std::int64_t n) {
  std::array<float, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += x[i + lane] * x[i + lane];
    }
  }
  float total = sum_lanes(lanes);
  for (; i < n; ++i) {
    total += x[i] * x[i];
  }
  return total;
}

TEMPER_VECTORISED float triple_product(const float* a, const float* b, const float* c,
                                       std::int64_t n) {
  std::array<float, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += a[i + lane] * b[i + lane] * c[i + lane];
    }
  }
  float total = sum_lanes(lanes);
  for (; i < n; ++i) {
    total += a[i] * b[i] * c[i];
  }
  return total;
}

TEMPER_VECTORISED void scale_by_weight(const float* x, const float* weight, float scale, float* out,
                                       std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = weight[i] * (x[i] * scale);
  }
}

TEMPER_VECTORISED void norm_gradient(const float* grad_out, const float* x, const float* weight,
                                     float scale, float correction, float* grad_x, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    grad_x[i] += grad_out[i] * weight[i] * scale - x[i] * correction;
  }
}

TEMPER_VECTORISED void add_scaled_product(const float* a, const float* b, float scale, float* sums,
                                          std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    sums[i] += a[i] * b[i] * scale;
  }
}

TEMPER_VECTORISED void add_rows(const float* x, float* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] += x[i];
  }
}

TEMPER_VECTORISED void rotate_head(float* first, float* second, const float* cosine,
                                   const float* sine, float direction, std::int64_t half) {
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = first[i];
    const float b = second[i];
    const float s = sine[i] * direction;
    first[i] = a * cosine[i] - b * s;
    second[i] = b * cosine[i] + a * s;
  }
}

TEMPER_VECTORISED void swiglu_row(const float* gate, const float* up, float* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = gate[i] / (1.0F + vector_exp(-gate[i])) * up[i];
  }
}

TEMPER_VECTORISED void swiglu_gradient_row(const float* grad_out, float* gate, float* up,
                                           std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float sigmoid = 1.0F / (1.0F + vector_exp(-gate[i]));
    const float silu = gate[i] * sigmoid;
    const float grad_silu = grad_out[i] * up[i];
    up[i] = grad_out[i] * silu;
    gate[i] = grad_silu * (sigmoid * (1.0F + gate[i] * (1.0F - sigmoid)));
  }
}

}  // namespace

void CpuKernels::rms_norm(ConstMatrix x, const float* weight, float epsilon, Matrix out,
                          float* inverse_rms) const {
  run_rows(runner_, x.rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const float mean = sum_of_squares(x.row(t), x.columns) / static_cast<float>(x.columns);
      inverse_rms[t] = 1.0F / std::sqrt(mean + epsilon);
      scale_by_weight(x.row(t), weight, inverse_rms[t], out.row(t), x.columns);
    }
  });
}

void CpuKernels::rms_norm_backward(ConstMatrix grad_out, ConstMatrix x, const float* weight,
                                   const float* inverse_rms, Matrix grad_x,
                                   float* grad_weight) const {
  run_rows(runner_, x.rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const float inverse = inverse_rms[t];
      const float dot = triple_product(grad_out.row(t), weight, x.row(t), x.columns);
      const float correction = inverse * inverse * inverse * dot / static_cast<float>(x.columns);
      norm_gradient(grad_out.row(t), x.row(t), weight, inverse, correction, grad_x.row(t),
                    x.columns);
    }
  });
  for (std::int64_t t = 0; t < x.rows && grad_weight != nullptr; ++t) {
    add_scaled_product(grad_out.row(t), x.row(t), inverse_rms[t], grad_weight, x.columns);
  }
}

void CpuKernels::rotate(Matrix x, SequenceOffsets offsets, std::int64_t head_size,
                        const float* cosine, const float* sine, float direction) const {
  const std::int64_t half = head_size / 2;
  for (std::size_t sequence = 0; sequence + 1 < offsets.size(); ++sequence) {
    for (std::int64_t t = offsets[sequence]; t < offsets[sequence + 1]; ++t) {
      const std::int64_t angle = (t - offsets[sequence]) * half;
      for (std::int64_t head = 0; head < x.columns; head += head_size) {
        float* first = x.row(t) + head;
        rotate_head(first, first + half, cosine + angle, sine + angle, direction, half);
      }
    }
  }
}

void CpuKernels::swiglu(ConstMatrix gate_up, Matrix out) const {
  run_rows(runner_, out.rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      swiglu_row(gate_up.row(t), gate_up.row(t) + out.columns, out.row(t), out.columns);
    }
  });
}

void CpuKernels::swiglu_backward(ConstMatrix grad_out, Matrix gate_up) const {
  run_rows(runner_, gate_up.rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      swiglu_gradient_row(grad_out.row(t), gate_up.row(t), gate_up.row(t) + grad_out.columns,
                          grad_out.columns);
    }
  });
}

void CpuKernels::add(ConstMatrix x, Matrix y) const {
  for (std::int64_t t = 0; t < x.rows; ++t) {
    add_rows(x.row(t), y.row(t), x.columns);
  }
}

void CpuKernels::linear(ConstMatrix x, ConstMatrix weight, const float* bias, Matrix y,
                        Accumulate accumulate) const {
  multiply_transposed(x, weight, y, accumulate, 1);
  for (std::int64_t t = 0; bias != nullptr && t < y.rows; ++t) {
    add_rows(bias, y.row(t), y.columns);
  }
}

void CpuKernels::add_column_sums(ConstMatrix x, float* sums) const {
  for (std::int64_t t = 0; t < x.rows; ++t) {
    add_rows(x.row(t), sums, x.columns);
  }
}

void CpuKernels::dropout(ConstMatrix x, const DropoutKey& key, Matrix out,
                         Accumulate accumulate) const {
  const float scale = 1.0F / (1.0F - key.probability);
  const std::int64_t blocks_per_row = (x.columns + 3) / 4;
  for (std::int64_t t = 0; t < x.rows; ++t) {
    for (std::int64_t block = 0; block < blocks_per_row; ++block) {
      const auto words =
          key.generator.block(key.stream, static_cast<std::uint64_t>(t * blocks_per_row + block));
      const std::int64_t end = std::min(block * 4 + 4, x.columns);
      for (std::int64_t i = block * 4; i < end; ++i) {
        const bool keep = uniform01(words[static_cast<std::size_t>(i % 4)]) >= key.probability;
        const float value = keep ? x.row(t)[i] * scale : 0.0F;
        out.row(t)[i] = accumulate == Accumulate::kYes ? out.row(t)[i] + value : value;
      }
    }
  }
}

void CpuKernels::gather_rows(ConstMatrix table, std::span<const std::int32_t> ids,
                             Matrix out) const {
  for (std::int64_t t = 0; t < out.rows; ++t) {
    std::memcpy(out.row(t), table.row(ids[static_cast<std::size_t>(t)]),
                static_cast<std::size_t>(out.columns) * sizeof(float));
  }
}

void CpuKernels::scatter_add_rows(ConstMatrix rows, std::span<const std::int32_t> ids,
                                  Matrix table) const {
  for (std::int64_t t = 0; t < rows.rows; ++t) {
    add_rows(rows.row(t), table.row(ids[static_cast<std::size_t>(t)]), rows.columns);
  }
}

}  // namespace temper::model
