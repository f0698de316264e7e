#include "launcher/backends/kubernetes/manifest_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace temper::launch {
namespace {

using Json = nlohmann::ordered_json;

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// YAML 1.1 and 1.2 take these for no text.
bool is_a_word_of_yaml(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 9> kWords = {"true", "false", "yes", "no", "on",
                                                      "off",  "null",  "y",   "n"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

std::string scalar(const Json& value) {
  if (!value.is_string()) {
    return value.dump();
  }
  const auto& text = value.get_ref<const std::string&>();
  const bool plain =
      !text.empty() && is_letter(text.front()) && !is_a_word_of_yaml(text) &&
      std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || std::string_view("-_./").find(c) != std::string_view::npos;
      });
  return plain ? text : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_block(const Json& value) {
  return value.is_structured() && !value.empty();
}

void write(std::string& out, const Json& value, std::size_t indent);

/// What follows "key:" or, `in_list`, "-".
void write_member(std::string& out, const Json& value, std::size_t indent, bool in_list) {
  if (!is_block(value)) {
    out += " " + scalar(value) + "\n";
  } else if (in_list && value.is_object()) {  // its first key stands behind the dash
    std::string block;
    write(block, value, indent);
    out += " " + block.substr(indent);
  } else {
    out += "\n";
    write(out, value, indent);
  }
}

void write(std::string& out, const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (value.is_array()) {
    for (const Json& item : value) {
      out += margin + "-";
      write_member(out, item, indent + 2, true);
    }
    return;
  }
  for (const auto& [key, member] : value.items()) {
    out += margin + scalar(Json(key)) + ":";
    write_member(out, member, indent + (member.is_array() ? 0 : 2), false);
  }
}

}  // namespace

std::string to_yaml(const nlohmann::ordered_json& object) {
  std::string text;
  write(text, object, 0);
  return text;
}

}  // namespace temper::launch
