#include "launcher/plan/quantity.h"

#include <fmt/format.h>

#include <array>

namespace temper::launch {

std::string count_text(std::uint64_t count) {
  std::string text = fmt::to_string(count);
  constexpr std::size_t kGroup = 3;
  for (std::size_t end = text.size(); end > kGroup;) {
    end -= kGroup;
    text.insert(end, ",");
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr double kStep = 1024;
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  if (value < kStep) {
    return fmt::format("{} B", bytes);
  }
  std::size_t unit = 0;
  for (value /= kStep; value >= kStep && unit + 1 < kUnits.size(); ++unit) {
    value /= kStep;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace temper::launch
