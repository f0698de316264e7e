#include "core/recipe/value_text.h"

#include <variant>

namespace temper::recipe {

std::string print_value(const std::string& value) {
  std::string escaped;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.compare(i, 2, "${") == 0) {
      escaped += '$';
    }
    escaped += value[i];
  }
  return print_text(escaped);
}

std::string print_value(const Targets& value) {
  return std::visit([](const auto& targets) { return print_value(targets); }, value);
}

}  // namespace temper::recipe
