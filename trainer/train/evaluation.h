#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/data/dataset.h"
#include "core/recipe/recipe.h"
#include "core/text/sample_encoder.h"
#include "trainer/comm/communicator.h"
#include "trainer/train/slot_engine.h"

namespace temper::train {

/// The loss on held-out samples: mean over their trained tokens. Samples go through batches of the
/// recipe's size in file order, dealt to slots as in training, so the loss has the same bits on any
/// number of ranks. Each rank tokenises its share once and keeps it.
class Evaluation {
 public:
  /// References must outlive the object.
  Evaluation(const data::Dataset& dataset, const text::SampleEncoder& encoder,
             const recipe::Recipe& recipe, comm::Communicator& communicator);

  /// nullopt if `should_stop` (asked between batches; agreed among the ranks) said so. Collective.
  std::optional<double> run(SlotEngine& engine, const float* parameters,
                            const std::function<bool()>& should_stop);

 private:
  comm::Communicator& communicator_;
  std::int64_t num_slots_;
  std::vector<std::vector<data::PreparedSample>> batches_;  // this rank's share of each
};

}  // namespace temper::train
