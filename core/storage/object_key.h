#pragma once

#include <string_view>

namespace temper::storage {

/// Throws UserError unless `key` is relative, without empty, "." or ".." segments, without a NUL
/// and without a segment that looks like an unfinished file of ours.
void check_key(std::string_view key);

/// The same for the start of a key: may be empty, end in '/' or in the middle of a segment.
void check_prefix(std::string_view prefix);

}  // namespace temper::storage
