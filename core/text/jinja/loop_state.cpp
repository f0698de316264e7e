#include "core/text/jinja/loop_state.h"

#include <fmt/format.h>

#include "core/text/jinja/runtime.h"

namespace temper::text::jinja {

std::optional<Value> LoopState::attribute(std::string_view name) const {
  const auto size = static_cast<std::int64_t>(items_.size());
  const auto item = [&](std::int64_t index, const char* missing) {
    return index >= 0 && index < size ? items_[static_cast<std::size_t>(index)]
                                      : Value::undefined(missing);
  };
  if (name == "index") return index0_ + 1;
  if (name == "index0") return index0_;
  if (name == "revindex") return size - index0_;
  if (name == "revindex0") return size - index0_ - 1;
  if (name == "first") return index0_ == 0;
  if (name == "last") return index0_ + 1 == size;
  if (name == "length") return size;
  if (name == "depth") return std::int64_t{1};  // deeper in recursive loops only
  if (name == "depth0") return std::int64_t{0};
  if (name == "previtem") return item(index0_ - 1, "there is no previous item");
  if (name == "nextitem") return item(index0_ + 1, "there is no next item");
  if (name == "cycle") {
    return Function{"cycle", [index = index0_](Runtime&, const Arguments& arguments) {
                      if (arguments.positional.empty()) {
                        throw Failure("no items for cycling given");
                      }
                      const auto count = static_cast<std::int64_t>(arguments.positional.size());
                      return arguments.positional[static_cast<std::size_t>(index % count)];
                    }};
  }
  return std::nullopt;
}

std::string LoopState::text() const {
  return fmt::format("<LoopContext {}/{}>", index0_ + 1, items_.size());
}

}  // namespace temper::text::jinja
