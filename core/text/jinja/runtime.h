#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/text/jinja/value.h"

namespace temper::text::jinja {

/// What a hostile or broken template may use.
struct Limits {
  std::int64_t steps = 5'000'000;        ///< nodes evaluated and items made
  std::int64_t output_bytes = 64 << 20;  ///< of any one text
  int depth = 400;                       ///< expressions, bodies and macros inside each other
};

/// What functions, filters, tests and methods may ask of the running template.
class Runtime {
 public:
  virtual ~Runtime() = default;
  /// Counts work; Failure when there has been too much.
  virtual void charge(std::int64_t steps) = 0;
  /// Failure if a text of that size may not be made.
  virtual void check_size(std::size_t bytes) = 0;
  /// The time that strftime_now prints, if there is one.
  virtual std::optional<std::chrono::system_clock::time_point> now() const = 0;
  /// Clears the object when the template is done: namespaces may hold each other.
  virtual void track(std::shared_ptr<Object> object) = 0;
};

/// Reads a call's arguments by position and name, in the order of a Python signature.
/// done() refuses what is left over.
class ArgumentReader {
 public:
  ArgumentReader(const Arguments& arguments, std::string_view callee);
  /// nullptr if it wasn't given.
  const Value* optional(std::string_view name);
  const Value& required(std::string_view name);
  std::string string(std::string_view name);
  std::string string(std::string_view name, std::string_view absent);
  std::int64_t integer(std::string_view name);
  std::int64_t integer(std::string_view name, std::int64_t absent);
  bool boolean(std::string_view name, bool absent);
  void done() const;

 private:
  const Arguments& arguments_;
  std::string callee_;
  std::size_t next_ = 0;
  std::size_t named_ = 0;
};

/// Filters (jinja2/filters.py) and tests (jinja2/tests.py) by name; Failure for an unknown one.
Value apply_filter(Runtime& runtime, const std::string& name, const Value& value,
                   const Arguments& arguments);
bool apply_test(Runtime& runtime, const std::string& name, const Value& value,
                const Arguments& arguments);

bool is_filter(const std::string& name);
bool is_test(const std::string& name);

/// A method of str or dict, bound to `object`; nullopt if it has none of that name.
std::optional<Value> find_method(const Value& object, std::string_view name);

/// object.name as Jinja looks it up: attribute or method first, then key.
Value attribute_of(const Value& object, const std::string& name);
/// object[index]: key or position first, then attribute.
Value subscript_of(const Value& object, const Value& index);
/// object[begin:end:step] by Python's rules; nullptr: left out.
Value slice_of(const Value& object, const Value* begin, const Value* end, const Value* step);

/// left op right for + - * / // % **.
Value calculate(Runtime& runtime, std::string_view op, const Value& left, const Value& right);

/// Python's str.replace; `limit` < 0: all of them.
std::string replace_all(Runtime& runtime, const std::string& text, const std::string& from,
                        const std::string& to, std::int64_t limit);

/// raise_exception, range, namespace, dict, and strftime_now if there is a time.
std::optional<Value> find_global(const Runtime& runtime, const std::string& name);

}  // namespace temper::text::jinja
