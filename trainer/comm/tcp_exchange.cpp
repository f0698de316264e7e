#include "trainer/comm/tcp_exchange.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "core/base/error.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

constexpr std::size_t kGrowth = std::size_t{16} << 20;

/// One TcpTransfer on its way.
class Progress {
 public:
  Progress(TcpTransfer transfer, const TcpPeer& peer, FrameKind operation, std::uint64_t sequence)
      : transfer_(transfer), peer_(&peer), operation_(operation), sequence_(sequence) {
    if (transfer_.send) {
      out_header_ = encode({operation, sequence, transfer_.send->size()});
    }
    expects_ = transfer_.into || transfer_.append != nullptr;
  }

  bool sends() const {
    return transfer_.send && sent_ < kFrameHeaderBytes + transfer_.send->size();
  }
  bool receives() const { return expects_; }
  bool is_done() const { return !sends() && !receives(); }
  short events() const {
    return static_cast<short>((sends() ? POLLOUT : 0) | (receives() ? POLLIN : 0));
  }
  int socket() const { return peer_->socket.get(); }

  /// True if a byte moved.
  bool move(short ready) {
    try {
      // What has come is read first: it may be the peer's last.
      const bool got = receives() && (ready & (POLLIN | POLLHUP | POLLERR)) != 0 && receive();
      const bool gave = sends() && (ready & (POLLOUT | POLLHUP | POLLERR)) != 0 && send();
      return got || gave;
    } catch (const RetryableError& error) {
      throw RetryableError(fmt::format("{}: {}", describe(), error.what()));
    }
  }

  std::string describe() const {
    return fmt::format("{} with rank {} ({})", name_of(operation_), transfer_.peer, peer_->host);
  }

 private:
  bool send() {
    const std::size_t before = sent_;
    if (sent_ < kFrameHeaderBytes) {
      sent_ += send_some(peer_->socket, std::span(out_header_).subspan(sent_));
    }
    if (sent_ >= kFrameHeaderBytes && sends()) {
      sent_ += send_some(peer_->socket, transfer_.send->subspan(sent_ - kFrameHeaderBytes));
    }
    return sent_ > before;
  }

  bool receive() {
    const std::size_t before = received_;
    if (received_ < kFrameHeaderBytes) {
      received_ += receive_some(peer_->socket, std::span(in_header_).subspan(received_));
      if (received_ == kFrameHeaderBytes) {
        take_header();
      }
    }
    if (received_ >= kFrameHeaderBytes && expects_) {
      received_ += receive_some(peer_->socket, room());
      expects_ = received_ < kFrameHeaderBytes + in_size_;
    }
    return received_ > before;
  }

  void take_header() {
    const FrameHeader header = parse_frame_header(in_header_);
    if (header.kind != operation_ || header.sequence != sequence_) {
      throw RetryableError(fmt::format("it is at operation {}, {}; this rank at {}",
                                       header.sequence, name_of(header.kind), sequence_));
    }
    if (transfer_.into && transfer_.into->size() != header.size) {
      throw RetryableError(
          fmt::format("it sends {} bytes for {}", header.size, transfer_.into->size()));
    }
    in_size_ = header.size;
    expects_ = in_size_ > 0;
  }

  /// Where the next bytes go.
  std::span<std::byte> room() {
    const std::size_t done = received_ - kFrameHeaderBytes;
    if (transfer_.into) {
      return transfer_.into->subspan(done);
    }
    std::vector<std::byte>& buffer = *transfer_.append;
    if (done == buffer.size()) {
      buffer.resize(std::min<std::size_t>(in_size_, done + std::max(done, kGrowth)));
    }
    return std::span(buffer).subspan(done);
  }

  TcpTransfer transfer_;
  const TcpPeer* peer_;
  FrameKind operation_;
  std::uint64_t sequence_;
  HeaderBytes out_header_{};
  HeaderBytes in_header_{};
  std::size_t sent_ = 0;      // of header and payload
  std::size_t received_ = 0;  // of header and payload
  std::size_t in_size_ = 0;
  bool expects_ = false;
};

}  // namespace

void exchange(std::vector<TcpPeer>& peers, std::vector<TcpTransfer> transfers, FrameKind operation,
              std::uint64_t sequence, std::chrono::nanoseconds patience, Clock& clock) {
  std::vector<Progress> under_way;
  for (const TcpTransfer& transfer : transfers) {
    under_way.emplace_back(transfer, peers[static_cast<std::size_t>(transfer.peer)], operation,
                           sequence);
  }
  TimePoint deadline = clock.steady_now() + patience;
  std::vector<pollfd> entries;
  while (true) {
    std::erase_if(under_way, [](const Progress& progress) { return progress.is_done(); });
    if (under_way.empty()) {
      return;
    }
    entries.clear();
    for (const Progress& progress : under_way) {
      entries.push_back({progress.socket(), progress.events(), 0});
    }
    ::poll(entries.data(), entries.size(), poll_milliseconds(clock, deadline));
    bool moved = false;
    for (std::size_t i = 0; i < under_way.size(); ++i) {
      moved |= entries[i].revents != 0 && under_way[i].move(entries[i].revents);
    }
    if (moved) {
      deadline = clock.steady_now() + patience;
    } else if (clock.steady_now() >= deadline) {
      throw RetryableError(
          fmt::format("{}: no byte moved for {} s", under_way.front().describe(),
                      std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
    }
  }
}

}  // namespace temper::comm
