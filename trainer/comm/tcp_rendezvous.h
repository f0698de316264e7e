#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"

namespace temper::comm {

/// Where and how the ranks of one run meet.
struct TcpMeeting {
  std::string address;  ///< rank 0's, for the others; a name may take a while to be known
  int port = 0;         ///< rank 0 listens there
  std::string run;      ///< what tells this start of the run from all others
  int rank = 0;
  int size = 1;
  /// Ranks of a job start at different times: so long they wait for each other.
  std::chrono::milliseconds patience = std::chrono::minutes(10);
};

/// A connection to another rank.
struct TcpPeer {
  UniqueFd socket;   ///< invalid for the rank itself
  std::string host;  ///< its machine's name
};

/// Joins all ranks of a run, each with each; the peers by rank, this rank's own with its host.
///
/// Rank 0 listens; the others tell it who they are and where they can be reached. When all are
/// there it draws a nonce and tells everybody everything. Then each rank connects to those between
/// it and rank 0, and both ends make sure of run, nonce and rank. Strangers are sent away.
///
/// RetryableError naming who is missing if they do not meet in time; UserError if the other ranks
/// were started for another number of ranks.
std::vector<TcpPeer> meet(const TcpMeeting& meeting, Clock& clock);

}  // namespace temper::comm
