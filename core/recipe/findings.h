#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/yaml_tree.h"

namespace temper::recipe {

/// Everything that is wrong with one file, collected so that it is reported at once.
class Findings {
 public:
  /// `origin` names the file in messages.
  explicit Findings(std::string origin) : origin_(std::move(origin)) {}

  /// `message` says what is wrong, the value, and what to do. `key` may be empty.
  void add(const Place& place, std::string_view key, std::string_view message);

  bool empty() const { return lines_.empty(); }

  /// Throws one UserError with a line `file:line:column: key: message` each, in file order, those
  /// of
  /// --set last. Returns if there is nothing.
  void throw_if_any() const;

 private:
  struct Line {
    Place place;
    std::string text;
  };
  std::string origin_;
  std::vector<Line> lines_;
};

}  // namespace temper::recipe
