#include "core/storage/credentials/aws_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/storage/credentials/plain_client.h"

namespace temper::storage {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) {
    return "";
  }
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return result;
}

/// Sections of the file that `variable` names, else of ~/.aws/<name>; none if it is not there.
std::map<std::string, AwsProfile> load_file(const Environment& environment, const char* variable,
                                            const char* name) {
  std::filesystem::path path = environment.get(variable).value_or("");
  if (path.empty()) {
    path = std::filesystem::path(environment.get("HOME").value_or("/")) / ".aws" / name;
  }
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return {};
  }
  return parse_aws_file(read_credential_file(path.string(), "settings for AWS"), path.string());
}

}  // namespace

std::map<std::string, AwsProfile> parse_aws_file(std::string_view text, const std::string& origin) {
  std::map<std::string, AwsProfile> sections;
  AwsProfile* section = nullptr;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    const std::string_view line = trimmed(whole);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      continue;
    }
    if (line.front() == '[') {
      if (line.back() != ']') {
        throw UserError(fmt::format("{}:{}: a section without its ']'", origin, number));
      }
      section = &sections[std::string(trimmed(line.substr(1, line.size() - 2)))];
      continue;
    }
    const bool is_nested = whole.front() == ' ' || whole.front() == '\t';
    if (is_nested) {
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || section == nullptr) {
      // Not the line itself: it may be a secret.
      throw UserError(fmt::format("{}:{}: neither a [section] nor name = value", origin, number));
    }
    (*section)[lower(trimmed(line.substr(0, equals)))] = trimmed(line.substr(equals + 1));
  }
  return sections;
}

std::string aws_profile_name(const Environment& environment) {
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (auto name = environment.get(variable); name && !name->empty()) {
      return *name;
    }
  }
  return "default";
}

AwsProfile load_aws_profile(const Environment& environment) {
  const std::string name = aws_profile_name(environment);
  auto config = load_file(environment, "AWS_CONFIG_FILE", "config");
  auto credentials = load_file(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const std::string section = config.contains("profile " + name) ? "profile " + name : name;
  if (name != "default" && !config.contains(section) && !credentials.contains(name)) {
    throw UserError(fmt::format(
        "AWS_PROFILE is '{}', but neither ~/.aws/config nor ~/.aws/credentials has that profile",
        name));
  }
  AwsProfile profile = credentials[name];
  profile.merge(config[section]);
  return profile;
}

}  // namespace temper::storage
