#include "core/hub/repository_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace temper::hub {
namespace {

constexpr std::string_view kScheme = "hf://";
constexpr std::string_view kDatasets = "datasets/";
constexpr std::string_view kSpaces = "spaces/";
constexpr std::size_t kMaxNameLength = 96;

bool is_name_character(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '-' || letter == '_' || letter == '.';
}

bool is_lower_hex(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
}

/// What is wrong with one side of the '/'; "" if nothing.
std::string problem_of_part(std::string_view part) {
  if (part.empty()) {
    return "a part of it is empty";
  }
  const auto wrong =
      std::find_if_not(part.begin(), part.end(), [](char c) { return is_name_character(c); });
  if (wrong != part.end()) {
    return fmt::format("'{}' may not be in it", *wrong);
  }
  if (part.front() == '-' || part.front() == '.' || part.back() == '-' || part.back() == '.') {
    return "it may not begin or end with '-' or '.'";
  }
  return "";
}

std::string problem_of(std::string_view name) {
  if (name.empty()) {
    return "it is empty";
  }
  if (name.size() > kMaxNameLength) {
    return fmt::format("it has {} characters, {} are allowed", name.size(), kMaxNameLength);
  }
  if (std::count(name.begin(), name.end(), '/') > 1) {
    return "it has more than one '/'";
  }
  const std::size_t slash = name.find('/');
  std::string problem = problem_of_part(name.substr(0, slash));
  if (problem.empty() && slash != std::string_view::npos) {
    problem = problem_of_part(name.substr(slash + 1));
  }
  if (!problem.empty()) {
    return problem;
  }
  if (name.find("--") != std::string_view::npos || name.find("..") != std::string_view::npos) {
    return "it may not have \"--\" or \"..\" in it";
  }
  return name.ends_with(".git") ? "it may not end in \".git\"" : "";
}

/// "a%2Fb" → "a/b"; other escapes stay.
std::string with_slashes(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = text.substr(i, 3);
    if (three == "%2F" || three == "%2f") {
      result += '/';
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// Where in "refs/pr/7/folder" the revision ends.
std::size_t revision_length(std::string_view text) {
  for (const std::string_view special : {"refs/pr/", "refs/convert/"}) {
    if (text.starts_with(special)) {
      return std::min(text.find('/', special.size()), text.size());
    }
  }
  return std::min(text.find('/'), text.size());
}

void check_path(std::string_view path, std::string_view url) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "." || part == ".." || (part.empty() && !path.empty())) {
      throw UserError(fmt::format("{}: '{}' is no path within a repository", url, path));
    }
    begin = end + 1;
  }
}

}  // namespace

std::string RepositoryName::url() const {
  return fmt::format("{}{}{}", kScheme, kind == RepositoryKind::kDataset ? kDatasets : "", name);
}

std::string RepositoryName::api_path() const {
  return (kind == RepositoryKind::kDataset ? "/api/datasets/" : "/api/models/") + name;
}

std::string RepositoryName::web_path() const {
  return (kind == RepositoryKind::kDataset ? "/datasets/" : "/") + name;
}

std::string RepositoryName::cache_folder() const {
  std::string folder = kind == RepositoryKind::kDataset ? "datasets--" : "models--";
  for (const char letter : name) {
    folder += letter == '/' ? "--" : std::string(1, letter);
  }
  return folder;
}

std::string_view RepositoryName::noun() const {
  return kind == RepositoryKind::kDataset ? "data set" : "model";
}

std::string HubLocation::url() const {
  std::string result = repository.url();
  if (!revision.empty()) {
    result += "@";
    const bool is_special = revision_length(revision) == revision.size();
    for (const char letter : revision) {
      result += letter == '/' && !is_special ? "%2F" : std::string(1, letter);
    }
  }
  return path.empty() ? result : result + "/" + path;
}

bool is_repository_name(std::string_view name) {
  return problem_of(name).empty();
}

void check_repository_name(std::string_view name, std::string_view origin) {
  const std::string problem = problem_of(name);
  if (!problem.empty()) {
    throw UserError(fmt::format(
        "{}: '{}' is no name of a repository: {}. A name is like org/name, of letters, digits, "
        "'-', '_' and '.'",
        origin, name, problem));
  }
}

bool is_hub_url(std::string_view location) {
  return location.starts_with(kScheme);
}

HubLocation parse_hub_url(std::string_view url) {
  if (!is_hub_url(url)) {
    throw UserError(fmt::format("{}: a place on the Hub is written hf://org/name", url));
  }
  std::string_view rest = url.substr(kScheme.size());
  HubLocation location;
  if (rest.starts_with(kDatasets)) {
    location.repository.kind = RepositoryKind::kDataset;
    rest.remove_prefix(kDatasets.size());
  } else if (rest.starts_with(kSpaces)) {
    throw UserError(
        fmt::format("{}: spaces hold programs; give a model (hf://org/name) or a data "
                    "set (hf://datasets/org/name)",
                    url));
  }
  while (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  // The name has two parts unless '@' ends it before the first '/'.
  const std::size_t owner_end = std::min(rest.find('/'), rest.size());
  std::size_t name_end = std::min(rest.find('@'), rest.size());
  if (name_end > owner_end) {
    name_end = std::min(name_end, std::min(rest.find('/', owner_end + 1), rest.size()));
  }
  location.repository.name = rest.substr(0, name_end);
  check_repository_name(location.repository.name, url);
  rest.remove_prefix(name_end);
  if (rest.starts_with('@')) {
    rest.remove_prefix(1);
    const std::size_t length = revision_length(rest);
    location.revision = with_slashes(rest.substr(0, length));
    if (location.revision.empty()) {
      throw UserError(fmt::format(
          "{}: no revision follows '@'; give a branch, a tag or a commit, or leave the '@' out",
          url));
    }
    rest.remove_prefix(length);
  }
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
  }
  location.path = rest;
  check_path(location.path, url);
  return location;
}

bool is_commit(std::string_view revision) {
  constexpr std::size_t kDigits = 40;
  return revision.size() == kDigits &&
         std::all_of(revision.begin(), revision.end(), [](char c) { return is_lower_hex(c); });
}

}  // namespace temper::hub
