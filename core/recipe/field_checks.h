#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/reading.h"

namespace temper::recipe {

/// What a field's declaration demands of the value that was read for it: FieldReader returns it and
/// the declaration chains its bounds, which are checked at once. Bounds on a list or map hold for
/// each of its values.
class FieldChecks {
 public:
  /// `key` is the full key, `fallback` its default for messages (empty: there is none to name).
  FieldChecks(Reading& reading, std::string key, std::string_view help, std::string fallback)
      : reading_(reading), key_(std::move(key)), help_(help), fallback_(std::move(fallback)) {}

  FieldChecks& required();
  FieldChecks& not_empty();
  FieldChecks& above(double bound);
  FieldChecks& below(double bound);
  FieldChecks& at_least(double bound);
  FieldChecks& at_most(double bound);

  /// What the reader found, before the bounds are chained.
  void set_missing(const Place& section) { missing_ = true, place_ = section; }
  void set_place(const Place& place) { place_ = place; }
  void set_empty(bool empty) { empty_ = empty; }
  void add_number(std::string key, const Place& place, double value, std::string shown) {
    numbers_.push_back({std::move(key), place, value, std::move(shown)});
  }
  const std::string& fallback() const { return fallback_; }

 private:
  struct Number {
    std::string key;
    Place place;
    double value;
    std::string shown;
  };

  void report(const Number& number, std::string_view relation, double bound);

  Reading& reading_;
  std::string key_;
  std::string help_;
  std::string fallback_;
  Place place_;
  bool missing_ = false;
  bool empty_ = false;
  std::vector<Number> numbers_;
};

}  // namespace temper::recipe
