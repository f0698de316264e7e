#pragma once

#include "core/data/shard_reader.h"
#include "core/text/sample_encoder.h"

namespace temper::data {

/// Turns a record into tokens: the seam between the data and the text. Thread-safe.
class RecordEncoder {
 public:
  virtual ~RecordEncoder() = default;
  /// UserError prefixed with the record's origin if it can't be encoded.
  virtual text::EncodedSample encode(const Record& record) const = 0;
};

/// By a model's tokenizer and chat template. `encoder` must outlive this.
class TextRecordEncoder final : public RecordEncoder {
 public:
  explicit TextRecordEncoder(const text::SampleEncoder& encoder) : encoder_(encoder) {}
  text::EncodedSample encode(const Record& record) const override {
    return encoder_.encode(record.bytes, record.origin);
  }

 private:
  const text::SampleEncoder& encoder_;
};

}  // namespace temper::data
