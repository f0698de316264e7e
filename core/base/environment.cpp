#include "core/base/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <limits>

#include "core/base/error.h"

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

std::uint64_t Environment::cache_bytes() const {
  constexpr std::uint64_t kDefault = std::uint64_t{64} << 30;
  constexpr std::string_view kUnits = "KMGT";
  const std::string text = get("TEMPER_CACHE_BYTES").value_or("");
  if (text.empty()) {
    return kDefault;
  }
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, count);
  const std::size_t unit = after == end ? std::string_view::npos : kUnits.find(*after);
  const std::size_t shift = unit == std::string_view::npos ? 0 : 10 * (unit + 1);
  const bool is_sound = error == std::errc() && (after == end || (after + 1 == end && shift > 0)) &&
                        count <= std::numeric_limits<std::uint64_t>::max() >> shift;
  if (!is_sound) {
    throw UserError(fmt::format(
        "TEMPER_CACHE_BYTES: \"{}\" is no size; write a number of bytes, or e.g. 200G", text));
  }
  return count << shift;
}

}  // namespace temper
