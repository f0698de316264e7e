#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace temper {
class Environment;
}

namespace temper::recipe {

struct Interpolated {
  std::string text;
  std::string problem;  ///< empty: none
};

/// Replaces ${env:NAME} by the variable, once (a value is not looked through again); $${ stands for
/// a literal ${. Problems: an unset variable, one whose value is not UTF-8, any other ${…}.
Interpolated interpolate(std::string_view text, const Environment& environment);

}  // namespace temper::recipe
