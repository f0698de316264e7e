#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/hub/lfs_batch.h"

namespace temper::hub {

/// One file of a commit: its bytes, or what LFS was given.
struct CommitFile {
  std::string path;
  std::span<const std::byte> bytes;  ///< regular file: borrowed
  std::optional<LfsObject> lfs;      ///< set: the bytes are not looked at
};

struct CommitText {
  std::string summary;
  std::string description;
  std::string parent;  ///< the head that the commit is made on; another head is a 412
};

/// The body of the Hub's commit request, application/x-ndjson: a header, then one line a file
/// (huggingface_hub, _commit_api.py, prepare_commit_payload).
std::string commit_body(const CommitText& text, std::span<const CommitFile> files);

}  // namespace temper::hub
