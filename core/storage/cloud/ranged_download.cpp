// Downloads by range.
//
// One connection rarely fills a network, so a large range is cut into parts that a few threads
// fetch. Each part remembers how far it came: after a cut it asks for the rest only. All parts are
// pinned to the version that the first answer named, so bytes of two versions never mix.

#include "core/storage/cloud/ranged_download.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/crc32c.h"
#include "core/base/large_buffer.h"
#include "core/storage/cloud/parallel.h"
#include "core/storage/object_failures.h"

namespace temper::storage {
namespace {

using Kind = StorageError::Kind;

constexpr std::uint64_t kMinPartBytes = 32U << 20U;
constexpr std::uint64_t kParts = 8;  // of a large range, as many as fetch at once
constexpr int kMaxDamagedTransfers = 3;
constexpr int kMaxReplacements = 32;

/// The total in "bytes 0-99/1234"; nullopt if the service does not say.
std::optional<std::uint64_t> total_of(const http::Response& response) {
  const std::string range = response.headers.get("Content-Range").value_or("");
  const std::size_t slash = range.rfind('/');
  std::uint64_t total = 0;
  if (slash == std::string::npos ||
      std::from_chars(range.data() + slash + 1, range.data() + range.size(), total).ec !=
          std::errc()) {
    return std::nullopt;
  }
  return total;
}

std::string range_value(std::uint64_t begin, std::uint64_t end) {
  return fmt::format("bytes={}-{}", begin, end - 1);
}

std::string_view parent_of(const ObjectAddress& object) {
  const std::string_view url = object.url;
  return url.substr(0, url.rfind('/'));
}
std::string_view last_of(const ObjectAddress& object) {
  const std::string_view url = object.url;
  return url.substr(url.rfind('/') + 1);
}

/// One part, by one thread.
class PartDownload {
 public:
  PartDownload(const http::Client& client, const CloudService& service, const ObjectAddress& object,
               std::string version)
      : client_(client), service_(service), object_(object), version_(std::move(version)) {}

  void run(std::uint64_t begin, std::span<std::byte> out) {
    http::RetryBudget budget = client_.budget("read " + object_.url);
    std::uint64_t done = 0;
    while (true) {
      http::Request request = service_.get_request(object_, version_);
      request.headers.set("Range", range_value(begin + done, begin + out.size()));
      request.into = out.subspan(done);
      try {
        http::Response response = client_.send_once(request);
        if (client_.judge(response, http::Idempotency::kAlways) == http::Verdict::kRetry) {
          budget.wait(client_.describe(response), http::retry_after(response));
          continue;
        }
        check(response, begin, done, out.size());
        done += response.num_into;
        if (done == out.size()) {
          return;
        }
        version_ = service_.version_of(response.headers);
        budget.note_progress();
      } catch (const http::TransportError& error) {
        done += take_partial(error.partial(), done, budget);
        if (done == out.size()) {
          return;
        }
        http::wait_after(error, budget);
      }
    }
  }

 private:
  /// What of a broken answer counts.
  std::uint64_t take_partial(const http::Response& partial, std::uint64_t done,
                             http::RetryBudget& budget) {
    const std::string version = service_.version_of(partial.headers);
    if (partial.status != 206 || partial.num_into == 0 || version.empty() ||
        (done > 0 && version != version_)) {
      return 0;
    }
    version_ = version;
    budget.note_progress();
    return partial.num_into;
  }

  void check(const http::Response& response, std::uint64_t begin, std::uint64_t done,
             std::uint64_t wanted) const {
    const std::string action = "read " + object_.url;
    if (response.status == 404 && service_.is_missing_bucket(response)) {
      service_.throw_failure(action, response);
    }
    if (response.status == 404 && version_.empty()) {
      throw object_not_found(parent_of(object_), last_of(object_));
    }
    if (response.status == 404 || response.status == 412) {
      throw ObjectReplaced(object_.url);
    }
    const std::optional<std::uint64_t> total = total_of(response);
    if (response.status == 416) {
      check_range(parent_of(object_), last_of(object_), begin, wanted, total.value_or(0));
    }
    if (!response.ok()) {
      service_.throw_failure(action, response);
    }
    if (response.status != 206 && (begin + done != 0 || response.num_into != wanted)) {
      throw StorageError(Kind::kRefused,
                         fmt::format("cannot {}: the service ignores ranges (HTTP status {})",
                                     action, response.status));
    }
    if (total) {
      check_range(parent_of(object_), last_of(object_), begin, wanted, *total);
    }
  }

  const http::Client& client_;
  const CloudService& service_;
  const ObjectAddress& object_;
  std::string version_;
};

std::string version_now(const http::Client& client, const CloudService& service,
                        const ObjectAddress& object) {
  http::Request request = service.get_request(object, "");
  request.headers.set("Range", "bytes=0-0");
  const http::Response response =
      client.send("read " + object.url, http::Idempotency::kAlways, request);
  return response.ok() ? service.version_of(response.headers) : "";
}

}  // namespace

ObjectReplaced::ObjectReplaced(const std::string& url)
    : StorageError(Kind::kCorrupt, url +
                                       ": was replaced or deleted while it was read; is "
                                       "something else writing there?") {}

void download_range(const http::Client& client, const CloudService& service,
                    const ObjectAddress& object, const std::string& version, std::uint64_t begin,
                    std::span<std::byte> out) {
  const std::uint64_t part_bytes = std::max(kMinPartBytes, (out.size() + kParts - 1) / kParts);
  const std::size_t num_parts = (out.size() + part_bytes - 1) / part_bytes;
  const std::string pinned =
      version.empty() && num_parts > 1 ? version_now(client, service, object) : version;
  run_parallel(num_parts, [&](std::size_t part) {
    const std::uint64_t offset = part * part_bytes;
    const std::uint64_t length = std::min<std::uint64_t>(part_bytes, out.size() - offset);
    PartDownload(client, service, object, pinned).run(begin + offset, out.subspan(offset, length));
  });
}

std::optional<std::vector<std::byte>> download_object(
    const http::Client& client, const CloudService& service, const ObjectAddress& object,
    const std::function<std::optional<ObjectState>()>& look) {
  int num_damaged = 0;
  for (int num_replaced = 0;;) {
    try {
      const std::optional<ObjectState> state = look();
      if (!state) {
        return std::nullopt;
      }
      std::vector<std::byte> bytes = large_buffer(state->size_bytes);
      if (!bytes.empty()) {
        download_range(client, service, object, state->version, 0, bytes);
      }
      const std::uint32_t crc = crc32c(bytes);
      if (!state->crc32c || crc == *state->crc32c) {
        return bytes;
      }
      const std::string problem = fmt::format(
          "{}: arrived damaged: crc32c {:08x} instead of {:08x}", object.url, crc, *state->crc32c);
      if (++num_damaged == kMaxDamagedTransfers) {
        throw StorageError(Kind::kCorrupt,
                           fmt::format("{}, {} times in a row; look for a broken proxy, network "
                                       "card or memory",
                                       problem, num_damaged));
      }
      client.logger().warning("{}; reading it again", problem);
    } catch (const ObjectReplaced&) {
      if (++num_replaced == kMaxReplacements) {
        throw;
      }
    }
  }
}

}  // namespace temper::storage
