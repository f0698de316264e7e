#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace temper::comm {

/// What goes over the control channel, as JSON in frames (tcp_frame.h). Parsers throw
/// RetryableError for anything else.

/// "I am alive, and here I am."
struct Beat {
  std::int64_t step = 0;
  std::string phase;
  std::uint64_t count = 0;  ///< of Activity
  bool waits = false;       ///< for the other ranks, as Activity says
  bool operator==(const Beat&) const = default;
};

/// "I leave": the last word of a rank.
struct Farewell {
  int exit_code = 0;
  std::string message;
  bool operator==(const Farewell&) const = default;
};

/// "A rank is lost": from rank 0 to all.
struct Loss {
  int rank = 0;
  std::string host;
  std::string reason;
  std::int64_t step = 0;
  std::string phase;
  int exit_code = 75;  ///< with which the others leave: its own where it said one, else 75
  bool operator==(const Loss&) const = default;
};

/// "rank 2 (host-b) is lost: … It was at step 17, phase reduce".
std::string describe(const Loss& loss);

/// How to reach rank 0's control channel: from rank 0 to all, over the communicator.
struct Invitation {
  std::string host;
  std::vector<std::string> addresses;  ///< numeric
  int port = 0;
  std::string nonce;
  bool operator==(const Invitation&) const = default;
};

std::string to_json(const Beat& beat);
std::string to_json(const Farewell& farewell);
std::string to_json(const Loss& loss);
std::string to_json(const Invitation& invitation);
Beat parse_beat(std::string_view json);
Farewell parse_farewell(std::string_view json);
Loss parse_loss(std::string_view json);
Invitation parse_invitation(std::string_view json);

}  // namespace temper::comm
