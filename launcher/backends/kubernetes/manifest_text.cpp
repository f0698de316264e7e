#include "launcher/backends/kubernetes/manifest_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "core/base/hash.h"

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

std::string job_name(const std::string& run_id) {
  constexpr std::size_t kLongest = 40;
  constexpr std::size_t kHashDigits = 6;
  std::string name;
  for (const char c : run_id) {
    name += is_letter_or_digit(c) ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                                  : '-';
  }
  if (name.empty() || !is_letter(name.front())) {
    name = "r-" + name;
  }
  if (name == run_id && name.size() <= kLongest && name.back() != '-') {
    return name;
  }
  // What was changed or cut is told apart by a hash; the id at the end stays readable.
  const std::string hash = sha256_hex(run_id).substr(0, kHashDigits);
  constexpr std::size_t kIdLetters = 9;  // "-" and the id
  const std::string id = name.substr(name.size() - std::min(name.size(), kIdLetters));
  std::string changed = name.substr(0, kLongest - kHashDigits - 1 - kIdLetters) + "-" + hash +
                        (id.front() == '-' ? id : "-" + id.substr(1));
  while (changed.back() == '-') {  // stops at the hash
    changed.pop_back();
  }
  return changed;
}

}  // namespace temper::launch
