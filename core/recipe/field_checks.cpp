#include "core/recipe/field_checks.h"

#include <fmt/format.h>

#include <cmath>

#include "core/recipe/yaml_scalar.h"

namespace temper::recipe {
namespace {

std::string print_bound(double bound) {
  return bound == std::floor(bound) ? fmt::format("{:.0f}", bound) : print_number(bound);
}

/// The first sentence of a help text.
std::string_view in_short(std::string_view help) {
  return help.substr(0, help.find(". "));
}

}  // namespace

FieldChecks& FieldChecks::required() {
  if (missing_) {
    reading_.fail_missing(key_, place_, in_short(help_));
  }
  return *this;
}

FieldChecks& FieldChecks::not_empty() {
  if (empty_ && !missing_) {
    reading_.fail(key_, place_, fmt::format("is empty; write one: {}", in_short(help_)));
  }
  return *this;
}

FieldChecks& FieldChecks::above(double bound) {
  for (const Number& number : numbers_) {
    if (!(number.value > bound)) {
      report(number, "above", bound);
    }
  }
  return *this;
}

FieldChecks& FieldChecks::below(double bound) {
  for (const Number& number : numbers_) {
    if (!(number.value < bound)) {
      report(number, "below", bound);
    }
  }
  return *this;
}

FieldChecks& FieldChecks::at_least(double bound) {
  for (const Number& number : numbers_) {
    if (!(number.value >= bound)) {
      report(number, "at least", bound);
    }
  }
  return *this;
}

FieldChecks& FieldChecks::at_most(double bound) {
  for (const Number& number : numbers_) {
    if (!(number.value <= bound)) {
      report(number, "at most", bound);
    }
  }
  return *this;
}

void FieldChecks::report(const Number& number, std::string_view relation, double bound) {
  const std::string advice = fallback_.empty() ? fmt::format("meant is: {}", in_short(help_))
                                               : fmt::format("the default is {}", fallback_);
  reading_.fail(
      number.key, number.place,
      fmt::format("must be {} {}, is {}; {}", relation, print_bound(bound), number.shown, advice));
}

}  // namespace temper::recipe
