#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "core/hub/push_requests.h"

namespace temper::hub {

/// A file whose bytes go to LFS.
struct LfsContent {
  LfsObject object;
  std::span<const std::byte> bytes;  ///< borrowed
};

/// Brings every content to the Hub's LFS store unless it is there: in one request or in parts,
/// parts and files at the same time, then asks the Hub to verify it. URLs of uploads run out; a
/// refused one is asked for anew. `bytes_done` is told what was sent, by any thread. HubError
/// kTooLarge or kRefused for an object that the Hub does not take, else as PushRequests.
void upload_to_lfs(const PushRequests& requests, std::span<const LfsContent> contents,
                   const std::function<void(std::uint64_t)>& bytes_done = {});

}  // namespace temper::hub
