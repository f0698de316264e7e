// Uploads to S3 (Amazon S3 API: PutObject, CreateMultipartUpload, UploadPart,
// CompleteMultipartUpload, AbortMultipartUpload).
//
// Small objects go in one PUT. Large ones go in parts, several at once; the object appears when
// Complete succeeds. Complete is where answers are ambiguous: 404 or 412 may mean that an earlier
// try, whose answer got lost, did it. Then HEAD tells by our attempt id.

#include "core/storage/s3/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <random>
#include <utility>
#include <vector>

#include "core/base/crc32c.h"
#include "core/http/url.h"
#include "core/storage/cloud/parallel.h"
#include "core/storage/gcs/gcs_resource.h"
#include "core/storage/s3/s3_xml.h"

namespace temper::storage {
namespace {

using http::Idempotency;
using http::Response;
using Kind = StorageError::Kind;

constexpr std::uint64_t kMaxParts = 10'000;
constexpr int kMaxConflicts = 8;
constexpr int kMaxAborts = 3;
constexpr const char* kAttemptHeader = "x-amz-meta-temper-attempt";

std::string new_attempt_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

/// What became of an upload.
enum class Outcome { kDone, kExists, kConflict };

/// One upload of one object.
class S3Upload {
 public:
  S3Upload(const http::Client& client, const S3Api& api, const ObjectAddress& object,
           std::span<const std::byte> bytes, bool only_if_absent, const S3UploadOptions& options)
      : client_(client),
        api_(api),
        object_(object),
        bytes_(bytes),
        only_if_absent_(only_if_absent),
        options_(options),
        action_("write " + object.url) {}

  Outcome run() {
    if (bytes_.size() <= options_.single_bytes) {
      return run_single();
    }
    if (only_if_absent_ && head_object(client_, api_, object_)) {
      return Outcome::kExists;  // before the bytes travel
    }
    create();
    try {
      upload_parts();
      return complete();
    } catch (...) {
      abort();
      throw;
    }
  }

 private:
  Outcome run_single() {
    http::Request request{.method = "PUT", .url = api_.object_url(object_), .body = bytes_};
    request.headers.set(kAttemptHeader, attempt_);
    add_checksum(request, crc32c(bytes_));
    add_condition(request);
    const Response response = client_.send(action_, Idempotency::kAlways, request);
    if (response.status == 412) {
      return own_or_exists();
    }
    if (!response.ok()) {
      api_.throw_failure(action_, response);
    }
    return Outcome::kDone;
  }

  void create() {
    http::Request request{.method = "POST", .url = api_.object_url(object_) + "?uploads="};
    request.headers.set(kAttemptHeader, attempt_);
    if (options_.checksums) {
      request.headers.set("x-amz-checksum-algorithm", "CRC32C");
      request.headers.set("x-amz-checksum-type", "FULL_OBJECT");
    }
    // A repeated create leaves an upload without parts behind at worst: it costs nothing.
    const Response response = client_.send(action_, Idempotency::kAlways, request);
    if (!response.ok()) {
      api_.throw_failure(action_, response);
    }
    upload_id_ = parse_upload_id(response.body, action_);
  }

  void upload_parts() {
    auto whole_crc = std::async(std::launch::async, [bytes = bytes_] { return crc32c(bytes); });
    const std::uint64_t part_bytes =
        std::max(options_.part_bytes, (bytes_.size() + kMaxParts - 1) / kMaxParts);
    parts_.resize((bytes_.size() + part_bytes - 1) / part_bytes);
    run_parallel(parts_.size(), [&](std::size_t index) {
      const std::uint64_t begin = index * part_bytes;
      upload_part(
          index, bytes_.subspan(begin, std::min<std::uint64_t>(part_bytes, bytes_.size() - begin)));
    });
    crc_ = whole_crc.get();
  }

  void upload_part(std::size_t index, std::span<const std::byte> part) {
    http::Request request{.method = "PUT",
                          .url = api_.object_url(object_) +
                                 http::query_string({{"partNumber", std::to_string(index + 1)},
                                                     {"uploadId", upload_id_}}),
                          .body = part};
    const std::uint32_t crc = crc32c(part);
    add_checksum(request, crc);
    const Response response = client_.send(action_, Idempotency::kAlways, request);
    const std::string etag = response.headers.get("ETag").value_or("");
    if (!response.ok() || etag.empty()) {
      api_.throw_failure(action_, response);
    }
    parts_[index] = {etag, options_.checksums ? crc32c_text(crc) : ""};
  }

