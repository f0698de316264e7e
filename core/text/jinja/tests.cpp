#include <fmt/format.h>

#include <functional>
#include <map>

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/text_case.h"

namespace temper::text::jinja {
namespace {

using Test = std::function<bool(const Value&, ArgumentReader&)>;

bool is_integer(const Value& value) {
  return value.get_if<std::int64_t>() != nullptr;
}

bool is_iterable(const Value& value) {
  return value.as_sequence() != nullptr || value.as_dict() != nullptr ||
         value.as_string() != nullptr || value.is_undefined();
}

bool is_divisible(const Value& value, ArgumentReader& arguments) {
  const std::int64_t divisor = arguments.integer("num");
  const auto integer = value.as_integer();
  if (!integer || divisor == 0) throw Failure("divisibleby needs integers, and not 0");
  return divisor == -1 || *integer % divisor == 0;
}

void add_types(std::map<std::string, Test>* tests) {
  const auto add = [&](const char* name, const std::function<bool(const Value&)>& test) {
    tests->emplace(name, [test](const Value& value, ArgumentReader&) { return test(value); });
  };
  add("defined", [](const Value& value) { return !value.is_undefined(); });
  add("undefined", [](const Value& value) { return value.is_undefined(); });
  add("none", [](const Value& value) { return value.is_none(); });
  add("string", [](const Value& value) { return value.as_string() != nullptr; });
  add("mapping", [](const Value& value) { return value.as_dict() != nullptr; });
  add("iterable", is_iterable);
  add("sequence", is_iterable);
  add("number", [](const Value& value) { return value.is_number(); });
  add("integer", is_integer);
  add("float", [](const Value& value) { return value.get_if<double>() != nullptr; });
  add("boolean", [](const Value& value) { return value.get_if<bool>() != nullptr; });
  add("true", [](const Value& value) { return value.get_if<bool>() != nullptr && value.truthy(); });
  add("false",
      [](const Value& value) { return value.get_if<bool>() != nullptr && !value.truthy(); });
  add("callable", [](const Value& value) { return value.as_function() != nullptr; });
  add("odd", [](const Value& value) { return value.as_integer().value_or(0) % 2 != 0; });
  add("even", [](const Value& value) { return value.as_integer().value_or(1) % 2 == 0; });
  add("lower",
      [](const Value& value) { return value.as_string() && is_lower(*value.as_string()); });
  add("upper",
      [](const Value& value) { return value.as_string() && is_upper(*value.as_string()); });
}

void add_comparisons(std::map<std::string, Test>* tests) {
  const auto add = [&](std::initializer_list<const char*> names, const auto& compare) {
    for (const char* name : names) {
      tests->emplace(name, [compare](const Value& value, ArgumentReader& arguments) {
        return compare(value, arguments.required("other"));
      });
    }
  };
  add({"equalto", "eq", "=="}, [](const Value& a, const Value& b) { return equals(a, b); });
  add({"ne", "!="}, [](const Value& a, const Value& b) { return !equals(a, b); });
  add({"lt", "lessthan", "<"}, [](const Value& a, const Value& b) { return less(a, b); });
  add({"gt", "greaterthan", ">"}, [](const Value& a, const Value& b) { return less(b, a); });
  add({"le", "<="}, [](const Value& a, const Value& b) { return less(a, b) || equals(a, b); });
  add({"ge", ">="}, [](const Value& a, const Value& b) { return less(b, a) || equals(a, b); });
  add({"in"}, [](const Value& a, const Value& b) { return contains(b, a); });
  add({"sameas"}, [](const Value& a, const Value& b) {
    return a.type_name() == b.type_name() && equals(a, b);
  });
  tests->emplace("divisibleby", is_divisible);
  tests->emplace("filter", [](const Value& value, ArgumentReader&) {
    return value.as_string() != nullptr && is_filter(*value.as_string());
  });
  tests->emplace("test", [](const Value& value, ArgumentReader&) {
    return value.as_string() != nullptr && is_test(*value.as_string());
  });
}

const std::map<std::string, Test>& all_tests() {
  static const std::map<std::string, Test> tests = [] {
    std::map<std::string, Test> made;
    add_types(&made);
    add_comparisons(&made);
    return made;
  }();
  return tests;
}

}  // namespace

bool is_test(const std::string& name) {
  return all_tests().contains(name);
}

bool apply_test(Runtime& runtime, const std::string& name, const Value& value,
                const Arguments& arguments) {
  runtime.charge(1);
  const auto test = all_tests().find(name);
  if (test == all_tests().end()) throw Failure(fmt::format("No test named '{}'.", name));
  ArgumentReader reader(arguments, "is " + name);
  const bool result = test->second(value, reader);
  reader.done();
  return result;
}

}  // namespace temper::text::jinja
