#include "core/data/prepare_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::data {
namespace {

bool trains(const text::EncodedSample& sample) {
  return std::any_of(sample.trained.begin(), sample.trained.end(),
                     [](std::uint8_t trained) { return trained != 0; });
}

/// Tokens [begin, end) as a sample of its own.
text::EncodedSample cut(const text::EncodedSample& sample, std::int64_t begin, std::int64_t end) {
  text::EncodedSample piece;
  piece.ids.assign(std::next(sample.ids.begin(), begin), std::next(sample.ids.begin(), end));
  piece.trained.assign(std::next(sample.trained.begin(), begin),
                       std::next(sample.trained.begin(), end));
  piece.trained.front() = 0;  // nothing predicts it
  return piece;
}

text::EncodedSample truncate(const text::EncodedSample& sample, std::int64_t limit,
                             const Record& record) {
  text::EncodedSample piece = cut(sample, 0, limit);
  if (!trains(piece)) {
    throw UserError(fmt::format(
        "{}: the sample has {} tokens and none of those that are trained are among the first {}; "
        "raise data.max_length, or set data.overlength to split or drop",
        record.origin, sample.ids.size(), limit));
  }
  return piece;
}

std::vector<text::EncodedSample> split(const text::EncodedSample& sample, std::int64_t limit) {
  std::vector<text::EncodedSample> pieces;
  const auto length = std::ssize(sample.ids);
  for (std::int64_t begin = 0; begin + 1 < length; begin += limit - 1) {
    text::EncodedSample piece = cut(sample, begin, std::min(begin + limit, length));
    if (trains(piece)) {
      pieces.push_back(std::move(piece));
    }
  }
  return pieces;
}

[[noreturn]] void throw_overlength(const Record& record, std::int64_t length, std::int64_t limit) {
  throw UserError(fmt::format(
      "{}: the sample has {} tokens, data.max_length is {}; raise data.max_length, shorten the "
      "sample, or set data.overlength to drop, truncate or split",
      record.origin, length, limit));
}

}  // namespace

PreparedSample prepare_sample(const RecordEncoder& encoder, const recipe::Data& data,
                              const Record& record) {
  text::EncodedSample sample = encoder.encode(record);
  CHECK(sample.ids.size() == sample.trained.size(), "{}: {} tokens, {} marks", record.origin,
        sample.ids.size(), sample.trained.size());
  if (!trains(sample)) {
    throw UserError(fmt::format(
        "{}: none of the sample's {} tokens is trained under data.train_on: {}; take the "
        "record out, or train on more",
        record.origin, sample.ids.size(), name_of(data.train_on)));
  }
  PreparedSample prepared;
  const auto length = std::ssize(sample.ids);
  if (length <= data.max_length) {
    prepared.pieces.push_back(std::move(sample));
    return prepared;
  }
  switch (data.overlength) {
    case recipe::Overlength::kError:
      throw_overlength(record, length, data.max_length);
    case recipe::Overlength::kDrop:
      prepared.dropped_tokens = length;
      break;
    case recipe::Overlength::kTruncate:
      prepared.pieces.push_back(truncate(sample, data.max_length, record));
      prepared.truncated_tokens = length - data.max_length;
      break;
    case recipe::Overlength::kSplit:
      prepared.pieces = split(sample, data.max_length);
      break;
  }
  return prepared;
}

PreparedSample prepare_sample(const text::SampleEncoder& encoder, const recipe::Data& data,
                              const Record& record) {
  return prepare_sample(TextRecordEncoder(encoder), data, record);
}

}  // namespace temper::data
