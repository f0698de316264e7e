#pragma once

#include "core/text/jinja/syntax.h"
#include "core/text/jinja/token_stream.h"

namespace temper::text::jinja {

/// Expressions, by precedence: if-else, or, and, not, comparison, + -, ~, * / // %, **, sign,
/// then attributes, calls, filters and tests.
class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream* stream) : stream_(*stream) {}

  ExpressionPtr parse_expression();
  /// One expression, or several with commas between: a tuple. `with_conditional` false leaves an
  /// `if` to the statement around ({% for x in xs if … %}).
  ExpressionPtr parse_tuple(bool with_conditional);
  /// name(args)|name(args)…: filters that wait for a value, as FilterExpressions without one.
  std::vector<ExpressionPtr> parse_filters();
  CallArguments parse_call_arguments();
  /// Postfix chain only, as the target of {% call %}.
  ExpressionPtr parse_unary(bool with_filters);

 private:
  template <typename Node>
  ExpressionPtr make(int line, Node node);

  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concatenation();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_primary();
  ExpressionPtr parse_parenthesis();
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr value);
  ExpressionPtr parse_filters_and_tests(ExpressionPtr value);
  ExpressionPtr parse_filter(ExpressionPtr value);
  ExpressionPtr parse_test(ExpressionPtr value);
  ExpressionPtr parse_subscript(ExpressionPtr object);
  ExpressionPtr parse_binary(ExpressionPtr (ExpressionParser::*operand)(),
                             std::initializer_list<std::string_view> operators);
  std::string parse_dotted_name(std::string_view what);

  TokenStream& stream_;
  int num_expressions_ = 0;
};

}  // namespace temper::text::jinja
