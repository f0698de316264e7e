#include "trainer/comm/nccl_meeting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace temper::comm {
namespace {

using Json = nlohmann::json;

std::string key_of(const char* what, int rank) {
  return fmt::format("temper/{}/{}", what, rank);
}

std::string list_ranks(const std::vector<int>& ranks) {
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", fmt::join(ranks, ", "));
}

/// What all ranks must share. `what` in the words of a message.
void check_same(const std::vector<Json>& words, const char* key, const char* what) {
  for (std::size_t r = 1; r < words.size(); ++r) {
    if (words[r][key] != words[0][key]) {
      throw UserError(fmt::format(
          "rank 0 on {} has {} {}, rank {} on {} has {}: the result would depend on which of them "
          "computed what; give all ranks the same",
          words[0]["host"].get<std::string>(), what, words[0][key].get<std::string>(), r,
          words[r]["host"].get<std::string>(), words[r][key].get<std::string>()));
    }
  }
}

}  // namespace

void meet(MeetingPlace& place, const MeetingRank& mine, std::chrono::milliseconds timeout,
          Clock& clock) {
  const Json word = {{"size", mine.size},
                     {"host", mine.host},
                     {"gpu", mine.gpu_kind},
                     {"libraries", mine.libraries}};
  place.leave(key_of("rank", mine.rank), word.dump());
  const auto deadline = clock.steady_now() + timeout;
  std::vector<Json> words;
  std::vector<int> missing;
  for (int r = 0; r < mine.size; ++r) {
    const auto rest =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.steady_now());
    const auto found =
        place.find(key_of("rank", r), std::max(rest, std::chrono::milliseconds::zero()));
    if (!found) {
      missing.push_back(r);
      continue;
    }
    words.push_back(Json::parse(*found));
  }
  if (!missing.empty()) {
    throw RetryableError(fmt::format(
        "rank {} of {}: {} did not come within {:.0f} s; look into their logs", mine.rank,
        mine.size, list_ranks(missing), std::chrono::duration<double>(timeout).count()));
  }
  check_same(words, "gpu", "a GPU of kind");
  check_same(words, "libraries", "a trainer built with");
}

std::unique_ptr<NcclGroup> connect_together(
    MeetingPlace& place, const MeetingRank& mine,
    const std::function<std::unique_ptr<NcclGroup>()>& connect) {
  place.leave(key_of("connecting", mine.rank), mine.host);
  try {
    return connect();
  } catch (const NcclFailure& failure) {
    if (failure.kind() == NcclFailure::Kind::kOutOfMemory) {
      throw out_of_memory(fmt::format("rank {} of {}: NCCL connect", mine.rank, mine.size),
                          failure);
    }
    std::vector<int> absent;
    for (int r = 0; r < mine.size; ++r) {
      if (!place.find(key_of("connecting", r), std::chrono::milliseconds::zero())) {
        absent.push_back(r);
      }
    }
    if (!absent.empty()) {
      throw RetryableError(
          fmt::format("rank {} of {}: NCCL waited in vain for {}, lost since all had met ({}); "
                      "look into their logs",
                      mine.rank, mine.size, list_ranks(absent), failure.what()));
    }
    throw RetryableError(fmt::format(
        "rank {} of {}: all ranks are there, but NCCL can't connect them: {}; name the network's "
        "interface in NCCL_SOCKET_IFNAME, and see what NCCL_DEBUG=INFO says",
        mine.rank, mine.size, failure.what()));
  }
}

}  // namespace temper::comm
