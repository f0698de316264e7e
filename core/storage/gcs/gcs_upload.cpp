// Uploads to GCS (JSON API: "Resumable uploads", "Multipart uploads").
//
//   OPEN  --200-->            SEND from 0       --412--> EXISTS?
//   SEND  --308 Range=0-N-->  SEND from N + 1   (N may be less than was sent; no Range: from 0)
//   SEND  --200-->            VERIFY            --412--> EXISTS?
//   SEND  --408, 429, 5xx, cut--> wait, QUERY   (never again blindly: it may be finished)
//   QUERY --308-->            SEND              --200--> VERIFY    --404, 410--> OPEN again
//
// EXISTS? looks whether the object there is this very upload, whose answer was lost.

#include "core/storage/gcs/gcs_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "core/base/check.h"
#include "core/base/crc32c.h"
#include "core/http/url.h"

namespace temper::storage {
namespace {

using http::Idempotency;
using http::Response;
using Kind = StorageError::Kind;

constexpr int kMaxSessions = 4;
constexpr int kMaxDamagedTransfers = 3;
constexpr int kResumeIncomplete = 308;

/// The service found another checksum than was declared, or stored another.
class DamagedTransfer : public StorageError {
 public:
  explicit DamagedTransfer(const std::string& message) : StorageError(Kind::kCorrupt, message) {}
};

std::string new_attempt_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

/// One upload of one object.
class GcsUpload {
 public:
  GcsUpload(const http::Client& client, const GcsApi& api, const ObjectAddress& object,
            std::span<const std::byte> bytes, std::int64_t if_generation_match,
            const GcsUploadSizes& sizes)
      : client_(client),
        api_(api),
        object_(object),
        bytes_(bytes),
        match_(if_generation_match),
        sizes_(sizes),
        action_("write " + object.url) {}

  std::optional<GcsResource> run() {
    if (bytes_.size() <= sizes_.single_bytes) {
      return run_single();
    }
    // The checksum goes with the last chunk, so it may be made while the first ones are sent.
    crc_ = std::async(std::launch::async, [bytes = bytes_] { return crc32c(bytes); }).share();
    try {
      return run_resumable();
    } catch (...) {
      close_session();
      throw;
    }
  }

