#include "trainer/train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "trainer/model/vector_math.h"

namespace temper::train {
namespace {

/// Part of the numerics: partial norms are per block.
constexpr std::size_t kBlockFloats = 1U << 16;
constexpr std::size_t kLanes = 8;

TEMPER_VECTORISED double block_sum_of_squares(const float* gradient, std::size_t size) {
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] +=
          static_cast<double>(gradient[i + lane]) * static_cast<double>(gradient[i + lane]);
    }
  }
  double total = 0;
  for (const double lane : lanes) {
    total += lane;
  }
  for (; i < size; ++i) {
    total += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
  }
  return total;
}

/// All ranks' numbers in rank order, which is the order of the tensors.
std::vector<double> gather(const std::vector<double>& mine, comm::Communicator& communicator) {
  std::vector<double> all;
  for (const std::vector<std::byte>& part :
       communicator.all_gather(std::as_bytes(std::span(mine)))) {
    const std::size_t begin = all.size();
    all.resize(begin + part.size() / sizeof(double));
    if (!part.empty()) {
      std::memcpy(all.data() + begin, part.data(), part.size());
    }
  }
  return all;
}

struct StepFactors {
  float gradient_scale, beta1, beta2, decay, step_size, inverse_root_correction, epsilon;
};

TEMPER_VECTORISED void update_block(const StepFactors& factors, const float* __restrict gradient,
                                    float* __restrict parameters, float* __restrict first,
                                    float* __restrict second, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const float g = gradient[i] * factors.gradient_scale;
    const float m = first[i] + (1 - factors.beta1) * (g - first[i]);
    const float v = factors.beta2 * second[i] + (1 - factors.beta2) * g * g;
    const float denominator = std::sqrt(v) * factors.inverse_root_correction + factors.epsilon;
    first[i] = m;
    second[i] = v;
    parameters[i] = parameters[i] * factors.decay - factors.step_size * (m / denominator);
  }
}

}  // namespace

double clipping_factor(double norm, double max_norm) {
  return max_norm > 0 ? std::min(1.0, max_norm / (norm + 1e-6)) : 1.0;
}

AdamW::AdamW(const recipe::Optimizer& options, const model::ParameterLayout& layout,
             UpdateShare share)
    : options_(options), is_split_(share.is_split()), moments_(options.moments, layout, share) {
  for (std::size_t i = share.begin_tensor(); i < share.end_tensor(); ++i) {
    const model::TrainedTensor& tensor = layout.tensors()[i];
    for (std::size_t begin = 0; begin < tensor.size; begin += kBlockFloats) {
      const std::size_t end = std::min(begin + kBlockFloats, tensor.size);
      blocks_.push_back({i, tensor.offset - share.begin(), begin, end, tensor.decay});
    }
  }
}

double AdamW::gradient_norm(std::span<const float> gradient, double scale, SlotWorkers& workers,
                            comm::Communicator& communicator) const {
  std::vector<double> partial(blocks_.size());
  workers.run(static_cast<std::int64_t>(blocks_.size()), [&](int, std::int64_t item) {
    const Block& block = blocks_[static_cast<std::size_t>(item)];
    partial[static_cast<std::size_t>(item)] =
        block_sum_of_squares(gradient.data() + block.offset + block.begin, block.end - block.begin);
  });
  if (is_split_) {
    partial = gather(partial, communicator);
  }
  double total = 0;
  for (const double part : partial) {
    total += part;
  }
  return std::sqrt(total) * scale;
}

void AdamW::step(std::span<float> parameters, std::span<const float> gradient, double scale,
                 double learning_rate, std::int64_t step, SlotWorkers& workers) {
  const double beta1 = options_.betas[0];
  const double beta2 = options_.betas[1];
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(step));
  StepFactors factors{};
  factors.gradient_scale = static_cast<float>(scale);
  factors.beta1 = static_cast<float>(beta1);
  factors.beta2 = static_cast<float>(beta2);
  factors.step_size = static_cast<float>(learning_rate / correction1);
  factors.inverse_root_correction = static_cast<float>(1 / std::sqrt(correction2));
  factors.epsilon = static_cast<float>(options_.eps);
  const auto decay = static_cast<float>(1 - learning_rate * options_.weight_decay);
  workers.run(static_cast<std::int64_t>(blocks_.size()), [&](int, std::int64_t item) {
    const Block& block = blocks_[static_cast<std::size_t>(item)];
    StepFactors of_block = factors;
    of_block.decay = block.decay ? decay : 1.0F;
    moments_.update(block.tensor, block.begin, block.end,
                    [&](std::size_t begin, std::size_t end, float* first, float* second) {
                      update_block(of_block, gradient.data() + block.offset + begin,
                                   parameters.data() + block.offset + begin, first, second,
                                   end - begin);
                    });
  });
}

}  // namespace temper::train
