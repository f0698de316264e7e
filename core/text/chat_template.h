#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace temper::text {

/// A rendered chat, and the byte ranges of it that {% generation %} blocks made.
struct RenderedChat {
  std::string text;
  std::vector<ByteRange> generated;
};

/// A Jinja template as Transformers sets Jinja2 up (trim_blocks, lstrip_blocks, tojson,
/// raise_exception …). Immutable, thread-safe.
class ChatTemplate {
 public:
  /// UserError with `origin`:line for a syntax error or a construct that is not supported.
  ChatTemplate(std::string source, std::string origin);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ChatTemplate(const ChatTemplate&) = delete;
  ChatTemplate& operator=(const ChatTemplate&) = delete;

  /// Renders with the variables of `context` (messages, add_generation_prompt, bos_token …).
  /// UserError with the template's line on raise_exception or a type error; steps are bounded.
  std::string render(const nlohmann::ordered_json& context) const;
  /// The same with the ranges of generation blocks. `now` is what strftime_now prints (UTC);
  /// without it strftime_now is undefined, so that templates fall back to their fixed date.
  RenderedChat render_marked(
      const nlohmann::ordered_json& context,
      std::optional<std::chrono::system_clock::time_point> now = std::nullopt) const;
  /// Whether the template has a {% generation %} block.
  bool marks_generation() const;
  const std::string& source() const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace temper::text
