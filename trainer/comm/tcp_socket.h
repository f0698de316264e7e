#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "trainer/comm/tcp_frame.h"

namespace temper::comm {

/// Sockets as tcp(7) and socket(7) describe them: non-blocking, closed on exec, without Nagle's
/// delay, with keepalives that notice a lost machine after about half a minute of silence.
/// Failures are RetryableErrors saying what the system said.

using TimePoint = std::chrono::steady_clock::time_point;

/// Listens on all addresses of this machine. `port` 0: the system chooses.
UniqueFd listen_on(int port);
int port_of(const UniqueFd& socket);

/// The next connection that waits, or an invalid one.
UniqueFd accept_from(const UniqueFd& listener);

/// Connects to a name or numeric address; tries each of its addresses until `deadline`.
UniqueFd connect_to(const std::string& address, int port, Clock& clock, TimePoint deadline);

/// The other end, numeric; IPv4 also where the socket is IPv6.
std::string peer_address(const UniqueFd& socket);

/// This machine's name.
std::string host_name();

/// Moves what can be moved now: the number of bytes, 0 if it would have to wait. receive_some
/// throws at the end of the stream.
std::size_t send_some(const UniqueFd& socket, std::span<const std::byte> bytes);
std::size_t receive_some(const UniqueFd& socket, std::span<std::byte> bytes);

/// True while the other end is there and has sent nothing that was not read.
bool is_quiet(const UniqueFd& socket);

/// Waits for poll(2)'s `events` on the socket; false at the deadline.
bool wait_for(const UniqueFd& socket, short events, Clock& clock, TimePoint deadline);
/// The milliseconds to a deadline as poll(2) takes them: at least 0, at most a second, so that
/// whoever waits looks at the clock again.
int poll_milliseconds(const Clock& clock, TimePoint deadline);

void send_all(const UniqueFd& socket, std::span<const std::byte> bytes, Clock& clock,
              TimePoint deadline);
/// Reads exactly one frame and no byte of the next.
Frame receive_frame(const UniqueFd& socket, std::size_t max_payload, Clock& clock,
                    TimePoint deadline);

}  // namespace temper::comm
