#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/text/aligned_text.h"
#include "core/text/pre_tokenizers/pre_tokenizer.h"

namespace temper::text {

/// Cuts a text of `size` bytes at `matches` (in order, apart from each other) and appends the
/// pieces that are not empty, moved by `shift`, as `behavior` says:
/// "a--b" at "-": Removed a b; Isolated a - - b; MergedWithPrevious a- - b; MergedWithNext a - -b;
/// Contiguous a -- b. `invert` swaps what counts as matched and what doesn't.
void append_split(std::size_t size, std::span<const ByteRange> matches, SplitBehavior behavior,
                  bool invert, std::uint32_t shift, std::vector<Section>* pieces);

}  // namespace temper::text
