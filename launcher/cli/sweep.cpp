#include "launcher/cli/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/base/error.h"

namespace temper::launch {
namespace {

struct Axis {
  std::string key;
  std::vector<std::string> values;
};

Axis parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  Axis axis{text.substr(0, equals), {}};
  std::size_t begin = equals == std::string::npos ? text.size() : equals + 1;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    axis.values.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool has_empty = std::find(axis.values.begin(), axis.values.end(), "") != axis.values.end();
  if (axis.key.empty() || axis.values.empty() || has_empty || text.ends_with(',')) {
    throw UserError(fmt::format(
        "--sweep {}: write a key and its values, e.g. --sweep optimizer.lr=1e-4,2e-4", text));
  }
  for (const std::string& value : axis.values) {
    if (std::count(axis.values.begin(), axis.values.end(), value) > 1) {
      throw UserError(fmt::format("--sweep {}: {} is there twice", text, value));
    }
  }
  return axis;
}

/// The last part of a key and the value, in letters that a run's name may have.
std::string suffix_of(const std::string& key, const std::string& value) {
  std::string suffix = "-" + key.substr(key.rfind('.') + 1) + "-" + value;
  for (char& c : suffix) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    c = plain ? c : '_';
  }
  return suffix;
}

}  // namespace

std::vector<SweepPoint> sweep_points(const std::vector<std::string>& axes) {
  constexpr std::size_t kMostPoints = 1000;
  std::vector<SweepPoint> points(1);
  for (const std::string& text : axes) {
    const Axis axis = parse_axis(text);
    std::vector<SweepPoint> next;
    for (const SweepPoint& point : points) {
      for (const std::string& value : axis.values) {
        SweepPoint& made = next.emplace_back(point);
        made.name_suffix += suffix_of(axis.key, value);
        made.overrides.push_back(axis.key + "=" + value);
      }
    }
    if (next.size() > kMostPoints) {
      throw UserError(fmt::format("--sweep: {} runs are more than {}; sweep in parts", next.size(),
                                  kMostPoints));
    }
    points = std::move(next);
  }
  return points;
}

}  // namespace temper::launch
