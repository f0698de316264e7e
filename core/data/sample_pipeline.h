#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/timeline.h"
#include "core/data/dataset.h"
#include "core/data/position_order.h"
#include "core/data/prepare_sample.h"
#include "core/data/record_encoder.h"
#include "core/recipe/recipe.h"
#include "core/text/sample_encoder.h"

namespace temper::data {

/// Background threads that prepare this rank's share of coming steps, in order, bounded by bytes.
/// The caller takes shares step after step; an exception raised while preparing comes out of
/// take(). take() is for one thread.
class SamplePipeline {
 public:
  struct Options {
    std::uint64_t first_step = 0;
    std::uint64_t end_step = 0;       ///< exclusive
    std::uint64_t batch_samples = 0;  ///< B
    std::uint64_t end_position = 0;   ///< the stream ends here: the last step may be short
    int rank = 0;
    int num_ranks = 1;
    int num_threads = 1;
    /// Samples of steps after the next one are begun only while fewer bytes wait to be taken.
    std::uint64_t max_buffered_bytes = 256U << 20;
    /// Shards in stores are fetched so many bytes ahead of the shards that are being read.
    std::uint64_t max_fetched_bytes = std::uint64_t{1} << 30;
    Timeline* timeline = nullptr;  ///< where samples are noted; nullptr: nowhere
  };
  /// References must outlive the pipeline.
  SamplePipeline(const Dataset& dataset, const PositionOrder& order, const RecordEncoder& encoder,
                 const recipe::Data& data, const Options& options);
  SamplePipeline(const Dataset& dataset, const PositionOrder& order,
                 const text::SampleEncoder& encoder, const recipe::Data& data,
                 const Options& options);
  ~SamplePipeline();  ///< stops and joins
  SamplePipeline(const SamplePipeline&) = delete;
  SamplePipeline& operator=(const SamplePipeline&) = delete;

  /// The positions of step `step` that this rank prepares, in order: position g of the step goes to
  /// rank (g - s*B) * num_ranks / B. Steps must be taken in order, from first_step. Throws what
  /// preparing the step's first bad sample threw; so does every take() after it.
  std::vector<PreparedSample> take(std::uint64_t step);

 private:
  class Workers;
  std::unique_ptr<RecordEncoder> own_encoder_;  // of the second constructor
  std::unique_ptr<Workers> workers_;
};

}  // namespace temper::data