  Outcome complete() {
    const std::string body = complete_body(parts_);
    http::Request request{
        .method = "POST",
        .url = api_.object_url(object_) + http::query_string({{"uploadId", upload_id_}}),
        .headers = {{"Content-Type", "application/xml"}},
        .body = std::as_bytes(std::span(body))};
    if (options_.checksums) {
      request.headers.set("x-amz-checksum-crc32c", crc32c_text(crc_));
      request.headers.set("x-amz-checksum-type", "FULL_OBJECT");
    }
    add_condition(request);
    const Response response = client_.send(action_, Idempotency::kAlways, request);
    const S3Error error = parse_s3_error(response.body);
    if (response.ok() && error.code.empty()) {
      return Outcome::kDone;
    }
    if (response.status == 412 || response.status == 404) {
      const Outcome outcome = own_or_exists();
      if (outcome != Outcome::kDone) {
        abort();
      }
      return outcome;
    }
    api_.throw_failure(action_, response);
  }

  /// After an answer that may follow our own success. kConflict: there is nothing.
  Outcome own_or_exists() {
    const std::optional<S3Object> there = head_object(client_, api_, object_);
    if (!there) {
      return Outcome::kConflict;
    }
    return there->attempt == attempt_ ? Outcome::kDone : Outcome::kExists;
  }

  /// Parts of an upload that never ends are billed; so it is tried a few times, whatever happened.
  void abort() {
    for (int attempt = 0; attempt < kMaxAborts && !upload_id_.empty(); ++attempt) {
      try {
        const Response response = client_.send_once(
            {.method = "DELETE",
             .url = api_.object_url(object_) + http::query_string({{"uploadId", upload_id_}}),
             .cleanup = true});
        if (response.ok() || response.status == 404) {
          upload_id_.clear();
        }
      } catch (const Error& error) {
        client_.logger().debug("{}: its upload is not taken back yet: {}", object_.url,
                               error.what());
      }
    }
    if (!upload_id_.empty()) {
      client_.logger().warning(
          "{}: parts of an unfinished upload stay in the bucket; a lifecycle rule "
          "(AbortIncompleteMultipartUpload) removes such",
          object_.url);
    }
  }

  void add_condition(http::Request& request) const {
    if (only_if_absent_) {
      request.headers.set("If-None-Match", "*");
    }
  }

  void add_checksum(http::Request& request, std::uint32_t crc) const {
    if (options_.checksums) {
      request.headers.set("x-amz-sdk-checksum-algorithm", "CRC32C");
      request.headers.set("x-amz-checksum-crc32c", crc32c_text(crc));
    }
  }

  const http::Client& client_;
  const S3Api& api_;
  const ObjectAddress& object_;
  const std::span<const std::byte> bytes_;
  const bool only_if_absent_;
  const S3UploadOptions& options_;
  const std::string action_;
  const std::string attempt_ = new_attempt_id();
  std::string upload_id_;
  std::vector<S3Part> parts_;
  std::uint32_t crc_ = 0;
};

std::optional<std::uint32_t> full_crc32c(const http::Headers& headers) {
  const bool is_composite =
      headers.get("x-amz-checksum-type").value_or("FULL_OBJECT") != "FULL_OBJECT";
  // Composite ones end in "-<number of parts>", which is no base64 of four bytes.
  return is_composite ? std::nullopt
                      : parse_crc32c_text(headers.get("x-amz-checksum-crc32c").value_or(""));
}

}  // namespace

std::optional<S3Object> head_object(const http::Client& client, const S3Api& api,
                                    const ObjectAddress& object) {
  const std::string action = "look at " + object.url;
  const Response response = client.send(action, Idempotency::kAlways,
                                        {.method = "HEAD",
                                         .url = api.object_url(object),
                                         .headers = {{"x-amz-checksum-mode", "ENABLED"}}});
  if (response.status == 404) {
    return std::nullopt;
  }
  const std::string length = response.headers.get("Content-Length").value_or("");
  S3Object found;
  if (!response.ok() ||
      std::from_chars(length.data(), length.data() + length.size(), found.state.size_bytes).ec !=
          std::errc()) {
    api.throw_failure(action, response);
  }
  found.state.crc32c = full_crc32c(response.headers);
  found.state.version = api.version_of(response.headers);
  found.attempt = response.headers.get(kAttemptHeader).value_or("");
  return found;
}

bool upload_to_s3(const http::Client& client, const S3Api& api, const ObjectAddress& object,
                  std::span<const std::byte> bytes, bool only_if_absent,
                  const S3UploadOptions& options) {
  for (int conflict = 0; conflict < kMaxConflicts; ++conflict) {
    const Outcome outcome = S3Upload(client, api, object, bytes, only_if_absent, options).run();
    if (outcome != Outcome::kConflict) {
      return outcome == Outcome::kDone;
    }
  }
  throw StorageError(Kind::kUnavailable, object.url +
                                             ": others create and delete it all the time; "
                                             "try again later");
}

}  // namespace temper::storage
