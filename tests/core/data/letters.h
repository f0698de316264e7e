#pragma once

#include <string>
#include <string_view>

#include "core/data/record_encoder.h"

namespace temper::data {

/// An encoder for tests: every byte of the record is a token, capitals are trained (but the first).
/// "!" in a record is a UserError.
class LetterEncoder final : public RecordEncoder {
 public:
  text::EncodedSample encode(const Record& record) const override;
};

/// A sample as the letters that LetterEncoder made it from, the trained ones as capitals.
std::string letters_of(const text::EncodedSample& sample);

}  // namespace temper::data
