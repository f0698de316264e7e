#include "core/recipe/name_pattern.h"

#include <oniguruma.h>

#include <array>

namespace temper::recipe {
namespace {

/// Not safe from several threads at first; a static is.
void initialize_oniguruma() {
  OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
  [[maybe_unused]] static const int status = onig_initialize(encodings, 1);
}

}  // namespace

std::string find_pattern_problem(std::string_view pattern) {
  constexpr std::size_t kLongest = 200;  // longer ones could not be keys of a YAML mapping
  if (pattern.empty()) {
    return "is empty";
  }
  if (pattern.size() > kLongest) {
    return "is longer than 200 bytes";
  }
  const auto* begin = reinterpret_cast<const OnigUChar*>(pattern.data());
  initialize_oniguruma();
  OnigRegex regex = nullptr;
  OnigErrorInfo info = {};
  const int status = onig_new(&regex, begin, begin + pattern.size(), ONIG_OPTION_NONE,
                              ONIG_ENCODING_UTF8, ONIG_SYNTAX_PYTHON, &info);
  onig_free(regex);
  if (status == ONIG_NORMAL) {
    return {};
  }
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> message = {};
  const int length = onig_error_code_to_str(message.data(), status, &info);
  return std::string(reinterpret_cast<const char*>(message.data()),
                     static_cast<std::size_t>(length));
}

}  // namespace temper::recipe
