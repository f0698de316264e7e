// Statements. Expressions are in expression_evaluator.cpp.
#include "core/text/jinja/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/text/jinja/evaluation_scope.h"
#include "core/text/jinja/formatting.h"
#include "core/text/jinja/loop_state.h"

namespace temper::text::jinja {

Evaluator::Evaluator(const Value& context, std::optional<std::chrono::system_clock::time_point> now,
                     const Limits& limits)
    : now_(now), limits_(limits), scope_(std::make_shared<Scope>()) {
  if (const Dict* values = context.as_dict()) {
    for (const auto& [name, value] : values->items()) {
      scope_->values.emplace(to_text(name), value);
    }
  }
  scope_ = std::make_shared<Scope>(Scope{scope_, {}});
}

Evaluator::~Evaluator() {
  for (const auto& object : tracked_) object->clear();
}

std::string Evaluator::run(const Body& body) {
  std::string page;
  page_ = output_ = &page;
  execute(body);
  page_ = output_ = nullptr;
  return page;
}

void Evaluator::charge(std::int64_t steps) {
  steps_ += steps;
  if (steps_ > limits_.steps) {
    throw Failure(
        fmt::format("the template takes more than {} steps; does it end?", limits_.steps));
  }
}

void Evaluator::check_size(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(limits_.output_bytes)) {
    throw Failure(fmt::format("a text of more than {} bytes", limits_.output_bytes));
  }
  charge(static_cast<std::int64_t>(bytes / 64));
}

void Evaluator::write(std::string_view text) {
  check_size(output_->size() + text.size());
  *output_ += text;
}

