#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/text/jinja/runtime.h"

namespace temper::text::jinja {

using Filter = std::function<Value(Runtime&, const Value&, ArgumentReader&)>;
using FilterTable = std::map<std::string, Filter>;

void add_scalar_filters(FilterTable* filters);
void add_sequence_filters(FilterTable* filters);

/// `map`, and the four of select and reject: filters that run other filters and tests.
Value apply_map(Runtime& runtime, const Value& value, const Arguments& arguments);
Value apply_select(Runtime& runtime, const Value& value, const Arguments& arguments, bool keep,
                   bool by_attribute);

}  // namespace temper::text::jinja
