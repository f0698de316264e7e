#include "core/hub/lfs_upload.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/http/url.h"
#include "core/storage/cloud/parallel.h"

namespace temper::hub {
namespace {

using Kind = HubError::Kind;

/// How often new URLs are asked for when the old ones are refused.
constexpr int kMaxRounds = 3;
/// A try that took longer than this does not use up the patience of the retries, so often: a large
/// part on a slow line may break after minutes.
constexpr std::chrono::seconds kLongTry{30};
constexpr int kMaxLongTries = 5;

/// One PUT: a whole object or a part of one.
struct Piece {
  std::size_t upload = 0;  ///< index
  std::size_t part = 0;    ///< index
  std::string url;
  http::Headers headers;
  std::span<const std::byte> bytes;
};

/// The store refused a URL that the Hub had given: it has run out, most of the time.
class UploadRefused : public RetryableError {
 public:
  using RetryableError::RetryableError;
};

/// A server that is not the Hub: what it says is told, what it wants to be retried is.
http::Response send_patiently(const PushRequests& requests, const http::Request& request) {
  const http::Client& client = requests.api().client();
  http::RetryBudget waits = client.budget("upload to " + requests.place().url());
  for (int long_tries = 0;;) {
    const auto begin = client.clock().steady_now();
    std::string problem;
    std::optional<std::chrono::seconds> at_least;
    try {
      http::Response response = client.send_once(request);
      if (client.judge(response, http::Idempotency::kAlways) != http::Verdict::kRetry) {
        return response;
      }
      problem = client.describe(response);
      at_least = client.retry_after(response);
    } catch (const http::TransportError& error) {
      if (error.kind() == http::TransportError::Kind::kTrust ||
          error.kind() == http::TransportError::Kind::kCancelled) {
        http::wait_after(error, waits);
      }
      problem = error.what();
    }
    if (client.clock().steady_now() - begin > kLongTry && ++long_tries <= kMaxLongTries) {
      waits.note_progress();
    }
    waits.wait(problem, at_least);
  }
}

http::Response send_upload(const PushRequests& requests, const http::Request& request) {
  http::Response response = send_patiently(requests, request);
  if (!response.ok()) {
    throw UploadRefused(fmt::format("cannot push to {}: the upload to {} was refused: {}",
                                    requests.place().url(), http::host_of(request.url),
                                    requests.api().client().describe(response)));
  }
  return response;
}

void refuse_what_is_too_large(const PushRequests& requests, std::span<const LfsUpload> uploads) {
  for (const LfsUpload& upload : uploads) {
    if (!upload.refusal.empty()) {
      const bool too_large = upload.refusal.find("(413)") != std::string::npos;
      throw HubError(
          too_large ? Kind::kTooLarge : Kind::kRefused,
          fmt::format("cannot push to {}: the Hub does not take a file of {} bytes: {}. {}",
                      requests.place().url(), upload.object.size_bytes, upload.refusal,
                      too_large ? "Push an adapter instead of a merged model, or ask for a larger "
                                  "quota"
                                : "Look at the repository's settings and quota"));
    }
  }
}

std::vector<Piece> pieces_of(std::span<const LfsUpload> uploads,
                             std::span<const LfsContent> contents) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < uploads.size(); ++i) {
    const LfsUpload& upload = uploads[i];
    const std::span<const std::byte> bytes = contents[i].bytes;
    if (upload.basic) {
      pieces.push_back({i, 0, upload.basic->url, upload.basic->headers, bytes});
    }
    for (std::size_t part = 0; part < upload.part_urls.size(); ++part) {
      const std::size_t begin = part * upload.part_bytes;
      const std::size_t count = std::min<std::size_t>(upload.part_bytes, bytes.size() - begin);
      pieces.push_back({i, part, upload.part_urls[part], {}, bytes.subspan(begin, count)});
    }
  }
  return pieces;
}

void post(const PushRequests& requests, const LfsAction& action, const std::string& body) {
  http::Request request{.method = "POST", .url = action.url, .headers = action.headers};
  request.headers.set("Accept", kLfsContentType);
  request.headers.set("Content-Type", kLfsContentType);
  request.body = std::as_bytes(std::span(body));
  send_upload(requests, request);
}

/// One round: all that the Hub says is missing.
void upload_missing(const PushRequests& requests, std::span<const LfsContent> contents,
                    const std::function<void(std::uint64_t)>& bytes_done) {
  std::vector<LfsObject> objects;
  for (const LfsContent& content : contents) {
    objects.push_back(content.object);
  }
  const std::vector<LfsUpload> uploads = requests.lfs_uploads(objects);
  refuse_what_is_too_large(requests, uploads);
  const std::vector<Piece> pieces = pieces_of(uploads, contents);
  std::vector<std::vector<std::string>> etags(uploads.size());
  for (std::size_t i = 0; i < uploads.size(); ++i) {
    etags[i].resize(uploads[i].part_urls.size());
  }
  storage::run_parallel(pieces.size(), [&](std::size_t index) {
    const Piece& piece = pieces[index];
    http::Request request{.method = "PUT", .url = piece.url, .headers = piece.headers};
    request.body = piece.bytes;
    const http::Response response = send_upload(requests, request);
    if (!etags[piece.upload].empty()) {
      etags[piece.upload][piece.part] = response.headers.get("ETag").value_or("");
    }
    if (bytes_done) {
      bytes_done(piece.bytes.size());
    }
  });
  storage::run_parallel(uploads.size(), [&](std::size_t index) {
    const LfsUpload& upload = uploads[index];
    if (upload.completion) {
      post(requests, *upload.completion, parts_body(upload.object, etags[index]));
    }
    if (upload.verify) {
      post(requests, *upload.verify, verify_body(upload.object));
    }
  });
}

}  // namespace

void upload_to_lfs(const PushRequests& requests, std::span<const LfsContent> contents,
                   const std::function<void(std::uint64_t)>& bytes_done) {
  for (int round = 1; !contents.empty(); ++round) {
    try {
      upload_missing(requests, contents, bytes_done);
      return;
    } catch (const UploadRefused& error) {
      if (round == kMaxRounds) {
        throw;
      }
      requests.api().client().logger().warning("{}; asking for new URLs", error.what());
    }
  }
}

}  // namespace temper::hub
