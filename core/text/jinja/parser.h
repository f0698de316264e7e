#pragma once

#include <string>
#include <string_view>

#include "core/text/jinja/syntax.h"

namespace temper::text::jinja {

/// Parses a template as Jinja2's parser does (jinja2/parser.py), with Transformers' extensions:
/// loop controls and {% generation %}. UserError with `origin`:line for anything else.
/// `has_generation` tells whether there is a {% generation %} block.
Body parse(std::string_view source, const std::string& origin, bool* has_generation);

}  // namespace temper::text::jinja
