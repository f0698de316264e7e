#include "trainer/comm/heartbeat_link.h"

#include <sys/socket.h>

#include <array>
#include <utility>

#include "core/base/error.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {

HeartbeatLink::HeartbeatLink(int rank, std::string host, UniqueFd socket)
    : rank_(rank), host_(std::move(host)), socket_(std::move(socket)) {}

void HeartbeatLink::send_beat(const Beat& beat) {
  if (unsent_.empty()) {
    send(FrameKind::kBeat, to_json(beat));
  }
}

void HeartbeatLink::send(FrameKind kind, const std::string& text) {
  const auto bytes = frame_bytes(kind, text);
  unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
  flush();
}

void HeartbeatLink::flush() {
  if (!has_unsent()) {
    return;
  }
  try {
    const auto sent = static_cast<std::ptrdiff_t>(send_some(socket_, unsent_));
    unsent_.erase(unsent_.begin(), unsent_.begin() + sent);
  } catch (const RetryableError&) {
    unsent_.clear();  // receive() finds the end, after the last words of the other end
  }
}

void HeartbeatLink::receive(HeartbeatMonitor& monitor, HeartbeatMonitor::Time now,
                            std::vector<Loss>& announced) {
  std::array<std::byte, 4096> block{};
  try {
    while (const std::size_t count = is_open() ? receive_some(socket_, block) : 0) {
      reader_.feed(std::span(block).first(count));
      while (const auto frame = reader_.next()) {
        if (frame->header.kind == FrameKind::kBeat) {
          monitor.heard(rank_, parse_beat(frame->text()), now);
        } else if (frame->header.kind == FrameKind::kFarewell) {
          monitor.left(rank_, parse_farewell(frame->text()));
        } else if (frame->header.kind == FrameKind::kLoss && rank_ == 0) {
          announced.push_back(parse_loss(frame->text()));
        } else {
          throw RetryableError("it says what it should not");
        }
      }
    }
  } catch (const RetryableError& error) {
    monitor.cut_off(rank_, error.what());
    close();
  }
}

void HeartbeatLink::finish_sending() {
  std::array<std::byte, 4096> block{};
  flush();
  if (is_open() && unsent_.empty()) {
    ::shutdown(socket_.get(), SHUT_WR);
  }
  try {
    while (is_open() && receive_some(socket_, block) > 0) {
    }
  } catch (const RetryableError&) {
    if (unsent_.empty()) {
      close();
    }
  }
}

}  // namespace temper::comm
