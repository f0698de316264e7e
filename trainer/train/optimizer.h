#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/recipe/recipe.h"
#include "trainer/model/parameter_layout.h"
#include "trainer/train/moments.h"
#include "trainer/train/slot_workers.h"

namespace temper::train {

/// AdamW (Loshchilov & Hutter 2019) as torch.optim.AdamW, over one flat buffer. Blocks of fixed
/// size run on the slot workers; every element and every partial norm is computed the same way on
/// any number.
class AdamW {
 public:
  AdamW(const recipe::Optimizer& options, const model::ParameterLayout& layout);

  /// The 2-norm of `gradient` · `scale`: squares are summed in double, block by block, in order.
  double gradient_norm(std::span<const float> gradient, double scale, SlotWorkers& workers) const;

  /// One step, the `step`-th counted from 1. `gradient` is the sum over tokens; `scale` (1 /
  /// trained tokens, times the clipping factor) is applied on the fly.
  void step(std::span<float> parameters, std::span<const float> gradient, double scale,
            double learning_rate, std::int64_t step, SlotWorkers& workers);

  /// For checkpoints.
  Moments& moments() { return moments_; }

 private:
  struct Block {  // consecutive numbers [begin, end) of one tensor, which starts at `offset`
    std::size_t tensor = 0, offset = 0, begin = 0, end = 0;
    bool decay = false;
  };
  recipe::Optimizer options_;
  std::vector<Block> blocks_;
  Moments moments_;
};

/// min(1, max_norm / (norm + 1e-6)) as torch.nn.utils.clip_grad_norm_; 1 if max_norm is 0.
double clipping_factor(double norm, double max_norm);

}  // namespace temper::train
