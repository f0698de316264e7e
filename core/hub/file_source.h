#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "core/hub/hub_api.h"
#include "core/hub/tree.h"

namespace temper::hub {

/// The bytes of one file at one commit, wherever the Hub redirects to. The token goes to the
/// endpoint only; a signed URL that expired is asked for again. Thread-safe.
class FileSource {
 public:
  /// `place` has a commit and a path. `api` outlives this.
  FileSource(const HubApi& api, HubLocation place, std::uint64_t size_bytes);

  /// Finds out where the bytes are, so that many readers need not each ask. HubError as
  /// HubApi::ask.
  void locate();

  /// Bytes [begin, begin + out.size()) into `out`, which is not empty. A broken connection goes on
  /// where it stopped, however often while it progresses. HubError as HubApi::ask.
  void read(std::uint64_t begin, std::span<std::byte> out);

  const std::string& url() const { return url_; }  ///< hf://…, for messages

 private:
  struct Target {
    std::string url;
    int num_redirects = 0;
  };
  Target target();
  void set_target(const Target& from, const http::Response& redirect);
  /// Back to the endpoint's own URL, if `failed` is not that already and not too often.
  bool start_over(const Target& failed);
  void read_all(std::uint64_t begin, std::span<std::byte> out);
  http::Response send(const Target& target, std::uint64_t begin, std::span<std::byte> out) const;
  void check(const http::Response& response, std::uint64_t begin, std::uint64_t length) const;

  const HubApi& api_;
  const HubLocation place_;
  const std::uint64_t size_bytes_;
  const std::string url_;
  const std::string first_;
  std::mutex mutex_;
  Target target_;  // under mutex_
  int num_starts_ = 0;
};

}  // namespace temper::hub