Evaluator::Flow Evaluator::execute(const Body& body) {
  const Level level(this);
  for (const Statement& statement : body) {
    line_ = statement.line;
    charge(1);
    const Flow flow =
        std::visit([this](const auto& node) { return execute(node); }, statement.node);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Evaluator::Flow Evaluator::execute(const TextStatement& node) {
  write(node.text);
  return Flow::kNext;
}

Evaluator::Flow Evaluator::execute(const OutputStatement& node) {
  write(to_text(evaluate(*node.value)));
  return Flow::kNext;
}

Evaluator::Flow Evaluator::execute(const IfStatement& node) {
  for (const auto& [condition, body] : node.branches) {
    if (evaluate(*condition).truthy()) return execute(body);
  }
  return execute(node.otherwise);
}

// The items, without those that the loop's own `if` refuses.
List Evaluator::loop_items(const ForStatement& node) {
  List items = evaluate(*node.items).iterate();
  charge(static_cast<std::int64_t>(items.size()));
  if (node.filter == nullptr) return items;
  List kept;
  const Inner inner(this);
  for (Value& item : items) {
    assign(node.target, item);
    if (evaluate(*node.filter).truthy()) kept.push_back(std::move(item));
  }
  return kept;
}

Evaluator::Flow Evaluator::execute(const ForStatement& node) {
  const auto loop = std::make_shared<LoopState>(loop_items(node));
  track(loop);
  const auto count = static_cast<std::int64_t>(loop->items().size());
  for (std::int64_t i = 0; i < count; ++i) {
    const Inner inner(this);
    loop->go_to(i);
    scope_->values["loop"] = std::static_pointer_cast<Object>(loop);
    assign(node.target, loop->items()[static_cast<std::size_t>(i)]);
    if (execute(node.body) == Flow::kBreak) break;
  }
  if (count == 0) {
    const Inner inner(this);
    return execute(node.otherwise);
  }
  return Flow::kNext;
}

void Evaluator::assign(const Target& target, const Value& value) {
  if (target.unpack.empty()) {
    if (target.attribute.empty()) {
      scope_->values.insert_or_assign(target.name, value);
      return;
    }
    const Value object = evaluate(NameExpression{target.name});
    object.require_defined();
    if (object.as_object() == nullptr) {
      throw Failure("cannot assign attribute on non-namespace object");
    }
    object.as_object()->set_attribute(target.attribute, value);
    return;
  }
  const List items = value.iterate();
  if (items.size() != target.unpack.size()) {
    throw Failure(
        fmt::format("expected {} values to unpack, got {}", target.unpack.size(), items.size()));
  }
  for (std::size_t i = 0; i < items.size(); ++i) assign(target.unpack[i], items[i]);
}

Evaluator::Flow Evaluator::execute(const SetStatement& node) {
  assign(node.target, evaluate(*node.value));
  return Flow::kNext;
}

std::string Evaluator::capture(const Body& body) {
  const Inner inner(this);
  const Capture captured(this);
  execute(body);
  return captured.text();
}

Evaluator::Flow Evaluator::execute(const BlockSetStatement& node) {
  Value value = capture(node.body);
  for (const ExpressionPtr& step : node.filters) {
    value = filter(std::get<FilterExpression>(step->node), value);
  }
  assign(node.target, value);
  return Flow::kNext;
}

Evaluator::Flow Evaluator::execute(const FilterStatement& node) {
  Value value = capture(node.body);
  for (const ExpressionPtr& step : node.filters) {
    value = filter(std::get<FilterExpression>(step->node), value);
  }
  write(to_text(value));
  return Flow::kNext;
}

Value Evaluator::make_macro(const MacroStatement& node) {
  // Weak: the scope holds the macro.
  return Function{
      node.name,
      [this, &node, scope = std::weak_ptr<Scope>(scope_)](Runtime&,
                                                          const Arguments& arguments) -> Value {
        const auto alive = scope.lock();
        if (alive == nullptr) {
          throw Failure(fmt::format("the macro '{}' has outlived its block", node.name));
        }
        return run_macro(node, alive, arguments);
      }};
}

Evaluator::Flow Evaluator::execute(const MacroStatement& node) {
  scope_->values.insert_or_assign(node.name, make_macro(node));
  return Flow::kNext;
}

std::string Evaluator::run_macro(const MacroStatement& node, const std::shared_ptr<Scope>& scope,
                                 const Arguments& arguments) {
  const Level level(this);
  const Inner inner(this, scope);
  const Capture captured(this);
  Arguments given = arguments;
  for (std::size_t i = 0; i < node.parameters.size(); ++i) {
    const MacroParameter& parameter = node.parameters[i];
    const auto named = std::find_if(given.named.begin(), given.named.end(),
                                    [&](const auto& pair) { return pair.first == parameter.name; });
    Value value = Value::undefined(fmt::format("parameter '{}' was not provided", parameter.name));
    if (i < given.positional.size()) {
      if (named != given.named.end()) {
        throw Failure(fmt::format("macro '{}' got multiple values for argument '{}'", node.name,
                                  parameter.name));
      }
      value = given.positional[i];
    } else if (named != given.named.end()) {
      value = named->second;
      given.named.erase(named);
    } else if (parameter.absent != nullptr) {
      value = evaluate(*parameter.absent);
    }
    scope_->values.insert_or_assign(parameter.name, std::move(value));
  }
  for (const auto& [name, value] : given.named) {
    if (name != "caller") {
      throw Failure(fmt::format("macro '{}' takes no keyword argument '{}'", node.name, name));
    }
    scope_->values.insert_or_assign(name, value);
  }
  if (given.positional.size() > node.parameters.size()) {
    throw Failure(fmt::format("macro '{}' takes not more than {} argument(s)", node.name,
                              node.parameters.size()));
  }
  execute(node.body);
  return captured.text();
}

Evaluator::Flow Evaluator::execute(const CallStatement& node) {
  const auto& target = std::get<CallExpression>(node.call->node);
  const Value function = evaluate(*target.function);
  Arguments arguments = evaluate(target.arguments);
  arguments.named.emplace_back("caller", make_macro(node.caller));
  write(to_text(call(function, arguments)));
  return Flow::kNext;
}

Evaluator::Flow Evaluator::execute(const WithStatement& node) {
  std::vector<Value> values;
  for (const auto& [target, value] : node.assignments) values.push_back(evaluate(*value));
  const Inner inner(this);
  for (std::size_t i = 0; i < values.size(); ++i) assign(node.assignments[i].first, values[i]);
  return execute(node.body);
}

Evaluator::Flow Evaluator::execute(const GenerationStatement& node) {
  if (output_ != page_) {
    throw Failure(
        "a generation block inside a macro, call, filter or set block can't be placed "
        "in the output");
  }
  const Inner inner(this);
  const auto begin = static_cast<std::uint32_t>(page_->size());
  execute(node.body);
  generated_.push_back({begin, static_cast<std::uint32_t>(page_->size())});
  return Flow::kNext;
}

}  // namespace temper::text::jinja
