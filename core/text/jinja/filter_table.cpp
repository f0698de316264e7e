#include <fmt/format.h>

#include "core/text/jinja/filters.h"

namespace temper::text::jinja {
namespace {

const FilterTable& all_filters() {
  static const FilterTable filters = [] {
    FilterTable made;
    add_scalar_filters(&made);
    add_sequence_filters(&made);
    return made;
  }();
  return filters;
}

bool runs_others(const std::string& name) {
  return name == "map" || name == "select" || name == "reject" || name == "selectattr" ||
         name == "rejectattr";
}

}  // namespace

bool is_filter(const std::string& name) {
  return runs_others(name) || all_filters().contains(name);
}

Value apply_filter(Runtime& runtime, const std::string& name, const Value& value,
                   const Arguments& arguments) {
  runtime.charge(1);
  if (name == "map") return apply_map(runtime, value, arguments);
  if (runs_others(name)) {
    return apply_select(runtime, value, arguments, name.starts_with("select"),
                        name.ends_with("attr"));
  }
  const auto filter = all_filters().find(name);
  if (filter == all_filters().end()) throw Failure(fmt::format("No filter named '{}'.", name));
  ArgumentReader reader(arguments, name);
  Value result = filter->second(runtime, value, reader);
  reader.done();
  return result;
}

}  // namespace temper::text::jinja
