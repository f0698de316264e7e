#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/http_message.h"

namespace temper::hub {

// The JSON of Git LFS: its batch API (git-lfs/docs/api/batch.md), the transfer "basic"
// (basic-transfers.md) and the Hub's own transfer "multipart" (huggingface_hub, lfs.py): an upload
// whose header names a chunk size and one URL a part, ended by a request to the action's own URL.

inline constexpr const char* kLfsContentType = "application/vnd.git-lfs+json";

/// A file as LFS knows it.
struct LfsObject {
  std::string sha256;
  std::uint64_t size_bytes = 0;
  bool operator==(const LfsObject&) const = default;
};

/// A request that the server asks for.
struct LfsAction {
  std::string url;
  http::Headers headers;
};

/// How one object gets there. Neither upload: the server has it.
struct LfsUpload {
  LfsObject object;
  std::optional<LfsAction> basic;       ///< PUT of the whole
  std::optional<LfsAction> completion;  ///< multipart: POST of parts_body() after all parts
  std::uint64_t part_bytes = 0;         ///< multipart: of every part but the last
  std::vector<std::string> part_urls;   ///< multipart: PUT each, in order
  std::optional<LfsAction> verify;      ///< POST of verify_body() after the upload
  std::string refusal;                  ///< not empty: the server does not take it; says why

  bool is_stored() const { return !basic && !completion; }
};

std::string batch_body(std::span<const LfsObject> objects, const std::string& branch);

/// The answer to batch_body(): one upload for each of `objects`, in their order. RetryableError
/// naming `origin` if the answer is none, leaves an object out, or has parts that do not make up
/// the object.
std::vector<LfsUpload> parse_batch_answer(std::string_view json, std::span<const LfsObject> objects,
                                          const std::string& origin);

/// `etags`: of the parts' answers, in order.
std::string parts_body(const LfsObject& object, std::span<const std::string> etags);
std::string verify_body(const LfsObject& object);

}  // namespace temper::hub
