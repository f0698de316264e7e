#include "core/data/sample_pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "core/data/stream/shard_prefetcher.h"

// Threads claim the samples of this rank's share one by one in the order of the stream, so the step
// that is wanted next is always the first to be finished. A claimed sample has its place in its
// step's list; the step is ready when no place is open.

namespace temper::data {
namespace {

constexpr int kFetchThreads = 4;

std::uint64_t held_bytes(const PreparedSample& sample) {
  std::uint64_t bytes = sizeof(PreparedSample);
  for (const auto& piece : sample.pieces) {
    bytes += sizeof(piece) + piece.ids.size() * sizeof(piece.ids[0]) + piece.trained.size();
  }
  return bytes;
}

}  // namespace

class SamplePipeline::Workers {
 public:
  Workers(const Dataset& dataset, const PositionOrder& order, const RecordEncoder& encoder,
          const recipe::Data& data, const Options& options)
      : dataset_(dataset),
        order_(order),
        encoder_(encoder),
        data_(data),
        options_(options),
        next_take_(options.first_step),
        next_claim_(options.first_step) {
    CHECK(options.batch_samples > 0 && options.num_threads > 0, "B {}, {} threads",
          options.batch_samples, options.num_threads);
    CHECK(0 <= options.rank && options.rank < options.num_ranks, "rank {} of {}", options.rank,
          options.num_ranks);
    if (dataset.is_streamed()) {
      prefetcher_.emplace(dataset, order,
                          ShardPrefetcher::Options{options.first_step * options.batch_samples,
                                                   options.end_position, options.max_fetched_bytes,
                                                   kFetchThreads, options.rank, options.num_ranks});
    }
    for (int i = 0; i < options.num_threads; ++i) {
      threads_.emplace_back([this] { prepare_until_stopped(); });
    }
  }

  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_changed_.notify_all();
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::vector<PreparedSample> take(std::uint64_t step) {
    std::unique_lock lock(mutex_);
    CHECK(step == next_take_ && step < options_.end_step, "step {} taken, {} is next of {}", step,
          next_take_, options_.end_step);
    const auto [begin, end] = share_of(step);
    if (begin == end) {
      ++next_take_;
      work_changed_.notify_all();
      return {};
    }
    share_ready_.wait(lock, [&] {
      const auto share = shares_.find(step);
      return share != shares_.end() && share->second.open == 0;
    });
    Share& share = shares_.at(step);
    if (share.error) {
      std::rethrow_exception(share.error);
    }
    std::vector<PreparedSample> samples = std::move(share.samples);
    buffered_bytes_ -= share.bytes;
    shares_.erase(step);
    ++next_take_;
    lock.unlock();
    work_changed_.notify_all();
    return samples;
  }

 private:
  /// This rank's part of a step while it is prepared.
  struct Share {
    std::vector<PositionOrder::Sample> places;  // of the positions, in the data set
    std::vector<PreparedSample> samples;
    std::uint64_t open = 0;  // samples not finished yet
    std::uint64_t bytes = 0;
    std::exception_ptr error;  // of the lowest position that failed
    std::uint64_t error_position = 0;
  };
  struct Claim {
    std::uint64_t step;
    std::uint64_t position;
    PositionOrder::Sample sample;
    std::size_t place;  // in the share
  };

  /// Positions [first, second) of a step: those with (g - s*B) * num_ranks / B == rank.
  std::pair<std::uint64_t, std::uint64_t> share_of(std::uint64_t step) const {
    const std::uint64_t batch = options_.batch_samples;
    const auto num_ranks = static_cast<std::uint64_t>(options_.num_ranks);
    const auto rank = static_cast<std::uint64_t>(options_.rank);
    const auto border = [&](std::uint64_t r) {
      return std::min(step * batch + (r * batch + num_ranks - 1) / num_ranks,
                      options_.end_position);
    };
    return {border(rank), border(rank + 1)};
  }

  /// The next sample to prepare, if one may be begun now. Under the mutex.
  std::optional<Claim> claim() {
    while (next_claim_ < options_.end_step) {
      const auto [begin, end] = share_of(next_claim_);
      if (next_place_ < end - begin) {
        if (next_claim_ > next_take_ && buffered_bytes_ >= options_.max_buffered_bytes) {
          return std::nullopt;
        }
        Share& share = shares_[next_claim_];
        if (next_place_ == 0) {
          share.places = order_.between(begin, end);
          share.open = end - begin;
          share.samples.resize(end - begin);
        }
        const std::size_t place = next_place_++;
        return Claim{next_claim_, begin + place, share.places[place], place};
      }
      ++next_claim_;
      next_place_ = 0;
    }
    return std::nullopt;
  }

  PreparedSample prepare(const Claim& claim) {
    if (prefetcher_) {
      prefetcher_->advance(claim.position);
    }
    const TimelineSpan span(options_.timeline, "prepare sample",
                            {"position", static_cast<std::int64_t>(claim.position)});
    const Record record = dataset_.read(claim.sample.shard, claim.sample.index);
    PreparedSample prepared = prepare_sample(encoder_, data_, record);
    prepared.position = claim.position;
    return prepared;
  }

  void prepare_until_stopped() {
    if (options_.timeline != nullptr) {
      options_.timeline->name_this_thread("samples");
    }
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const std::optional<Claim> claimed = claim();
      if (!claimed) {
        work_changed_.wait(lock);
        continue;
      }
      lock.unlock();
      PreparedSample prepared;
      std::exception_ptr error;
      try {
        prepared = prepare(*claimed);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      finish(*claimed, std::move(prepared), std::move(error));
    }
  }

  void finish(const Claim& claimed, PreparedSample prepared, std::exception_ptr error) {
    Share& share = shares_.at(claimed.step);
    if (error && (!share.error || claimed.position < share.error_position)) {
      share.error = std::move(error);
      share.error_position = claimed.position;
    }
    const std::uint64_t bytes = held_bytes(prepared);
    share.bytes += bytes;
    buffered_bytes_ += bytes;
    share.samples[claimed.place] = std::move(prepared);
    if (--share.open == 0) {
      share_ready_.notify_all();
    }
  }

  const Dataset& dataset_;
  const PositionOrder& order_;
  const RecordEncoder& encoder_;
  const recipe::Data& data_;
  const Options options_;
  std::optional<ShardPrefetcher> prefetcher_;  // if shards come from a store

  std::mutex mutex_;  // guards all below
  std::condition_variable work_changed_;
  std::condition_variable share_ready_;
  std::map<std::uint64_t, Share> shares_;  // by step
  std::uint64_t next_take_;
  std::uint64_t next_claim_;    // step
  std::size_t next_place_ = 0;  // in that step's share
  std::uint64_t buffered_bytes_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

SamplePipeline::SamplePipeline(const Dataset& dataset, const PositionOrder& order,
                               const RecordEncoder& encoder, const recipe::Data& data,
                               const Options& options)
    : workers_(std::make_unique<Workers>(dataset, order, encoder, data, options)) {}

SamplePipeline::SamplePipeline(const Dataset& dataset, const PositionOrder& order,
                               const text::SampleEncoder& encoder, const recipe::Data& data,
                               const Options& options)
    : own_encoder_(std::make_unique<TextRecordEncoder>(encoder)),
      workers_(std::make_unique<Workers>(dataset, order, *own_encoder_, data, options)) {}

SamplePipeline::~SamplePipeline() = default;

std::vector<PreparedSample> SamplePipeline::take(std::uint64_t step) {
  return workers_->take(step);
}

}  // namespace temper::data
