#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/recipe/recipe.h"
#include "trainer/comm/communicator.h"
#include "trainer/model/parameter_layout.h"
#include "trainer/train/moments.h"
#include "trainer/train/slot_workers.h"
#include "trainer/train/update_share.h"

namespace temper::train {

/// AdamW (Loshchilov & Hutter 2019) as torch.optim.AdamW, over the part of a flat buffer that this
/// rank updates (update_share.h). Blocks of fixed size run on the slot workers; every element and
/// every partial norm is computed the same way on any number of workers and ranks.
class AdamW {
 public:
  /// `share` is this rank's; without it, all.
  AdamW(const recipe::Optimizer& options, const model::ParameterLayout& layout, UpdateShare share);
  AdamW(const recipe::Optimizer& options, const model::ParameterLayout& layout)
      : AdamW(options, layout, UpdateShare::whole(layout, 0, 1)) {}

  /// The 2-norm of the whole gradient · `scale`, of which `gradient` is this rank's part: squares
  /// are summed in double, block by block, in order. Collective where the update is split.
  double gradient_norm(std::span<const float> gradient, double scale, SlotWorkers& workers,
                       comm::Communicator& communicator) const;

  /// One step of this rank's part, the `step`-th counted from 1. `gradient` is the sum over tokens;
  /// `scale` (1 / trained tokens, times the clipping factor) is applied on the fly.
  void step(std::span<float> parameters, std::span<const float> gradient, double scale,
            double learning_rate, std::int64_t step, SlotWorkers& workers);

  /// For checkpoints.
  Moments& moments() { return moments_; }

 private:
  struct Block {  // consecutive numbers [begin, end) of one tensor, which starts `offset` floats
                  // behind the begin of this rank's part
    std::size_t tensor = 0, offset = 0, begin = 0, end = 0;
    bool decay = false;
  };
  recipe::Optimizer options_;
  bool is_split_ = false;
  std::vector<Block> blocks_;  // in order
  Moments moments_;
};

/// min(1, max_norm / (norm + 1e-6)) as torch.nn.utils.clip_grad_norm_; 1 if max_norm is 0.
double clipping_factor(double norm, double max_norm);

}  // namespace temper::train
