#pragma once

#include <memory>
#include <vector>

#include "core/text/aligned_text.h"

namespace temper::text {

/// A stage that rewrites text before it is cut into pieces. Immutable, thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  /// Rewrites every section that is not an added token; the sections move with the text.
  virtual void apply(AlignedText* text, std::vector<Section>* sections) const = 0;
};

/// Unicode normalisation form C (UAX #15) by utf8proc. The bytes of a composed character come from
/// the character that it starts with.
std::unique_ptr<Normalizer> make_nfc();

/// One after the other.
std::unique_ptr<Normalizer> make_normalizer_sequence(
    std::vector<std::unique_ptr<Normalizer>> stages);

/// The normal form of a text on its own.
std::string normalize(const Normalizer& normalizer, std::string_view text);

}  // namespace temper::text
