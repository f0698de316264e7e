#include "core/hub/push_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/http/url.h"
#include "core/hub/revision.h"

namespace temper::hub {
namespace {

using http::Idempotency;
using nlohmann::json;

constexpr std::size_t kMaxCommitPages = 5;
/// The Hub's own client asks for so many at once.
constexpr std::size_t kFilesARequest = 256;

constexpr int kConflict = 409;

http::Request json_request(std::string url, const std::string& body, const char* type) {
  http::Request request{.method = "POST", .url = std::move(url)};
  request.headers.set("Content-Type", type);
  request.body = std::as_bytes(std::span(body));
  return request;
}

/// `read` on an answer; one that has another shape is the Hub's failure, not ours.
template <class Read>
auto as_answer(const Question& question, const Read& read) {
  try {
    return read();
  } catch (const json::exception& error) {
    throw HubError(HubError::Kind::kUnavailable,
                   fmt::format("cannot {}: the answer is not as the Hub's API says: {}",
                               question.action, error.what()));
  }
}

ListedCommit listed_commit(const json& item) {
  ListedCommit commit{item.at("id").get<std::string>(), item.value("title", ""),
                      item.value("message", ""), ""};
  const auto authors = item.find("authors");
  if (authors != item.end() && authors->is_array() && !authors->empty()) {
    commit.author = authors->front().value("user", "");
  }
  return commit;
}

UploadMode mode_in(const json& item) {
  if (item.value("shouldIgnore", false)) {
    return UploadMode::kIgnored;
  }
  return item.at("uploadMode") == "lfs" ? UploadMode::kLfs : UploadMode::kRegular;
}

HubLocation place_of(const PushTarget& target, const std::string& origin) {
  check_repository_name(target.repository, origin);
  return {{RepositoryKind::kModel, target.repository}, target.revision, ""};
}

}  // namespace

PushRequests::PushRequests(const HubApi& api, PushTarget target, const std::string& origin)
    : api_(api), target_(std::move(target)), place_(place_of(target_, origin)) {}

Question PushRequests::question() const {
  return {"push to " + place_.url(), place_};
}

std::string PushRequests::path_of(std::string_view verb, std::string_view revision) const {
  return fmt::format("{}/{}/{}", place_.repository.api_path(), verb,
                     http::percent_encode(revision));
}

http::Response PushRequests::post_json(const std::string& path, const std::string& body) const {
  return api_.ask(question(), Idempotency::kAlways,
                  json_request(api_.url(path), body, "application/json"));
}

json PushRequests::get_json(const std::string& path) const {
  const http::Response response =
      api_.ask(question(), Idempotency::kAlways, {.url = api_.url(path)});
  return HubApi::parse(question(), response.body);
}

void PushRequests::create_repository() const {
  const std::string& name = target_.repository;
  const std::size_t slash = name.find('/');
  json asked = {{"name", name.substr(slash == std::string::npos ? 0 : slash + 1)},
                {"type", "model"},
                {"visibility", target_.make_private ? "private" : "public"}};
  if (slash != std::string::npos) {
    asked["organization"] = name.substr(0, slash);
  }
  const Question question{"make the repository " + place_.repository.url(), place_};
  const std::string body = asked.dump();
  const http::Response response =
      api_.ask_any(question, Idempotency::kAlways,
                   json_request(api_.url("/api/repos/create"), body, "application/json"));
  if (!response.ok() && response.status != kConflict) {
    throw api_.failure(question, response);
  }
}

void PushRequests::create_branch() const {
  const Question question{fmt::format("make the branch {}", place_.url()), place_};
  const std::string body = "{}";
  const http::Response response = api_.ask_any(
      question, Idempotency::kAlways,
      json_request(api_.url(path_of("branch", target_.revision)), body, "application/json"));
  if (!response.ok() && response.status != kConflict) {
    throw api_.failure(question, response);
  }
}

std::string PushRequests::head() const {
  return resolve_commit(api_, place_);
}

std::vector<TreeFile> PushRequests::files_at(const std::string& commit,
                                             std::span<const std::string> paths) const {
  std::vector<TreeFile> files;
  for (std::size_t begin = 0; begin < paths.size(); begin += kFilesARequest) {
    const auto some = paths.subspan(begin, std::min(kFilesARequest, paths.size() - begin));
    const json asked = {{"paths", std::vector<std::string>(some.begin(), some.end())},
                        {"expand", false}};
    const http::Response response = post_json(path_of("paths-info", commit), asked.dump());
    for (TreeFile& file : parse_tree_page(question(), response.body)) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

std::vector<ListedCommit> PushRequests::commits_after(const std::string& last,
                                                      const std::string& revision) const {
  std::vector<ListedCommit> commits;
  for (std::size_t page = 0; page < kMaxCommitPages; ++page) {
    const json listed = get_json(fmt::format("{}?p={}", path_of("commits", revision), page));
    const bool found_last = as_answer(question(), [&] {
      for (const json& item : listed) {
        commits.push_back(listed_commit(item));
        if (commits.back().id == last) {
          commits.pop_back();
          return true;
        }
      }
      return listed.empty();
    });
    if (found_last) {
      break;
    }
  }
  return commits;
}

std::vector<std::int64_t> PushRequests::open_pull_requests(const std::string& title) const {
  const json answer =
      get_json(place_.repository.api_path() + "/discussions?type=pull_request&status=open&p=0");
  return as_answer(question(), [&] {
    std::vector<std::int64_t> numbers;
    for (const json& item : answer.at("discussions")) {
      if (item.value("isPullRequest", false) && item.at("title") == title) {
        numbers.push_back(item.at("num").get<std::int64_t>());
      }
    }
    return numbers;
  });
}

std::vector<UploadMode> PushRequests::upload_modes(std::span<const OutboxFile> files,
                                                   std::span<const std::string> samples) const {
  std::vector<UploadMode> modes;
  for (std::size_t begin = 0; begin < files.size(); begin += kFilesARequest) {
    const std::size_t end = std::min(begin + kFilesARequest, files.size());
    json list = json::array();
    for (std::size_t i = begin; i < end; ++i) {
      list.push_back({{"path", files[i].path},
                      {"size", files[i].size_bytes},
                      {"sample", http::base64(samples[i])}});
    }
    const std::string pull_request = target_.create_pr ? "?create_pr=1" : "";
    const json answer =
        HubApi::parse(question(), post_json(path_of("preupload", target_.revision) + pull_request,
                                            json{{"files", std::move(list)}}.dump())
                                      .body);
    as_answer(question(), [&] {
      const json& items = answer.at("files");
      for (std::size_t i = begin; i < end; ++i) {
        const auto found = std::ranges::find_if(
            items, [&](const json& item) { return item.at("path") == files[i].path; });
        // The Hub stores empty files as they are, whatever their name.
        modes.push_back(files[i].size_bytes == 0 ? UploadMode::kRegular
                                                 : mode_in(found == items.end() ? json() : *found));
      }
    });
  }
  return modes;
}

std::vector<LfsUpload> PushRequests::lfs_uploads(std::span<const LfsObject> objects) const {
  std::vector<LfsUpload> uploads;
  for (std::size_t begin = 0; begin < objects.size(); begin += kFilesARequest) {
    const auto some = objects.subspan(begin, std::min(kFilesARequest, objects.size() - begin));
    const std::string body = batch_body(some, target_.revision);
    http::Request request =
        json_request(api_.url(place_.repository.web_path() + ".git/info/lfs/objects/batch"), body,
                     kLfsContentType);
    request.headers.set("Accept", kLfsContentType);
    const http::Response response = api_.ask(question(), Idempotency::kAlways, request);
    for (LfsUpload& upload : parse_batch_answer(response.body, some, "push to " + place_.url())) {
      uploads.push_back(std::move(upload));
    }
  }
  return uploads;
}

http::Response PushRequests::post_commit(const std::string& body) const {
  const std::string pull_request = target_.create_pr ? "?create_pr=1" : "";
  return api_.ask_any(question(), Idempotency::kNever,
                      json_request(api_.url(path_of("commit", target_.revision) + pull_request),
                                   body, "application/x-ndjson"));
}

MadeCommit PushRequests::parse_commit(const http::Response& response) const {
  const json answer = HubApi::parse(question(), response.body);
  return as_answer(question(), [&] {
    return MadeCommit{answer.at("commitOid").get<std::string>(),
                      answer.at("commitUrl").get<std::string>(),
                      answer.value("pullRequestUrl", "")};
  });
}

}  // namespace temper::hub
