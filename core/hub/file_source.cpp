// The way to a file's bytes. The endpoint answers with the bytes (mirrors), with a relative
// redirect (small files) or with a redirect to a CDN whose URL is signed for some minutes (LFS
// files). Where it led is remembered, so that each part of a large file costs one request; when a
// CDN refuses a URL, it has probably expired, and the endpoint is asked for another.

#include "core/hub/file_source.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "core/http/url.h"
#include "core/hub/hub_service.h"

namespace temper::hub {
namespace {

using Kind = HubError::Kind;

constexpr int kMaxRedirects = 8;
constexpr int kMaxStarts = 5;

/// Refusals of a signed URL that another one would not get.
bool may_have_expired(int status) {
  return status == 400 || status == 401 || status == 403 || status == 404 || status == 410;
}

struct ContentRange {
  std::uint64_t begin = 0;
  std::uint64_t total = 0;
};

/// "bytes 100-199/1234".
std::optional<ContentRange> content_range_of(const http::Headers& headers) {
  const std::string text = headers.get("Content-Range").value_or("");
  const std::size_t slash = text.find('/');
  constexpr std::string_view kUnit = "bytes ";
  ContentRange range;
  if (!text.starts_with(kUnit) || slash == std::string::npos) {
    return std::nullopt;
  }
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data() + kUnit.size(), end, range.begin).ec != std::errc() ||
      std::from_chars(text.data() + slash + 1, end, range.total).ec != std::errc()) {
    return std::nullopt;
  }
  return range;
}

}  // namespace

FileSource::FileSource(const HubApi& api, HubLocation place, std::uint64_t size_bytes)
    : api_(api),
      place_(std::move(place)),
      size_bytes_(size_bytes),
      url_(place_.url()),
      first_(api.url(fmt::format("{}/resolve/{}/{}", place_.repository.web_path(),
                                 http::percent_encode(place_.revision_or_main()),
                                 http::percent_encode(place_.path, true)))),
      target_{first_} {}

FileSource::Target FileSource::target() {
  const std::lock_guard lock(mutex_);
  return target_;
}

void FileSource::set_target(const Target& from, const http::Response& redirect) {
  const std::string location = redirect.headers.get("Location").value_or("");
  const std::string next = redirect_target(from.url, location);
  if (next.empty() || from.num_redirects == kMaxRedirects) {
    throw HubError(Kind::kRefused,
                   fmt::format("cannot read {}: {} redirects {}", url_, http::host_of(from.url),
                               next.empty() ? "to nowhere, or from https to http" : "in a circle"));
  }
  const std::lock_guard lock(mutex_);
  if (target_.url == from.url) {
    target_ = {next, from.num_redirects + 1};
  }
}

bool FileSource::start_over(const Target& failed) {
  const std::lock_guard lock(mutex_);
  if (target_.url != failed.url) {
    return true;  // another reader did
  }
  if (origin_of(failed.url) == origin_of(first_) || num_starts_ == kMaxStarts) {
    return false;
  }
  ++num_starts_;
  target_ = {first_};
  return true;
}

void FileSource::locate() {
  const Question question{"read " + url_, place_};
  while (true) {
    const Target now = target();
    if (origin_of(now.url) != origin_of(first_)) {
      return;
    }
    http::Request request;
    request.method = "HEAD";
    request.url = now.url;
    request.headers.set("Accept-Encoding", "identity");
    const http::Response response = api_.ask_any(question, http::Idempotency::kAlways, request);
    if (!is_redirect(response.status)) {
      if (!response.ok()) {
        throw api_.failure(question, response);
      }
      return;
    }
    set_target(now, response);
  }
}

http::Response FileSource::send(const Target& target, std::uint64_t begin,
                                std::span<std::byte> out) const {
  http::Request request;
  request.url = target.url;
  request.headers.set("Accept-Encoding", "identity");
  if (begin != 0 || out.size() != size_bytes_) {
    request.headers.set("Range", fmt::format("bytes={}-{}", begin, begin + out.size() - 1));
  }
  request.into = out;
  return api_.client().send_once(request);
}

/// Throws unless a 2xx answer holds the bytes from `begin`, no more than `length`.
void FileSource::check(const http::Response& response, std::uint64_t begin,
                       std::uint64_t length) const {
  if (response.status == 200) {
    if (begin != 0 || length != size_bytes_) {
      throw HubError(Kind::kRefused,
                     fmt::format("cannot read {}: the server sends whole files only, no ranges; "
                                 "set HF_ENDPOINT to another",
                                 url_));
    }
    return;
  }
  const std::optional<ContentRange> range = content_range_of(response.headers);
  if (response.status != 206 || !range || range->begin != begin || range->total != size_bytes_) {
    throw HubError(Kind::kDamaged,
                   fmt::format("cannot read {}: asked for {} bytes from byte {} of {}, the answer "
                               "is HTTP status {} with '{}'; try again, or another HF_ENDPOINT",
                               url_, length, begin, size_bytes_, response.status,
                               response.headers.get("Content-Range").value_or("")));
  }
}

void FileSource::read(std::uint64_t begin, std::span<std::byte> out) {
  try {
    read_all(begin, out);
  } catch (const RetryableError& error) {
    throw HubError(Kind::kUnavailable, error.what());
  }
}

void FileSource::read_all(std::uint64_t begin, std::span<std::byte> out) {
  http::RetryBudget budget = api_.client().budget("read " + url_);
  std::uint64_t done = 0;
  while (done < out.size()) {
    const Target now = target();
    const std::span<std::byte> rest = out.subspan(done);
    try {
      const http::Response response = send(now, begin + done, rest);
      if (is_redirect(response.status)) {
        set_target(now, response);
      } else if (response.ok()) {
        check(response, begin + done, rest.size());
        done += response.num_into;
        if (response.num_into == 0) {
          budget.wait("an empty answer");
        } else {
          budget.note_progress();
        }
      } else if (api_.client().judge(response, http::Idempotency::kAlways) ==
                 http::Verdict::kRetry) {
        budget.wait(api_.client().describe(response), api_.client().retry_after(response));
      } else if (!may_have_expired(response.status) || !start_over(now)) {
        throw api_.failure({"read " + url_, place_}, response);
      }
    } catch (const http::TransportError& error) {
      const http::Response& partial = error.partial();
      if (partial.ok() && partial.num_into > 0) {
        check(partial, begin + done, rest.size());
        done += partial.num_into;
        budget.note_progress();
      }
      http::wait_after(error, budget);
    }
  }
}

}  // namespace temper::hub
