#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "trainer/comm/tcp_frame.h"
#include "trainer/comm/tcp_greeting.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {

/// Where connections wait until they have said hello. Strangers (port scanners, health checks,
/// half-open connections) cost nobody any time: each has kGreetingTime and kMaxGuests may wait.
/// One thread.
class TcpLobby {
 public:
  static constexpr std::chrono::seconds kGreetingTime{10};
  static constexpr std::size_t kMaxGuests = 1024;

  struct Guest {
    UniqueFd socket;
    Hello hello;
    std::string address;
  };

  TcpLobby(UniqueFd listener, Clock& clock);

  int port() const { return port_of(listener_); }
  /// The next one that said hello; nullopt at the deadline.
  std::optional<Guest> next(TimePoint deadline);
  /// Why the last stranger was sent away: "10.0.0.3: what came is no frame …"; "" if none was.
  const std::string& last_stranger() const { return last_stranger_; }

 private:
  struct Waiting {
    UniqueFd socket;
    std::string address;
    FrameReader reader;
    TimePoint until;
  };
  void poll_once(TimePoint deadline);
  void let_in();
  std::optional<Guest> listen_to(Waiting& waiting);

  UniqueFd listener_;
  Clock& clock_;
  std::vector<Waiting> waiting_;
  std::string last_stranger_;
};

}  // namespace temper::comm
