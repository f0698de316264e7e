#include "core/hub/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/http/url.h"
#include "core/hub/hub_service.h"

namespace temper::hub {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxPages = 10'000;
constexpr std::size_t kSha256Digits = 64;

[[noreturn]] void fail(const Question& question, std::string_view problem) {
  throw HubError(HubError::Kind::kUnavailable,
                 fmt::format("cannot {}: the answer is not as the Hub's API says: {}",
                             question.action, problem));
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Paths become names of files here, so none may lead out of its folder.
bool is_safe_path(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return false;
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

bool is_sha256(std::string_view text) {
  return text.size() == kSha256Digits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::uint64_t size_of(const Json& object, const Question& question) {
  const auto found = object.find("size");
  if (found == object.end() || !found->is_number_unsigned()) {
    fail(question, "a file has no size");
  }
  return found->get<std::uint64_t>();
}

TreeFile file_of(const Json& entry, const Question& question) {
  TreeFile file;
  file.path = text_of(entry, "path");
  file.size_bytes = size_of(entry, question);
  file.git_oid = text_of(entry, "oid");
  if (!is_safe_path(file.path)) {
    fail(question, fmt::format("'{}' is no path within a repository", file.path));
  }
  if (!is_commit(file.git_oid)) {
    fail(question, fmt::format("the oid of '{}' is '{}'", file.path, file.git_oid));
  }
  if (const auto lfs = entry.find("lfs"); lfs != entry.end() && lfs->is_object()) {
    file.sha256 = text_of(*lfs, "oid");
    file.size_bytes = size_of(*lfs, question);
    if (!is_sha256(file.sha256)) {
      fail(question, fmt::format("the LFS oid of '{}' is '{}'", file.path, file.sha256));
    }
    file.xet_hash = text_of(entry, "xetHash");
  }
  return file;
}

}  // namespace

std::vector<TreeFile> parse_tree_page(const Question& question, std::string_view body) {
  const Json page = HubApi::parse(question, body);
  if (!page.is_array()) {
    fail(question, "no list of files");
  }
  std::vector<TreeFile> files;
  for (const Json& entry : page) {
    if (!entry.is_object()) {
      fail(question, "an entry is no object");
    }
    if (text_of(entry, "type") == "file") {
      files.push_back(file_of(entry, question));
    }
  }
  return files;
}

std::string next_page(const http::Headers& headers) {
  const std::string links = headers.joined("Link");
  for (std::size_t begin = links.find('<'); begin != std::string::npos;
       begin = links.find('<', begin + 1)) {
    const std::size_t end = links.find('>', begin);
    if (end == std::string::npos) {
      break;
    }
    const std::string parameters = links.substr(end + 1, links.find('<', end) - end - 1);
    if (parameters.find("rel=\"next\"") != std::string::npos) {
      return links.substr(begin + 1, end - begin - 1);
    }
  }
  return "";
}

std::vector<TreeFile> list_tree(const HubApi& api, const HubLocation& location, bool recursive) {
  const Question question{"list " + location.url(), location};
  std::string path =
      location.repository.api_path() + "/tree/" + http::percent_encode(location.revision_or_main());
  if (!location.path.empty()) {
    path += "/" + http::percent_encode(location.path, true);
  }
  std::string url = api.url(path + (recursive ? "?recursive=true" : ""));
  const std::string origin = origin_of(url);
  std::vector<TreeFile> files;
  for (std::size_t page = 0; !url.empty(); ++page) {
    // A page elsewhere would have to be asked for without the token.
    if (page == kMaxPages || origin_of(url) != origin) {
      fail(question, fmt::format("its pages do not end, or go on at {}", http::host_of(url)));
    }
    http::Request request;
    request.url = url;
    const http::Response response = api.ask(question, http::Idempotency::kAlways, request);
    const std::vector<TreeFile> more = parse_tree_page(question, response.body);
    files.insert(files.end(), more.begin(), more.end());
    url = next_page(response.headers);
    if (url.starts_with('/')) {
      url = api.url(url);
    }
  }
  std::sort(files.begin(), files.end(),
            [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; });
  return files;
}

TreeFile find_file(const HubApi& api, const HubLocation& location) {
  HubLocation folder = location;
  const std::size_t slash = location.path.rfind('/');
  folder.path = slash == std::string::npos ? "" : location.path.substr(0, slash);
  for (TreeFile& file : list_tree(api, folder, false)) {
    if (file.path == location.path) {
      return std::move(file);
    }
  }
  throw HubError(HubError::Kind::kNoEntry,
                 fmt::format("cannot read {}: there is no such file; {}{}/tree/{} shows what there "
                             "is",
                             location.url(), api.settings().endpoint,
                             location.repository.web_path(), location.revision_or_main()));
}

}  // namespace temper::hub
