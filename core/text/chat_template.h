#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace temper::text {

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
  const std::string& source() const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace temper::text
