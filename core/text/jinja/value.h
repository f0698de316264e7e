#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace temper::text::jinja {

/// What goes wrong while a template runs; the evaluator adds file and line.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Value;
class Runtime;
using List = std::vector<Value>;

/// A call's arguments, as written.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

struct None {};

/// A name or attribute that isn't there. Prints as nothing, is false and empty; any other use of it
/// fails with `why` ("'tools' is undefined").
struct Undefined {
  std::shared_ptr<const std::string> why;
};

struct Tuple {
  std::vector<Value> items;
};

/// Lists and dicts may hold each other this deep, so that recursion over them is safe.
inline constexpr int kMaxValueDepth = 200;

/// Insertion-ordered, as Python's. Keys are strings nearly always.
class Dict {
 public:
  const Value* find(const Value& key) const;
  const Value* find_key(std::string_view key) const;
  void set(Value key, Value value);
  const std::vector<std::pair<Value, Value>>& items() const { return items_; }
  int depth() const { return depth_; }

 private:
  std::vector<std::pair<Value, Value>> items_;
  int depth_ = 1;
};

/// Something with attributes that is neither of the above: `loop`, namespaces.
class Object {
 public:
  virtual ~Object() = default;
  virtual std::optional<Value> attribute(std::string_view name) const = 0;
  /// {% set object.name = value %}; Failure unless it is a namespace.
  virtual void set_attribute(const std::string& name, const Value& value);
  virtual std::string text() const = 0;
  /// Lets go of all values, so that objects that hold each other can be freed.
  virtual void clear() {}
};

/// A macro, a global function or a bound method.
struct Function {
  std::string name;
  std::function<Value(Runtime&, const Arguments&)> call;
};

/// A value of the template language: Python's, as far as templates can see. Cheap to copy; all but
/// namespaces are immutable.
class Value {
 public:
  Value() : data_(None{}) {}
  Value(None) : data_(None{}) {}                         // NOLINT(google-explicit-constructor)
  Value(Undefined undefined) : data_(undefined) {}       // NOLINT(google-explicit-constructor)
  Value(bool boolean) : data_(boolean) {}                // NOLINT(google-explicit-constructor)
  Value(std::int64_t integer) : data_(integer) {}        // NOLINT(google-explicit-constructor)
  Value(double number) : data_(number) {}                // NOLINT(google-explicit-constructor)
  Value(std::string text);                               // NOLINT(google-explicit-constructor)
  Value(const char* text) : Value(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  Value(List list);                                      // NOLINT(google-explicit-constructor)
  Value(Tuple tuple);                                    // NOLINT(google-explicit-constructor)
  Value(Dict dict);                                      // NOLINT(google-explicit-constructor)
  Value(std::shared_ptr<Object> object) : data_(std::move(object)) {}  // NOLINT
  Value(Function function);  // NOLINT(google-explicit-constructor)

  static Value undefined(std::string why);
  /// Failure for an integer beyond 64 bits and for nesting deeper than kMaxValueDepth.
  static Value from_json(const nlohmann::ordered_json& json);

  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  /// bool, int or float.
  bool is_number() const;
  /// A bool counts as 0 or 1, as in Python.
  std::optional<std::int64_t> as_integer() const;
  std::optional<double> as_number() const;
  const std::string* as_string() const;
  /// The items of a list or tuple.
  const std::vector<Value>* as_sequence() const;
  bool is_tuple() const;
  const Dict* as_dict() const;
  Object* as_object() const;
  const Function* as_function() const;

  bool truthy() const;
  /// Python's name of the type ("str", "NoneType"), for messages.
  std::string_view type_name() const;
  /// Failure with the reason if this is undefined.
  void require_defined() const;

  /// The items that a loop over it sees: characters, keys, items. Failure if it has none.
  List iterate() const;
  std::optional<std::int64_t> length() const;
  /// 0 for scalars, 1 for a list of them, and so on.
  int depth() const;

 private:
  struct Sequence {
    List items;
    bool is_tuple = false;
    int depth = 1;
  };
  static std::shared_ptr<const Sequence> make_sequence(List items, bool is_tuple);

  std::variant<None, Undefined, bool, std::int64_t, double, std::shared_ptr<const std::string>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Dict>,
               std::shared_ptr<Object>, std::shared_ptr<const Function>>
      data_;
};

/// Python's ==.
bool equals(const Value& left, const Value& right);
/// Python's < ; Failure for types that have no order.
bool less(const Value& left, const Value& right);
/// Python's `item in container`.
bool contains(const Value& container, const Value& item);

/// The characters of a UTF-8 text.
std::vector<std::string_view> characters_of(std::string_view text);

}  // namespace temper::text::jinja
