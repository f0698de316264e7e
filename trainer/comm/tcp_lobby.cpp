#include "trainer/comm/tcp_lobby.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"

namespace temper::comm {

TcpLobby::TcpLobby(UniqueFd listener, Clock& clock)
    : listener_(std::move(listener)), clock_(clock) {}

std::optional<TcpLobby::Guest> TcpLobby::next(TimePoint deadline) {
  while (true) {
    for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
      std::optional<Guest> guest;
      bool is_stranger = clock_.steady_now() >= waiting->until;
      try {
        guest = listen_to(*waiting);
      } catch (const RetryableError& error) {
        last_stranger_ = fmt::format("{}: {}", waiting->address, error.what());
        is_stranger = true;
      }
      waiting = guest || is_stranger ? waiting_.erase(waiting) : waiting + 1;
      if (guest) {
        return guest;
      }
    }
    if (clock_.steady_now() >= deadline) {
      return std::nullopt;
    }
    poll_once(deadline);
    let_in();
  }
}

void TcpLobby::poll_once(TimePoint deadline) {
  std::vector<pollfd> entries = {{listener_.get(), POLLIN, 0}};
  for (const Waiting& waiting : waiting_) {
    entries.push_back({waiting.socket.get(), POLLIN, 0});
  }
  ::poll(entries.data(), entries.size(), poll_milliseconds(clock_, deadline));
}

void TcpLobby::let_in() {
  while (true) {
    UniqueFd socket = accept_from(listener_);
    if (!socket.valid()) {
      return;
    }
    if (waiting_.size() >= kMaxGuests) {
      continue;  // closes it
    }
    std::string address = peer_address(socket);
    waiting_.push_back({std::move(socket), std::move(address), FrameReader(kMaxGreetingBytes),
                        clock_.steady_now() + kGreetingTime});
  }
}

std::optional<TcpLobby::Guest> TcpLobby::listen_to(Waiting& waiting) {
  std::array<std::byte, 4096> block{};
  while (const std::size_t count = receive_some(waiting.socket, block)) {
    waiting.reader.feed(std::span(block).first(count));
    const std::optional<Frame> frame = waiting.reader.next();
    if (!frame) {
      continue;
    }
    if (frame->header.kind != FrameKind::kHello || !waiting.reader.is_empty()) {
      throw RetryableError("it did not say hello and wait");
    }
    return Guest{std::move(waiting.socket), parse_hello(frame->text()), waiting.address};
  }
  return std::nullopt;
}

}  // namespace temper::comm
