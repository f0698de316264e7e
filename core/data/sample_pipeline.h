#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/data/sample_order.h"
#include "core/recipe/recipe.h"
#include "core/text/sample_encoder.h"

namespace temper::data {

/// The pieces of one position after max_length and overlength: usually one sequence, none if dropped,
/// several if split.
struct PreparedSample {
  std::uint64_t position = 0;
  std::vector<text::EncodedSample> pieces;
  std::int64_t dropped_tokens = 0;    ///< by drop
  std::int64_t truncated_tokens = 0;  ///< by truncate
};

/// encode + overlength policy for one record. UserError (origin, length, limit, what to do) under
/// overlength: error, and for a sample without trained tokens. `split` cuts into pieces of at most
/// max_length; a piece without trained tokens is left out.
PreparedSample prepare_sample(const text::SampleEncoder& encoder, const recipe::Data& data,
                              const Record& record);

/// Background threads that prepare this rank's share of coming steps, in order, bounded by bytes.
/// The caller takes shares step after step; an exception raised while preparing comes out of take().
class SamplePipeline {
 public:
  struct Options {
    std::uint64_t first_step = 0;
    std::uint64_t end_step = 0;        ///< exclusive
    std::uint64_t batch_samples = 0;   ///< B
    std::uint64_t end_position = 0;    ///< the stream ends here: the last step may be short
    int rank = 0;
    int num_ranks = 1;
    int num_threads = 1;
    std::uint64_t max_buffered_bytes = 256U << 20;
  };
  /// References must outlive the pipeline.
  SamplePipeline(const Dataset& dataset, const SampleOrder& order, const text::SampleEncoder& encoder,
                 const recipe::Data& data, const Options& options);
  ~SamplePipeline();  // stops and joins
  SamplePipeline(const SamplePipeline&) = delete;
  SamplePipeline& operator=(const SamplePipeline&) = delete;

  /// The positions of step `step` that this rank prepares: position g of the step goes to rank
  /// (g - s*B) * num_ranks / B. Steps must be taken in order.
  std::vector<PreparedSample> take(std::uint64_t step);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper::data
