#include "core/model/module_pattern.h"

#include <fmt/format.h>
#include <oniguruma.h>

#include <array>
#include <mutex>

#include "core/base/error.h"

namespace temper::model {
namespace {

constexpr unsigned long kMostRetries = 1'000'000;

const OnigUChar* as_bytes(std::string_view text) {
  return reinterpret_cast<const OnigUChar*>(text.data());
}

// Oniguruma asks for this once in a program, before it is used by several threads.
void initialize_oniguruma() {
  static std::once_flag once;
  std::call_once(once, [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
  });
}

}  // namespace

struct ModulePattern::Compiled {
  Compiled() = default;
  ~Compiled() { onig_free(regex); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  regex_t* regex = nullptr;
};

ModulePattern ModulePattern::whole_name(const std::string& pattern, const std::string& where) {
  return {"(?:" + pattern + ")\\Z", where};
}

ModulePattern ModulePattern::name_ending(const std::string& pattern, const std::string& where) {
  return {"(.*\\.)?(" + pattern + ")$", where};
}

ModulePattern::ModulePattern(const std::string& text, std::string where)
    : where_(std::move(where)), compiled_(std::make_unique<Compiled>()) {
  initialize_oniguruma();
  OnigErrorInfo error;
  const int status = onig_new(&compiled_->regex, as_bytes(text), as_bytes(text) + text.size(),
                              ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_PYTHON, &error);
  if (status != ONIG_NORMAL) {
    std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> message{};
    onig_error_code_to_str(message.data(), status, &error);
    throw UserError(fmt::format("{}: is no valid regular expression: {}", where_,
                                reinterpret_cast<const char*>(message.data())));
  }
}

ModulePattern::~ModulePattern() = default;
ModulePattern::ModulePattern(ModulePattern&&) noexcept = default;
ModulePattern& ModulePattern::operator=(ModulePattern&&) noexcept = default;

bool ModulePattern::matches(std::string_view name) const {
  const OnigUChar* begin = as_bytes(name);
  const OnigUChar* end = begin + name.size();
  OnigMatchParam* parameters = onig_new_match_param();
  onig_initialize_match_param(parameters);
  onig_set_retry_limit_in_match_of_match_param(parameters, kMostRetries);
  const int status = onig_match_with_param(compiled_->regex, begin, end, begin, nullptr,
                                           ONIG_OPTION_NONE, parameters);
  onig_free_match_param(parameters);
  if (status >= 0) {
    return true;
  }
  if (status != ONIG_MISMATCH) {
    throw UserError(
        fmt::format("{}: the regular expression takes too many steps on '{}'; make it "
                    "simpler",
                    where_, name));
  }
  return false;
}

}  // namespace temper::model
