#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace temper::comm {

/// What two ranks tell each other before anything else, as JSON in frames (tcp_frame.h). Parsers
/// throw RetryableError for what isn't theirs: a stranger, or another version.

inline constexpr std::size_t kMaxGreetingBytes = std::size_t{1} << 20;

/// What tells one meeting from all others: 128 random bits of the kernel.
std::string draw_nonce();

enum class Purpose { kJoin, kPeer, kHeartbeat };

/// "I am rank `rank` of `size`, of that run."
struct Hello {
  Purpose purpose = Purpose::kJoin;
  std::string run;    ///< what all ranks of one start of a run have in common
  std::string nonce;  ///< of the meeting; empty for kJoin: rank 0 draws it
  int rank = 0;
  int size = 1;
  std::string host;  ///< for messages
  int port = 0;      ///< kJoin: where the other ranks reach this one
  bool operator==(const Hello&) const = default;
};

/// "All are there": rank 0's answer to every kJoin.
struct Roster {
  struct Member {
    std::string host;
    std::string address;  ///< numeric, as rank 0 sees it; rank 0's own is empty
    int port = 0;
    bool operator==(const Member&) const = default;
  };
  std::string nonce;
  std::vector<Member> members;  ///< by rank
  bool operator==(const Roster&) const = default;
};

/// "Not you."
struct Refusal {
  std::string reason;
  bool is_final = false;  ///< asking again won't help
  bool operator==(const Refusal&) const = default;
};

std::string to_json(const Hello& hello);
std::string to_json(const Roster& roster);
std::string to_json(const Refusal& refusal);
Hello parse_hello(std::string_view json);
Roster parse_roster(std::string_view json);
Refusal parse_refusal(std::string_view json);

}  // namespace temper::comm
