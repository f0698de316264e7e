#include "core/text/chat_template.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "core/text/jinja/evaluator.h"
#include "core/text/jinja/parser.h"

namespace temper::text {
namespace {

constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 20;

}  // namespace

struct ChatTemplate::Program {
  std::string source;
  std::string origin;
  jinja::Body body;
  bool has_generation = false;
};

ChatTemplate::ChatTemplate(std::string source, std::string origin) {
  if (source.size() > kMaxSourceBytes) {
    throw UserError(fmt::format("{}: a chat template of {} bytes; the limit is {}", origin,
                                source.size(), kMaxSourceBytes));
  }
  auto program = std::make_unique<Program>();
  program->source = std::move(source);
  program->origin = std::move(origin);
  program->body = jinja::parse(program->source, program->origin, &program->has_generation);
  program_ = std::move(program);
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const nlohmann::ordered_json& context) const {
  return render_marked(context).text;
}

RenderedChat ChatTemplate::render_marked(
    const nlohmann::ordered_json& context,
    std::optional<std::chrono::system_clock::time_point> now) const {
  int line = 1;
  try {
    jinja::Evaluator evaluator(jinja::Value::from_json(context), now, jinja::Limits{});
    try {
      RenderedChat chat;
      chat.text = evaluator.run(program_->body);
      chat.generated = evaluator.take_generated();
      return chat;
    } catch (const jinja::Failure&) {
      line = evaluator.line();
      throw;
    }
  } catch (const jinja::Failure& failure) {
    throw UserError(fmt::format("{}:{}: {}", program_->origin, line, failure.what()));
  }
}

bool ChatTemplate::marks_generation() const {
  return program_->has_generation;
}
const std::string& ChatTemplate::source() const {
  return program_->source;
}

}  // namespace temper::text
