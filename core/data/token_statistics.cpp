#include "core/data/token_statistics.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/data/prepare_sample.h"

namespace temper::data {
namespace {

/// Remembers the length that the policy sees.
class MeasuringEncoder final : public RecordEncoder {
 public:
  MeasuringEncoder(const RecordEncoder& encoder, std::int64_t& length)
      : encoder_(encoder), length_(length) {}
  text::EncodedSample encode(const Record& record) const override {
    text::EncodedSample sample = encoder_.encode(record);
    length_ = std::ssize(sample.ids);
    return sample;
  }

 private:
  const RecordEncoder& encoder_;
  std::int64_t& length_;
};

void count_record(const Record& record, const RecordEncoder& encoder, const recipe::Data& data,
                  std::size_t max_listed, TokenStatistics& counts) {
  std::int64_t length = 0;
  const MeasuringEncoder measuring(encoder, length);
  ++counts.num_counted;
  try {
    const PreparedSample prepared = prepare_sample(measuring, data, record);
    counts.dropped_tokens += prepared.dropped_tokens;
    counts.truncated_tokens += prepared.truncated_tokens;
    for (const auto& piece : prepared.pieces) {
      counts.tokens += std::ssize(piece.ids);
      counts.trained_tokens += std::count_if(piece.trained.begin(), piece.trained.end(),
                                             [](std::uint8_t trained) { return trained != 0; });
    }
  } catch (const UserError& error) {
    const bool only_too_long =
        data.overlength == recipe::Overlength::kError && length > data.max_length;
    if (!only_too_long) {
      ++counts.num_problems;
      if (counts.problems.size() < max_listed) {
        counts.problems.emplace_back(error.what());
      }
    }
  }
  counts.longest = std::max(counts.longest, length);
  if (length > data.max_length) {
    ++counts.num_overlong;
    if (counts.overlong.size() < max_listed) {
      counts.overlong.push_back({record.origin, length});
    }
  }
}

template <class T>
void append_listed(std::vector<T>& all, const std::vector<T>& more, std::size_t max_listed) {
  const auto room = std::min(max_listed - std::min(max_listed, all.size()), more.size());
  all.insert(all.end(), more.begin(), std::next(more.begin(), static_cast<std::ptrdiff_t>(room)));
}

void merge(TokenStatistics& all, const TokenStatistics& more, std::size_t max_listed) {
  all.num_counted += more.num_counted;
  all.tokens += more.tokens;
  all.trained_tokens += more.trained_tokens;
  all.dropped_tokens += more.dropped_tokens;
  all.truncated_tokens += more.truncated_tokens;
  all.longest = std::max(all.longest, more.longest);
  all.num_overlong += more.num_overlong;
  all.num_problems += more.num_problems;
  append_listed(all.overlong, more.overlong, max_listed);
  append_listed(all.problems, more.problems, max_listed);
}

}  // namespace

std::int64_t TokenStatistics::scaled(std::int64_t count) const {
  CHECK(num_counted > 0, "no sample was counted");
  if (!estimated()) {
    return count;
  }
  return std::llround(static_cast<double>(count) * static_cast<double>(num_records) /
                      static_cast<double>(num_counted));
}

TokenStatistics count_tokens(const Dataset& dataset, const RecordEncoder& encoder,
                             const recipe::Data& data, const CountOptions& options) {
  const std::uint64_t num_records = dataset.size();
  const std::uint64_t num_samples =
      options.max_samples == 0 ? num_records : std::min(options.max_samples, num_records);
  const auto num_threads = static_cast<std::uint64_t>(std::max(options.num_threads, 1));

  // Each thread counts a contiguous part, so that joining the parts in order gives the data's
  // order.
  std::vector<TokenStatistics> parts(num_threads);
  std::vector<std::exception_ptr> errors(num_threads);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t thread = 0; thread < num_threads; ++thread) {
      threads.emplace_back([&, thread] {
        try {
          const std::uint64_t end = (thread + 1) * num_samples / num_threads;
          for (std::uint64_t i = thread * num_samples / num_threads; i < end; ++i) {
            const std::uint64_t record =
                i * (num_records / num_samples) + i * (num_records % num_samples) / num_samples;
            count_record(dataset.read(record), encoder, data, options.max_listed, parts[thread]);
          }
        } catch (...) {
          errors[thread] = std::current_exception();
        }
      });
    }
  }
  TokenStatistics all;
  all.num_records = num_records;
  for (std::uint64_t thread = 0; thread < num_threads; ++thread) {
    if (errors[thread]) {
      std::rethrow_exception(errors[thread]);
    }
    merge(all, parts[thread], options.max_listed);
  }
  return all;
}

}  // namespace temper::data
