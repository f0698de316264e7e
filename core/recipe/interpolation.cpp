#include "core/recipe/interpolation.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/environment.h"
#include "core/recipe/yaml_scalar.h"
#include "core/recipe/yaml_text.h"

namespace temper::recipe {
namespace {

constexpr std::string_view kEnvironment = "env:";

/// The value of what stands between ${ and }.
Interpolated look_up(std::string_view expression, const Environment& environment) {
  if (!expression.starts_with(kEnvironment)) {
    return {{},
            fmt::format("cannot replace {}; only ${{env:NAME}} is known, and $${{ stands for a "
                        "literal ${{",
                        quote_for_message(fmt::format("${{{}}}", expression)))};
  }
  const std::string name(expression.substr(kEnvironment.size()));
  const std::optional<std::string> value = environment.get(name);
  if (!value) {
    return {{},
            fmt::format("environment variable {} is not set; export it or write the value here",
                        quote_for_message(name))};
  }
  if (find_invalid_utf8(*value)) {
    return {{}, fmt::format("environment variable '{}' is not UTF-8; set another value", name)};
  }
  return {*value, {}};
}

}  // namespace

Interpolated interpolate(std::string_view text, const Environment& environment) {
  Interpolated result;
  std::size_t i = 0;
  while (i < text.size()) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("$${")) {
      result.text += "${";
      i += 3;
      continue;
    }
    if (!rest.starts_with("${")) {
      result.text += text[i++];
      continue;
    }
    const std::size_t end = rest.find('}');
    if (end == std::string_view::npos) {
      return {{},
              fmt::format("{} has a ${{ without }}; write $${{ for a literal ${{",
                          quote_for_message(text))};
    }
    const Interpolated value = look_up(rest.substr(2, end - 2), environment);
    if (!value.problem.empty()) {
      return value;
    }
    result.text += value.text;
    i += end + 1;
  }
  return result;
}

}  // namespace temper::recipe
