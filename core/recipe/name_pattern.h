#pragma once

#include <string>
#include <string_view>

namespace temper::recipe {

/// Why `pattern` is not a regular expression in the syntax that adapters are described in
/// (Python's, read by Oniguruma), or empty if it is one.
std::string find_pattern_problem(std::string_view pattern);

}  // namespace temper::recipe
