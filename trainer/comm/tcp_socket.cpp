#include "trainer/comm/tcp_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/base/error.h"

namespace temper::comm {
namespace {

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kLongestPoll{1000};

[[noreturn]] void fail(std::string_view what, int number = errno) {
  throw RetryableError(fmt::format("{}: {}", what, std::strerror(number)));
}

void set_option(const UniqueFd& socket, int level, int name, int value) {
  ::setsockopt(socket.get(), level, name, &value, sizeof(value));
}

/// Half a minute until a machine that is gone is noticed. No TCP_USER_TIMEOUT: it would also end a
/// connection to a peer that computes for long while its buffer is full (zero window).
void prepare(const UniqueFd& socket) {
  constexpr int kIdleSeconds = 15;
  constexpr int kIntervalSeconds = 5;
  constexpr int kProbes = 3;
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kIntervalSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
}

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses resolve(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(address.c_str(), fmt::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    throw RetryableError(
        fmt::format("the name {} has no address: {}", address, ::gai_strerror(code)));
  }
  return {found, &::freeaddrinfo};
}

/// Invalid, and errno says why, if there is nobody.
UniqueFd connect_once(const addrinfo& to, Clock& clock, TimePoint deadline) {
  UniqueFd socket(::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.valid()) {
    return socket;
  }
  if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) == 0) {
    return socket;
  }
  if (errno != EINPROGRESS) {
    return UniqueFd();
  }
  if (!wait_for(socket, POLLOUT, clock, deadline)) {
    errno = ETIMEDOUT;
    return UniqueFd();
  }
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  return error == 0 ? std::move(socket) : UniqueFd();
}

/// Both families in one socket; IPv4 alone where the kernel has no IPv6.
UniqueFd bound(int port) {
  UniqueFd both(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (both.valid()) {
    set_option(both, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_option(both, SOL_SOCKET, SO_REUSEADDR, 1);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(static_cast<std::uint16_t>(port));
    if (::bind(both.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0) {
      return both;
    }
    if (errno == EADDRINUSE || errno == EACCES) {
      return UniqueFd();
    }
  }
  UniqueFd four(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  set_option(four, SOL_SOCKET, SO_REUSEADDR, 1);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool done = ::bind(four.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0;
  return done ? std::move(four) : UniqueFd();
}

bool must_wait() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

UniqueFd listen_on(int port) {
  UniqueFd socket = bound(port);
  if (!socket.valid() || ::listen(socket.get(), kBacklog) != 0) {
    fail(fmt::format("can't listen on port {}", port));
  }
  return socket;
}

int port_of(const UniqueFd& socket) {
  sockaddr_in6 address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin6_port);  // at the same place in sockaddr_in
}

UniqueFd accept_from(const UniqueFd& listener) {
  UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.valid()) {
    prepare(socket);
  }
  return socket;
}

UniqueFd connect_to(const std::string& address, int port, Clock& clock, TimePoint deadline) {
  const Addresses addresses = resolve(address, port);
  int error = ETIMEDOUT;
  for (const addrinfo* to = addresses.get(); to != nullptr; to = to->ai_next) {
    UniqueFd socket = connect_once(*to, clock, deadline);
    if (socket.valid()) {
      prepare(socket);
      return socket;
    }
    error = errno;
  }
  fail(fmt::format("no connection to {} port {}", address, port), error);
}

std::string peer_address(const UniqueFd& socket) {
  constexpr std::string_view kMapped = "::ffff:";  // RFC 4291, 2.5.5.2
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  std::array<char, NI_MAXHOST> text{};
  if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, text.data(), text.size(),
                    nullptr, 0, NI_NUMERICHOST) != 0) {
    return "?";
  }
  std::string_view numeric(text.data());
  numeric.remove_prefix(numeric.starts_with(kMapped) ? kMapped.size() : 0);
  return std::string(numeric);
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::size_t send_some(const UniqueFd& socket, std::span<const std::byte> bytes) {
  const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && !must_wait()) {
    fail("the connection broke");
  }
  return static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
}

std::size_t receive_some(const UniqueFd& socket, std::span<std::byte> bytes) {
  const ssize_t count = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
  if (count == 0 && !bytes.empty()) {
    throw RetryableError("it closed the connection");
  }
  if (count < 0 && !must_wait()) {
    fail("the connection broke");
  }
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

bool is_quiet(const UniqueFd& socket) {
  char byte = 0;
  return ::recv(socket.get(), &byte, 1, MSG_PEEK) < 0 && must_wait();
}

int poll_milliseconds(const Clock& clock, TimePoint deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds(0), kLongestPoll).count());
}

bool wait_for(const UniqueFd& socket, short events, Clock& clock, TimePoint deadline) {
  while (true) {
    pollfd entry{socket.get(), events, 0};
    const int ready = ::poll(&entry, 1, poll_milliseconds(clock, deadline));
    if (ready > 0) {
      return true;
    }
    if (clock.steady_now() >= deadline) {
      return false;
    }
  }
}

void send_all(const UniqueFd& socket, std::span<const std::byte> bytes, Clock& clock,
              TimePoint deadline) {
  while (!bytes.empty()) {
    if (!wait_for(socket, POLLOUT, clock, deadline)) {
      throw RetryableError("it takes nothing");
    }
    bytes = bytes.subspan(send_some(socket, bytes));
  }
}

Frame receive_frame(const UniqueFd& socket, std::size_t max_payload, Clock& clock,
                    TimePoint deadline) {
  const auto fill = [&](std::span<std::byte> rest) {
    while (!rest.empty()) {
      if (!wait_for(socket, POLLIN, clock, deadline)) {
        throw RetryableError("it does not answer");
      }
      rest = rest.subspan(receive_some(socket, rest));
    }
  };
  HeaderBytes header{};
  fill(header);
  Frame frame{parse_frame_header(header), {}};
  if (frame.header.size > max_payload) {
    throw RetryableError(fmt::format("a {} of {} bytes; at most {} are taken",
                                     name_of(frame.header.kind), frame.header.size, max_payload));
  }
  frame.payload.resize(frame.header.size);
  fill(frame.payload);
  return frame;
}

}  // namespace temper::comm
