#include "core/base/environment.h"

#include <fmt/format.h>
#include <unistd.h>

namespace temper {

Environment Environment::from_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return Environment(std::move(variables));
}

Environment::Environment(std::map<std::string, std::string> variables)
    : variables_(variables.begin(), variables.end()) {}

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? std::nullopt : std::optional(found->second);
}

std::filesystem::path Environment::cache_directory() const {
  const auto folder = [this](std::string_view name) {
    return std::filesystem::path(get(name).value_or(""));
  };
  if (const auto cache = folder("TEMPER_CACHE"); !cache.empty()) {
    return cache;
  }
  if (const auto cache = folder("XDG_CACHE_HOME"); cache.is_absolute()) {
    return cache / "temper";
  }
  if (const auto home = folder("HOME"); home.is_absolute()) {
    return home / ".cache" / "temper";
  }
  return fmt::format("/tmp/temper-{}", ::getuid());
}

}  // namespace temper
