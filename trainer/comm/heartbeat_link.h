#pragma once

#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "trainer/comm/heartbeat_message.h"
#include "trainer/comm/heartbeat_monitor.h"
#include "trainer/comm/tcp_frame.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {

/// One connection of the control channel. Never waits. One thread.
class HeartbeatLink {
 public:
  static constexpr std::size_t kMaxMessageBytes = std::size_t{64} << 10;

  HeartbeatLink(int rank, std::string host, UniqueFd socket);

  int rank() const { return rank_; }
  const std::string& host() const { return host_; }
  int socket() const { return socket_.get(); }
  std::string address() const { return peer_address(socket_); }  ///< of the other end, numeric
  bool is_open() const { return socket_.valid(); }
  bool has_unsent() const { return is_open() && !unsent_.empty(); }

  /// A beat is left out while earlier bytes still wait: the other end does not read.
  void send_beat(const Beat& beat);
  void send(FrameKind kind, const std::string& text);
  void flush();

  /// Reads what is there and tells the monitor. A Loss that rank 0 announces is put into
  /// `announced`.
  void receive(HeartbeatMonitor& monitor, HeartbeatMonitor::Time now, std::vector<Loss>& announced);
  /// For the end: sends the rest, says that no more comes, and forgets what still arrives. Closes
  /// once the other end has done the same. To be called until then.
  void finish_sending();
  void close() { socket_.reset(); }

 private:
  int rank_;
  std::string host_;
  UniqueFd socket_;
  FrameReader reader_{kMaxMessageBytes};
  std::vector<std::byte> unsent_;
};

}  // namespace temper::comm
