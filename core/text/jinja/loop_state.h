#pragma once

#include <string>

#include "core/text/jinja/value.h"

namespace temper::text::jinja {

/// The variable `loop` inside {% for %} (jinja2/runtime.py, LoopContext).
class LoopState final : public Object {
 public:
  explicit LoopState(List items) : items_(std::move(items)) {}

  const List& items() const { return items_; }
  void go_to(std::int64_t index0) { index0_ = index0; }

  std::optional<Value> attribute(std::string_view name) const override;
  std::string text() const override;
  void clear() override { items_.clear(); }

 private:
  List items_;
  std::int64_t index0_ = 0;
};

}  // namespace temper::text::jinja
