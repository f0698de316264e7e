#include <fmt/format.h>

#include "core/text/jinja/evaluation_scope.h"
#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/formatting.h"

namespace temper::text::jinja {

Value Evaluator::evaluate(const Expression& expression) {
  const Level level(this);
  line_ = expression.line;
  charge(1);
  return std::visit([this](const auto& node) { return evaluate(node); }, expression.node);
}

Value Evaluator::evaluate(const NameExpression& node) {
  for (const Scope* scope = scope_.get(); scope != nullptr; scope = scope->parent.get()) {
    const auto found = scope->values.find(node.name);
    if (found != scope->values.end()) return found->second;
  }
  if (auto global = find_global(*this, node.name)) return *global;
  return Value::undefined(fmt::format("'{}' is undefined", node.name));
}

Value Evaluator::evaluate(const ListExpression& node) {
  List items;
  items.reserve(node.items.size());
  for (const ExpressionPtr& item : node.items) items.push_back(evaluate(*item));
  if (node.is_tuple) return Tuple{std::move(items)};
  return items;
}

Value Evaluator::evaluate(const DictExpression& node) {
  Dict dict;
  for (const auto& [key, value] : node.items) {
    Value name = evaluate(*key);
    if (name.depth() > 0 && !name.is_tuple()) {
      throw Failure(fmt::format("unhashable type: '{}'", name.type_name()));
    }
    dict.set(std::move(name), evaluate(*value));
  }
  return dict;
}

Value Evaluator::evaluate(const AttributeExpression& node) {
  return attribute_of(evaluate(*node.object), node.name);
}

Value Evaluator::evaluate(const SubscriptExpression& node) {
  const Value object = evaluate(*node.object);
  return subscript_of(object, evaluate(*node.index));
}

Value Evaluator::evaluate(const SliceExpression& node) {
  const Value object = evaluate(*node.object);
  const auto part = [&](const ExpressionPtr& expression) {
    return expression == nullptr ? Value() : evaluate(*expression);
  };
  const Value begin = part(node.begin);
  const Value end = part(node.end);
  const Value step = part(node.step);
  charge(object.length().value_or(0));
  return slice_of(object, &begin, &end, &step);
}

Arguments Evaluator::evaluate(const CallArguments& arguments) {
  Arguments values;
  for (const ExpressionPtr& argument : arguments.positional) {
    values.positional.push_back(evaluate(*argument));
  }
  for (const auto& [name, argument] : arguments.named) {
    values.named.emplace_back(name, evaluate(*argument));
  }
  return values;
}

Value Evaluator::call(const Value& function, const Arguments& arguments) {
  function.require_defined();
  const Function* target = function.as_function();
  if (target == nullptr) {
    throw Failure(fmt::format("'{}' object is not callable", function.type_name()));
  }
  return target->call(*this, arguments);
}

Value Evaluator::evaluate(const CallExpression& node) {
  const Value function = evaluate(*node.function);
  return call(function, evaluate(node.arguments));
}

Value Evaluator::filter(const FilterExpression& node, const Value& value) {
  return apply_filter(*this, node.name, value, evaluate(node.arguments));
}

Value Evaluator::evaluate(const FilterExpression& node) {
  return filter(node, evaluate(*node.value));
}

Value Evaluator::evaluate(const TestExpression& node) {
  const Value value = evaluate(*node.value);
  return apply_test(*this, node.name, value, evaluate(node.arguments)) != node.negated;
}

Value Evaluator::evaluate(const UnaryExpression& node) {
  const Value value = evaluate(*node.value);
  if (node.op == UnaryExpression::Operator::kNot) return !value.truthy();
  value.require_defined();
  if (!value.is_number()) {
    throw Failure(fmt::format("bad operand type for unary operator: '{}'", value.type_name()));
  }
  const bool minus = node.op == UnaryExpression::Operator::kMinus;
  if (const auto integer = value.as_integer()) {
    return minus ? calculate(*this, "-", std::int64_t{0}, *integer) : Value(*integer);
  }
  return minus ? -*value.as_number() : *value.as_number();
}

Value Evaluator::evaluate(const BinaryExpression& node) {
  const Value left = evaluate(*node.left);
  if (node.op == "and") return left.truthy() ? evaluate(*node.right) : left;
  if (node.op == "or") return left.truthy() ? left : evaluate(*node.right);
  return calculate(*this, node.op, left, evaluate(*node.right));
}

Value Evaluator::evaluate(const ConcatenateExpression& node) {
  std::string text;
  for (const ExpressionPtr& item : node.items) {
    text += to_text(evaluate(*item));
    check_size(text.size());
  }
  return text;
}

namespace {

bool compare(const std::string& op, const Value& left, const Value& right) {
  if (op == "==") return equals(left, right);
  if (op == "!=") return !equals(left, right);
  if (op == "in") return contains(right, left);
  if (op == "not in") return !contains(right, left);
  if (op == "<") return less(left, right);
  if (op == ">") return less(right, left);
  if (op == "<=") return less(left, right) || equals(left, right);
  return less(right, left) || equals(left, right);
}

}  // namespace

// a < b < c is a < b and b < c, with b evaluated once.
Value Evaluator::evaluate(const CompareExpression& node) {
  Value left = evaluate(*node.first);
  for (const auto& [op, expression] : node.rest) {
    Value right = evaluate(*expression);
    charge(right.length().value_or(0) / 16);
    if (!compare(op, left, right)) return false;
    left = std::move(right);
  }
  return true;
}

Value Evaluator::evaluate(const ConditionalExpression& node) {
  if (evaluate(*node.condition).truthy()) return evaluate(*node.then);
  if (node.otherwise != nullptr) return evaluate(*node.otherwise);
  return Value::undefined("the condition is false and there is no else");
}

}  // namespace temper::text::jinja
