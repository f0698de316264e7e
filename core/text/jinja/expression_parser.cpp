#include "core/text/jinja/expression_parser.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <utility>

namespace temper::text::jinja {
namespace {

// Far beyond any real template; bounds the recursion that frees a long chain of operators.
constexpr int kMaxExpressions = 10'000;

}  // namespace

template <typename Node>
ExpressionPtr ExpressionParser::make(int line, Node node) {
  if (++num_expressions_ > kMaxExpressions) {
    stream_.fail(fmt::format("a template may hold {} expressions at most", kMaxExpressions));
  }
  auto expression = std::make_unique<Expression>();
  expression->line = line;
  expression->node = std::move(node);
  return expression;
}

ExpressionPtr ExpressionParser::parse_expression() {
  const TokenStream::Level level(&stream_);
  const int line = stream_.current().line;
  ExpressionPtr value = parse_or();
  while (stream_.take_name("if")) {
    ConditionalExpression node;
    node.then = std::move(value);
    node.condition = parse_or();
    if (stream_.take_name("else")) node.otherwise = parse_expression();
    value = make(line, std::move(node));
  }
  return value;
}

ExpressionPtr ExpressionParser::parse_tuple(bool with_conditional) {
  const int line = stream_.current().line;
  const auto parse_one = [&] { return with_conditional ? parse_expression() : parse_or(); };
  ExpressionPtr first = parse_one();
  if (!stream_.at_operator(",")) return first;
  ListExpression tuple;
  tuple.is_tuple = true;
  tuple.items.push_back(std::move(first));
  while (stream_.take_operator(",")) {
    if (stream_.at(TokenKind::kVariableEnd) || stream_.at(TokenKind::kBlockEnd) ||
        stream_.at_operator(")")) {
      break;
    }
    tuple.items.push_back(parse_one());
  }
  return make(line, std::move(tuple));
}

ExpressionPtr ExpressionParser::parse_or() {
  const int line = stream_.current().line;
  ExpressionPtr left = parse_and();
  while (stream_.take_name("or")) {
    left = make(line, BinaryExpression{"or", std::move(left), parse_and()});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_and() {
  const int line = stream_.current().line;
  ExpressionPtr left = parse_not();
  while (stream_.take_name("and")) {
    left = make(line, BinaryExpression{"and", std::move(left), parse_not()});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  const TokenStream::Level level(&stream_);
  const int line = stream_.current().line;
  if (stream_.take_name("not")) {
    return make(line, UnaryExpression{UnaryExpression::Operator::kNot, parse_not()});
  }
  return parse_compare();
}

ExpressionPtr ExpressionParser::parse_compare() {
  const int line = stream_.current().line;
  CompareExpression node;
  node.first = parse_sum();
  while (true) {
    std::string op;
    for (const std::string_view candidate : {"==", "!=", "<", "<=", ">", ">="}) {
      if (stream_.at_operator(candidate)) op = candidate;
    }
    if (stream_.at_name("in")) {
      op = "in";
    } else if (stream_.at_name("not") && stream_.ahead().kind == TokenKind::kName &&
               stream_.ahead().text == "in") {
      stream_.take();
      op = "not in";
    }
    if (op.empty()) break;
    stream_.take();
    node.rest.emplace_back(op, parse_sum());
  }
  if (node.rest.empty()) return std::move(node.first);
  return make(line, std::move(node));
}

ExpressionPtr ExpressionParser::parse_binary(ExpressionPtr (ExpressionParser::*operand)(),
                                             std::initializer_list<std::string_view> operators) {
  const int line = stream_.current().line;
  ExpressionPtr left = (this->*operand)();
  while (true) {
    std::string op;
    for (const std::string_view candidate : operators) {
      if (stream_.at_operator(candidate)) op = candidate;
    }
    if (op.empty()) return left;
    stream_.take();
    left = make(line, BinaryExpression{op, std::move(left), (this->*operand)()});
  }
}

ExpressionPtr ExpressionParser::parse_sum() {
  return parse_binary(&ExpressionParser::parse_concatenation, {"+", "-"});
}

ExpressionPtr ExpressionParser::parse_concatenation() {
  const int line = stream_.current().line;
  ExpressionPtr first = parse_product();
  if (!stream_.at_operator("~")) return first;
  ConcatenateExpression node;
  node.items.push_back(std::move(first));
  while (stream_.take_operator("~")) node.items.push_back(parse_product());
  return make(line, std::move(node));
}

ExpressionPtr ExpressionParser::parse_product() {
  return parse_binary(&ExpressionParser::parse_power, {"*", "/", "//", "%"});
}

ExpressionPtr ExpressionParser::parse_power() {
  const int line = stream_.current().line;
  ExpressionPtr left = parse_unary(true);
  while (stream_.take_operator("**")) {
    left = make(line, BinaryExpression{"**", std::move(left), parse_unary(true)});
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(bool with_filters) {
  const TokenStream::Level level(&stream_);
  const int line = stream_.current().line;
  ExpressionPtr value;
  if (stream_.take_operator("-")) {
    value = make(line, UnaryExpression{UnaryExpression::Operator::kMinus, parse_unary(false)});
  } else if (stream_.take_operator("+")) {
    value = make(line, UnaryExpression{UnaryExpression::Operator::kPlus, parse_unary(false)});
  } else {
    value = parse_primary();
  }
  value = parse_postfix(std::move(value));
  return with_filters ? parse_filters_and_tests(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const int line = stream_.current().line;
  if (stream_.at_operator("(")) return parse_parenthesis();
  if (stream_.at_operator("[")) return parse_list();
  if (stream_.at_operator("{")) return parse_dict();
  const Token token = stream_.current();
  switch (token.kind) {
    case TokenKind::kName: {
      stream_.take();
      if (token.text == "true" || token.text == "True") return make(line, Literal{true});
      if (token.text == "false" || token.text == "False") return make(line, Literal{false});
      if (token.text == "none" || token.text == "None") return make(line, Literal{None{}});
      return make(line, NameExpression{token.text});
    }
    case TokenKind::kString: {
      std::string text;
      while (stream_.at(TokenKind::kString)) text += stream_.take().text;
      return make(line, Literal{Value(std::move(text))});
    }
    case TokenKind::kInteger: {
      std::int64_t integer = 0;
      const char* end = token.text.data() + token.text.size();
      if (std::from_chars(token.text.data(), end, integer).ec != std::errc()) {
        stream_.fail(fmt::format("the integer {} does not fit 64 bits", token.text));
      }
      stream_.take();
      return make(line, Literal{integer});
    }
    case TokenKind::kFloat:
      stream_.take();
      return make(line, Literal{std::strtod(token.text.c_str(), nullptr)});
    default:
      stream_.expect(TokenKind::kName, "an expression");
      return nullptr;  // not reached: expect() has thrown
  }
}

ExpressionPtr ExpressionParser::parse_parenthesis() {
  const int line = stream_.current().line;
  stream_.expect_operator("(");
  if (stream_.take_operator(")")) {
    ListExpression empty;
    empty.is_tuple = true;
    return make(line, std::move(empty));
  }
  ExpressionPtr value = parse_tuple(true);
  stream_.expect_operator(")");
  return value;
}

ExpressionPtr ExpressionParser::parse_list() {
  const int line = stream_.current().line;
  stream_.expect_operator("[");
  ListExpression list;
  while (!stream_.at_operator("]")) {
    if (!list.items.empty()) stream_.expect_operator(",");
    if (stream_.at_operator("]")) break;
    list.items.push_back(parse_expression());
  }
  stream_.expect_operator("]");
  return make(line, std::move(list));
}

ExpressionPtr ExpressionParser::parse_dict() {
  const int line = stream_.current().line;
  stream_.expect_operator("{");
  DictExpression dict;
  while (!stream_.at_operator("}")) {
    if (!dict.items.empty()) stream_.expect_operator(",");
    if (stream_.at_operator("}")) break;
    ExpressionPtr key = parse_expression();
    stream_.expect_operator(":");
    dict.items.emplace_back(std::move(key), parse_expression());
  }
  stream_.expect_operator("}");
  return make(line, std::move(dict));
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr value) {
  while (true) {
    const int line = stream_.current().line;
    if (stream_.take_operator(".")) {
      if (stream_.at(TokenKind::kInteger)) {
        const Value index(std::int64_t{std::atoll(stream_.take().text.c_str())});
        value = make(line, SubscriptExpression{std::move(value), make(line, Literal{index})});
      } else {
        std::string name = stream_.expect(TokenKind::kName, "a name behind '.'").text;
        value = make(line, AttributeExpression{std::move(value), std::move(name)});
      }
    } else if (stream_.at_operator("[")) {
      value = parse_subscript(std::move(value));
    } else if (stream_.at_operator("(")) {
      CallArguments arguments = parse_call_arguments();
      value = make(line, CallExpression{std::move(value), std::move(arguments)});
    } else {
      return value;
    }
  }
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr object) {
  const int line = stream_.current().line;
  stream_.expect_operator("[");
  ExpressionPtr parts[3];
  std::size_t count = 0;
  const auto parse_part = [&] {
    if (!stream_.at_operator(":") && !stream_.at_operator("]")) parts[count] = parse_expression();
  };
  parse_part();
  while (stream_.at_operator(":") && count < 2) {
    stream_.take();
    ++count;
    parse_part();
  }
  stream_.expect_operator("]");
  if (count > 0) {
    return make(line, SliceExpression{std::move(object), std::move(parts[0]), std::move(parts[1]),
                                      std::move(parts[2])});
  }
  if (parts[0] == nullptr) stream_.fail("expected an index between [ and ]");
  return make(line, SubscriptExpression{std::move(object), std::move(parts[0])});
}

CallArguments ExpressionParser::parse_call_arguments() {
  CallArguments arguments;
  stream_.expect_operator("(");
  bool first = true;
  while (!stream_.at_operator(")")) {
    if (!first) stream_.expect_operator(",");
    first = false;
    if (stream_.at_operator(")")) break;
    if (stream_.at_operator("*") || stream_.at_operator("**")) {
      stream_.fail("unpacking arguments with * or ** is not supported");
    }
    if (stream_.at(TokenKind::kName) && stream_.ahead().kind == TokenKind::kOperator &&
        stream_.ahead().text == "=") {
      std::string name = stream_.take().text;
      stream_.take();
      arguments.named.emplace_back(std::move(name), parse_expression());
      continue;
    }
    if (!arguments.named.empty()) stream_.fail("a positional argument behind a named one");
    arguments.positional.push_back(parse_expression());
  }
  stream_.expect_operator(")");
  return arguments;
}

ExpressionPtr ExpressionParser::parse_filters_and_tests(ExpressionPtr value) {
  while (true) {
    const int line = stream_.current().line;
    if (stream_.take_operator("|")) {
      value = parse_filter(std::move(value));
    } else if (stream_.take_name("is")) {
      value = parse_test(std::move(value));
    } else if (stream_.at_operator("(")) {
      CallArguments arguments = parse_call_arguments();
      value = make(line, CallExpression{std::move(value), std::move(arguments)});
    } else {
      return value;
    }
  }
}

std::string ExpressionParser::parse_dotted_name(std::string_view what) {
  std::string name = stream_.expect(TokenKind::kName, what).text;
  while (stream_.take_operator(".")) name += "." + stream_.expect(TokenKind::kName, what).text;
  return name;
}

ExpressionPtr ExpressionParser::parse_filter(ExpressionPtr value) {
  FilterExpression node;
  const int line = stream_.current().line;
  node.value = std::move(value);
  node.name = parse_dotted_name("the name of a filter");
  if (stream_.at_operator("(")) node.arguments = parse_call_arguments();
  return make(line, std::move(node));
}

std::vector<ExpressionPtr> ExpressionParser::parse_filters() {
  std::vector<ExpressionPtr> filters;
  do {
    filters.push_back(parse_filter(nullptr));
  } while (stream_.take_operator("|"));
  return filters;
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr value) {
  TestExpression node;
  const int line = stream_.current().line;
  node.negated = stream_.take_name("not");
  node.value = std::move(value);
  node.name = parse_dotted_name("the name of a test");
  const Token& next = stream_.current();
  const bool is_operand = next.kind == TokenKind::kString || next.kind == TokenKind::kInteger ||
                          next.kind == TokenKind::kFloat || stream_.at_operator("[") ||
                          stream_.at_operator("{") ||
                          (next.kind == TokenKind::kName && next.text != "else" &&
                           next.text != "or" && next.text != "and");
  if (stream_.at_operator("(")) {
    node.arguments = parse_call_arguments();
  } else if (is_operand) {
    if (stream_.at_name("is")) stream_.fail("tests can't be chained with is");
    node.arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  return make(line, std::move(node));
}

}  // namespace temper::text::jinja