 private:
  /// Metadata and bytes in one multipart/related request (RFC 2387).
  std::optional<GcsResource> run_single() {
    const std::uint32_t crc = crc32c(bytes_);
    std::promise<std::uint32_t> ready;
    ready.set_value(crc);
    crc_ = ready.get_future().share();
    const std::string boundary = "temper-" + attempt_;
    std::string body = fmt::format(
        "--{}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{}\r\n"
        "--{}\r\nContent-Type: application/octet-stream\r\n\r\n",
        boundary, metadata(crc), boundary);
    body.append(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
    body += fmt::format("\r\n--{}--\r\n", boundary);
    const http::Request request{
        .method = "POST",
        .url = api_.upload_url("multipart", object_, match_),
        .headers = {{"Content-Type", "multipart/related; boundary=" + boundary}},
        .body = std::as_bytes(std::span(body))};
    return conclude(client_.send(action_, Idempotency::kAlways, request));
  }

  std::optional<GcsResource> run_resumable() {
    for (int session = 1; session <= kMaxSessions; ++session) {
      if (const Response opened = open_session(); opened.status == 412) {
        return find_own();
      }
      const std::optional<Response> last = send_all();
      if (last) {
        std::optional<GcsResource> created = conclude(*last);
        session_.clear();
        return created;
      }
      client_.logger().warning("{}: the upload session is gone; starting over", object_.url);
    }
    throw StorageError(Kind::kUnavailable,
                       fmt::format("cannot {}: the service dropped {} upload sessions; try again "
                                   "later",
                                   action_, kMaxSessions));
  }

  Response open_session() {
    const std::string body = metadata({});
    const http::Request request{
        .method = "POST",
        .url = api_.upload_url("resumable", object_, match_),
        .headers = {{"Content-Type", "application/json; charset=UTF-8"},
                    {"X-Upload-Content-Type", "application/octet-stream"},
                    {"X-Upload-Content-Length", std::to_string(bytes_.size())}},
        .body = std::as_bytes(std::span(body))};
    Response response = client_.send(action_, Idempotency::kAlways, request);
    if (response.status == 412) {
      return response;
    }
    session_ = response.headers.get("Location").value_or("");
    if (!response.ok() || session_.empty()) {
      api_.throw_failure(action_, response);
    }
    return response;
  }

  /// The answer that ends the session; nullopt if the session is gone.
  std::optional<Response> send_all() {
    http::RetryBudget budget = client_.budget(action_);
    std::uint64_t persisted = 0;
    bool ask = false;
    while (true) {
      Response response;
      try {
        response = client_.send_once(ask ? query_request() : chunk_request(persisted));
      } catch (const http::TransportError& error) {
        http::wait_after(error, budget);
        ask = true;
        continue;
      }
      if (client_.judge(response, Idempotency::kAlways) == http::Verdict::kRetry) {
        budget.wait(client_.describe(response), http::retry_after(response));
        ask = true;
        continue;
      }
      if (response.status == 404 || response.status == 410) {
        return std::nullopt;
      }
      if (response.status != kResumeIncomplete) {
        return response;
      }
      const std::uint64_t now = persisted_bytes(response);
      if (now <= persisted && !ask) {
        budget.wait("the service took nothing of what was sent");
      } else if (now > persisted) {
        budget.note_progress();
      }
      persisted = now;
      ask = false;
    }
  }

  http::Request chunk_request(std::uint64_t begin) const {
    const std::uint64_t length = std::min<std::uint64_t>(sizes_.chunk_bytes, bytes_.size() - begin);
    http::Request request{
        .method = "PUT",
        .url = session_,
        .headers = {{"Content-Range",
                     fmt::format("bytes {}-{}/{}", begin, begin + length - 1, bytes_.size())}},
        .body = bytes_.subspan(begin, length)};
    if (begin + length == bytes_.size()) {
      request.headers.set("X-Goog-Hash", "crc32c=" + crc32c_text(crc_.get()));
    }
    return request;
  }

  http::Request query_request() const {
    return {.method = "PUT",
            .url = session_,
            .headers = {{"Content-Range", fmt::format("bytes */{}", bytes_.size())}}};
  }

  std::uint64_t persisted_bytes(const Response& response) const {
    const std::optional<std::string> range = response.headers.get("Range");
    if (!range) {
      return 0;
    }
    const std::size_t dash = range->rfind('-');
    std::uint64_t last = 0;
    if (dash == std::string::npos ||
        std::from_chars(range->data() + dash + 1, range->data() + range->size(), last).ec !=
            std::errc() ||
        last >= bytes_.size()) {
      throw StorageError(Kind::kUnavailable,
                         fmt::format("cannot {}: the service says that it has '{}' of {} bytes",
                                     action_, *range, bytes_.size()));
    }
    return last + 1;
  }

  /// After the last answer of an upload.
  std::optional<GcsResource> conclude(const Response& response) {
    if (response.status == 412) {
      return find_own();
    }
    const std::string why = error_reason(response.body);
    if (response.status == 400 &&
        (why.find("crc32c") != std::string::npos || why.find("CRC32C") != std::string::npos)) {
      throw DamagedTransfer(fmt::format("cannot {}: the bytes arrived damaged: {}", action_, why));
    }
    if (!response.ok()) {
      api_.throw_failure(action_, response);
    }
    GcsResource created = parse_resource(response.body, object_.url);
    const std::uint32_t crc = crc_.get();
    if (created.size_bytes != bytes_.size() || (created.crc32c && *created.crc32c != crc)) {
      remove_damaged(created);
      throw DamagedTransfer(
          fmt::format("cannot {}: {} bytes with crc32c {:08x} arrived as {} bytes with {:08x}",
                      action_, bytes_.size(), crc, created.size_bytes, created.crc32c.value_or(0)));
    }
    return created;
  }

  std::optional<GcsResource> find_own() {
    std::optional<GcsResource> there = fetch_resource(client_, api_, object_);
    const bool own = there && there->attempt == attempt_ && there->size_bytes == bytes_.size() &&
                     (!there->crc32c || *there->crc32c == crc_.get());
    return own ? there : std::nullopt;
  }

  void remove_damaged(const GcsResource& created) const {
    const http::Request request{
        .method = "DELETE",
        .url = api_.object_url(object_) +
               http::query_string({{"ifGenerationMatch", std::to_string(created.generation)}})};
    static_cast<void>(
        client_.send("remove the damaged " + object_.url, Idempotency::kAlways, request));
  }

  /// Nothing that fails here is worth more than the failure that led here: an open session holds no
  /// object and ends by itself after a week.
  void close_session() {
    if (session_.empty()) {
      return;
    }
    try {
      static_cast<void>(client_.send_once({.method = "DELETE", .url = session_, .cleanup = true}));
    } catch (const Error& error) {
      client_.logger().debug("{}: its upload session stays open: {}", object_.url, error.what());
    }
  }

  std::string metadata(std::optional<std::uint32_t> crc) const {
    nlohmann::json json = {{"name", object_.name}, {"metadata", {{"temper-attempt", attempt_}}}};
    if (crc) {
      json["crc32c"] = crc32c_text(*crc);
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  const http::Client& client_;
  const GcsApi& api_;
  const ObjectAddress& object_;
  const std::span<const std::byte> bytes_;
  const std::int64_t match_;
  const GcsUploadSizes& sizes_;
  const std::string action_;
  const std::string attempt_ = new_attempt_id();
  std::shared_future<std::uint32_t> crc_;
  std::string session_;  // a secret URL while one is open
};

}  // namespace

std::optional<GcsResource> fetch_resource(const http::Client& client, const GcsApi& api,
                                          const ObjectAddress& object) {
  const std::string action = "look at " + object.url;
  const Response response =
      client.send(action, Idempotency::kAlways, {.url = api.object_url(object)});
  if (response.status == 404 && !api.is_missing_bucket(response)) {
    return std::nullopt;
  }
  if (!response.ok()) {
    api.throw_failure(action, response);
  }
  return parse_resource(response.body, object.url);
}

std::optional<GcsResource> upload_to_gcs(const http::Client& client, const GcsApi& api,
                                         const ObjectAddress& object,
                                         std::span<const std::byte> bytes,
                                         std::int64_t if_generation_match,
                                         const GcsUploadSizes& sizes) {
  CHECK(sizes.chunk_bytes > 0 && sizes.chunk_bytes % (256U << 10U) == 0, "chunks of {} bytes",
        sizes.chunk_bytes);
  for (int attempt = 1;; ++attempt) {
    try {
      return GcsUpload(client, api, object, bytes, if_generation_match, sizes).run();
    } catch (const DamagedTransfer& error) {
      if (attempt == kMaxDamagedTransfers) {
        throw;
      }
      client.logger().warning("{}; sending it again", error.what());
    }
  }
}

}  // namespace temper::storage
