#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "core/text/jinja/formatting.h"
#include "core/text/jinja/runtime.h"

namespace temper::text::jinja {
namespace {

constexpr std::int64_t kMaxRange = 100'000;  // Jinja's own sandbox limit

class Namespace final : public Object {
 public:
  std::optional<Value> attribute(std::string_view name) const override {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  void set_attribute(const std::string& name, const Value& value) override {
    values_.insert_or_assign(name, value);
  }
  std::string text() const override { return "<Namespace>"; }
  void clear() override { values_.clear(); }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

Value make_namespace(Runtime& runtime, const Arguments& arguments) {
  auto made = std::make_shared<Namespace>();
  runtime.track(made);
  for (const Value& value : arguments.positional) {
    if (value.as_dict() == nullptr) throw Failure("namespace() takes mappings and named values");
    for (const auto& [key, item] : value.as_dict()->items()) {
      made->set_attribute(to_text(key), item);
    }
  }
  for (const auto& [name, value] : arguments.named) made->set_attribute(name, value);
  return std::static_pointer_cast<Object>(made);
}

Value make_dict(Runtime&, const Arguments& arguments) {
  Dict dict;
  for (const Value& value : arguments.positional) {
    if (value.as_dict() == nullptr) throw Failure("dict() takes mappings and named values");
    for (const auto& [key, item] : value.as_dict()->items()) dict.set(key, item);
  }
  for (const auto& [name, value] : arguments.named) dict.set(name, value);
  return dict;
}

Value range(Runtime& runtime, const Arguments& arguments) {
  ArgumentReader reader(arguments, "range");
  std::int64_t begin = reader.integer("start");
  const Value* stop = reader.optional("stop");
  const std::int64_t step = reader.integer("step", 1);
  reader.done();
  std::int64_t end = begin;
  if (stop == nullptr) {
    begin = 0;
  } else if (const auto integer = stop->as_integer()) {
    end = *integer;
  } else {
    throw Failure(
        fmt::format("'{}' object cannot be interpreted as an integer", stop->type_name()));
  }
  if (step == 0) throw Failure("range() arg 3 must not be zero");
  List list;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end;) {
    if (static_cast<std::int64_t>(list.size()) >= kMaxRange) {
      throw Failure(
          fmt::format("Range too big. The sandbox blocks ranges larger than {}.", kMaxRange));
    }
    list.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  runtime.charge(static_cast<std::int64_t>(list.size()));
  return list;
}

Value raise_exception(Runtime&, const Arguments& arguments) {
  ArgumentReader reader(arguments, "raise_exception");
  throw Failure("the template refuses this input: " + to_text(reader.required("message")));
}

Value strftime_now(Runtime& runtime, const Arguments& arguments) {
  ArgumentReader reader(arguments, "strftime_now");
  const std::string format = reader.string("format");
  reader.done();
  if (format.size() > 256) throw Failure("strftime_now: the format is too long");
  const std::time_t seconds = std::chrono::system_clock::to_time_t(*runtime.now());
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  // The trailing mark tells an empty result from a buffer that is too small.
  char buffer[4096];
  const std::size_t size = std::strftime(buffer, sizeof buffer, (format + "|").c_str(), &utc);
  if (size == 0) throw Failure("strftime_now: the format is too long");
  return std::string(buffer, size - 1);
}

}  // namespace

std::optional<Value> find_global(const Runtime& runtime, const std::string& name) {
  if (name == "namespace") return Function{name, make_namespace};
  if (name == "dict") return Function{name, make_dict};
  if (name == "range") return Function{name, range};
  if (name == "raise_exception") return Function{name, raise_exception};
  if (name == "strftime_now" && runtime.now()) return Function{name, strftime_now};
  return std::nullopt;
}

}  // namespace temper::text::jinja
