#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/text/jinja/runtime.h"
#include "core/text/jinja/syntax.h"
#include "core/text/tokenizer.h"

namespace temper::text::jinja {

/// Names and values; a look-up goes outwards, an assignment stays.
struct Scope {
  std::shared_ptr<Scope> parent;
  std::map<std::string, Value, std::less<>> values;
};

/// Runs one template once.
class Evaluator final : public Runtime {
 public:
  Evaluator(const Value& context, std::optional<std::chrono::system_clock::time_point> now,
            const Limits& limits);
  ~Evaluator() override;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// Failure; line() says where.
  std::string run(const Body& body);
  int line() const { return line_; }
  /// The byte ranges of the output that {% generation %} blocks made.
  std::vector<ByteRange> take_generated() { return std::move(generated_); }

  void charge(std::int64_t steps) override;
  void check_size(std::size_t bytes) override;
  std::optional<std::chrono::system_clock::time_point> now() const override { return now_; }
  void track(std::shared_ptr<Object> object) override { tracked_.push_back(std::move(object)); }

 private:
  enum class Flow { kNext, kBreak, kContinue };
  class Level;
  class Inner;
  class Capture;

  Flow execute(const Body& body);
  Flow execute(const OutputStatement& node);
  Flow execute(const TextStatement& node);
  Flow execute(const IfStatement& node);
  Flow execute(const ForStatement& node);
  Flow execute(const SetStatement& node);
  Flow execute(const BlockSetStatement& node);
  Flow execute(const FilterStatement& node);
  Flow execute(const MacroStatement& node);
  Flow execute(const CallStatement& node);
  Flow execute(const WithStatement& node);
  Flow execute(const GenerationStatement& node);
  Flow execute(const BreakStatement&) { return Flow::kBreak; }
  Flow execute(const ContinueStatement&) { return Flow::kContinue; }

  Value evaluate(const Expression& expression);
  Value evaluate(const Literal& node) { return node.value; }
  Value evaluate(const NameExpression& node);
  Value evaluate(const ListExpression& node);
  Value evaluate(const DictExpression& node);
  Value evaluate(const AttributeExpression& node);
  Value evaluate(const SubscriptExpression& node);
  Value evaluate(const SliceExpression& node);
  Value evaluate(const CallExpression& node);
  Value evaluate(const FilterExpression& node);
  Value evaluate(const TestExpression& node);
  Value evaluate(const UnaryExpression& node);
  Value evaluate(const BinaryExpression& node);
  Value evaluate(const ConcatenateExpression& node);
  Value evaluate(const CompareExpression& node);
  Value evaluate(const ConditionalExpression& node);

  Arguments evaluate(const CallArguments& arguments);
  Value call(const Value& function, const Arguments& arguments);
  Value filter(const FilterExpression& node, const Value& value);
  Value make_macro(const MacroStatement& node);
  std::string run_macro(const MacroStatement& node, const std::shared_ptr<Scope>& scope,
                        const Arguments& arguments);
  List loop_items(const ForStatement& node);
  std::string capture(const Body& body);
  void assign(const Target& target, const Value& value);
  void write(std::string_view text);

  std::optional<std::chrono::system_clock::time_point> now_;
  Limits limits_;
  std::int64_t steps_ = 0;
  int depth_ = 0;
  int line_ = 0;
  std::shared_ptr<Scope> scope_;
  std::string* output_ = nullptr;
  std::string* page_ = nullptr;  // the output of the whole template
  std::vector<ByteRange> generated_;
  std::vector<std::shared_ptr<Object>> tracked_;
};

}  // namespace temper::text::jinja
