#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/text/jinja/value.h"

namespace temper::text::jinja {

/// The parsed template: plain data, read-only once built. Lines are for errors.
struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct CallArguments {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
};

struct Literal {
  Value value;
};
struct NameExpression {
  std::string name;
};
struct ListExpression {
  std::vector<ExpressionPtr> items;
  bool is_tuple = false;
};
struct DictExpression {
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> items;
};
struct AttributeExpression {
  ExpressionPtr object;
  std::string name;
};
struct SubscriptExpression {
  ExpressionPtr object;
  ExpressionPtr index;
};
struct SliceExpression {
  ExpressionPtr object;
  ExpressionPtr begin, end, step;  // nullptr: left out
};
struct CallExpression {
  ExpressionPtr function;
  CallArguments arguments;
};
struct FilterExpression {
  ExpressionPtr value;  // nullptr in a filter block or block set: its body
  std::string name;
  CallArguments arguments;
};
struct TestExpression {
  ExpressionPtr value;
  std::string name;
  CallArguments arguments;
  bool negated = false;
};
struct UnaryExpression {
  enum class Operator { kNot, kMinus, kPlus } op;
  ExpressionPtr value;
};
struct BinaryExpression {
  std::string op;  // + - * / // % ** and or
  ExpressionPtr left, right;
};
struct ConcatenateExpression {
  std::vector<ExpressionPtr> items;
};
struct CompareExpression {
  ExpressionPtr first;
  std::vector<std::pair<std::string, ExpressionPtr>> rest;  // == != < <= > >= in "not in"
};
struct ConditionalExpression {
  ExpressionPtr condition, then, otherwise;  // otherwise: nullptr if left out
};

struct Expression {
  int line = 0;
  std::variant<Literal, NameExpression, ListExpression, DictExpression, AttributeExpression,
               SubscriptExpression, SliceExpression, CallExpression, FilterExpression,
               TestExpression, UnaryExpression, BinaryExpression, ConcatenateExpression,
               CompareExpression, ConditionalExpression>
      node;
};

struct Statement;
using Body = std::vector<Statement>;

/// What `for` and `set` assign to: one name, a namespace's attribute, or several to unpack.
struct Target {
  std::string name;
  std::string attribute;       // not empty: name.attribute
  std::vector<Target> unpack;  // not empty: (a, b)
};

struct OutputStatement {
  ExpressionPtr value;
};
struct TextStatement {
  std::string text;
};
struct IfStatement {
  std::vector<std::pair<ExpressionPtr, Body>> branches;
  Body otherwise;
};
struct ForStatement {
  Target target;
  ExpressionPtr items;
  ExpressionPtr filter;  // nullptr: none
  Body body, otherwise;
};
struct SetStatement {
  Target target;
  ExpressionPtr value;
};
struct BlockSetStatement {
  Target target;
  std::vector<ExpressionPtr> filters;  // FilterExpressions without a value, applied in order
  Body body;
};
struct FilterStatement {
  std::vector<ExpressionPtr> filters;
  Body body;
};
struct MacroParameter {
  std::string name;
  ExpressionPtr absent;  // its default; nullptr: none
};
struct MacroStatement {
  std::string name;
  std::vector<MacroParameter> parameters;
  Body body;
};
struct CallStatement {
  MacroStatement caller;
  ExpressionPtr call;
};
struct WithStatement {
  std::vector<std::pair<Target, ExpressionPtr>> assignments;
  Body body;
};
struct GenerationStatement {
  Body body;
};
struct BreakStatement {};
struct ContinueStatement {};

struct Statement {
  int line = 0;
  std::variant<OutputStatement, TextStatement, IfStatement, ForStatement, SetStatement,
               BlockSetStatement, FilterStatement, MacroStatement, CallStatement, WithStatement,
               GenerationStatement, BreakStatement, ContinueStatement>
      node;
};

}  // namespace temper::text::jinja
