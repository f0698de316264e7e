#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace temper::text::jinja {

enum class TokenKind {
  kData,           ///< text between tags, whitespace control already applied
  kVariableBegin,  ///< {{
  kVariableEnd,    ///< }}
  kBlockBegin,     ///< {%
  kBlockEnd,       ///< %}
  kName,
  kString,   ///< unescaped
  kInteger,  ///< digits without underscores
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  int line = 1;
};

/// Cuts a template into tokens as Jinja2's lexer does (jinja2/lexer.py) with trim_blocks and
/// lstrip_blocks on: the line end behind a block or comment and the blanks before one go away;
/// `-` strips all whitespace, `+` switches it off. Comments and {% raw %} are resolved here.
/// UserError with `origin`:line.
std::vector<Token> tokenize(std::string_view source, const std::string& origin);

}  // namespace temper::text::jinja
