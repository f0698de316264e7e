#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/hub/hub_api.h"
#include "core/hub/outbox.h"

namespace temper::hub {

/// How a push ended well.
struct PushOutcome {
  PushDone done;
  bool was_there = false;          ///< the Hub had it before this call: nothing was committed now
  std::vector<std::string> notes;  ///< for people: what somebody else did meanwhile
};

/// Pushes an entry that waits: one commit with all of its files, made at most once however often
/// this is called, by whomever, and whatever was lost on the way (docs/hub.md has the transaction).
///
///   1. Head of the branch; the repository and the branch are made if they are missing.
///   2. Is it there? A commit with the entry's mark in its message, or the same files at the head.
///   3. Large files to LFS, where nobody sees them yet.
///   4. One commit on that head, and on no other (parentCommit).
///   5. No answer, or one that tells nothing: 1 again, after a pause. The branch moved: 1 again.
///
/// Readers of the branch see all of it or nothing. The caller holds the outbox's lock. Marks the
/// entry as done. `bytes_done` is told what was uploaded, by any thread.
///
/// HubError when the Hub refuses (kForbidden, kTokenRefused, kNoToken, kGated, kTooLarge, kRefused:
/// the message says which and what to do) or is down (kUnavailable); UserError if the entry's files
/// are not what was put; RetryableError if the branch moved too often.
PushOutcome push_entry(const HubApi& api, const Outbox& outbox, OutboxEntry& entry,
                       const std::function<void(std::uint64_t)>& bytes_done = {});

/// The line in a commit's message that tells the push apart from all others.
std::string push_mark(const OutboxManifest& manifest);

}  // namespace temper::hub
