#include "trainer/comm/heartbeat_channel.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "trainer/comm/tcp_greeting.h"
#include "trainer/comm/tcp_lobby.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

constexpr std::chrono::seconds kPatience{15};    // of all ranks for each other
constexpr std::chrono::seconds kAddressTime{3};  // for one address to answer

/// Can be told to other machines.
bool is_usable(const ifaddrs& interface) {
  if (interface.ifa_addr == nullptr || (interface.ifa_flags & IFF_UP) == 0 ||
      (interface.ifa_flags & IFF_LOOPBACK) != 0) {
    return false;
  }
  if (interface.ifa_addr->sa_family == AF_INET) {
    return true;
  }
  return interface.ifa_addr->sa_family == AF_INET6 &&
         !IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<sockaddr_in6*>(interface.ifa_addr)->sin6_addr);
}

/// This machine's numeric addresses: its interfaces that are up, the loopback last.
std::vector<std::string> own_addresses() {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) {
    return {"127.0.0.1"};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> interfaces(found, &::freeifaddrs);
  std::vector<std::string> addresses;
  for (const ifaddrs* entry = found; entry != nullptr; entry = entry->ifa_next) {
    std::array<char, NI_MAXHOST> text{};
    const bool is_v6 = entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET6;
    if (is_usable(*entry) &&
        ::getnameinfo(entry->ifa_addr, is_v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in),
                      text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  addresses.emplace_back("127.0.0.1");
  return addresses;
}

/// One rank's way to the channel.
class Opening {
 public:
  Opening(Communicator& communicator, Clock& clock)
      : communicator_(communicator),
        clock_(clock),
        deadline_(clock.steady_now() + kPatience),
        own_host_(host_name()) {}

  std::vector<HeartbeatLink> open() {
    std::optional<TcpLobby> lobby;
    Invitation own;
    if (communicator_.rank() == 0) {
      lobby.emplace(listen_on(0), clock_);
      own = {own_host_, own_addresses(), lobby->port(), draw_nonce()};
    }
    const std::string text = communicator_.rank() == 0 ? to_json(own) : "";
    const auto texts = communicator_.all_gather(std::as_bytes(std::span(text)));
    invitation_ =
        parse_invitation({reinterpret_cast<const char*>(texts[0].data()), texts[0].size()});
    if (lobby) {
      receive_all(*lobby);
    } else {
      connect();
    }
    return std::move(links_);
  }

 private:
  Hello hello() const {
    return {Purpose::kHeartbeat, "", invitation_.nonce, communicator_.rank(), communicator_.size(),
            own_host_,           0};
  }

  void receive_all(TcpLobby& lobby) {
    const auto num_others = static_cast<std::size_t>(communicator_.size() - 1);
    while (links_.size() < num_others) {
      auto guest = lobby.next(deadline_);
      if (!guest) {
        return;
      }
      const Hello& greeting = guest->hello;
      const bool is_new = std::none_of(links_.begin(), links_.end(), [&](const auto& link) {
        return link.rank() == greeting.rank;
      });
      if (greeting.purpose == Purpose::kHeartbeat && greeting.nonce == invitation_.nonce &&
          greeting.rank > 0 && greeting.rank < communicator_.size() && is_new) {
        welcome(*std::move(guest));
      }
    }
  }

  void welcome(TcpLobby::Guest guest) {
    try {
      send_all(guest.socket, frame_bytes(FrameKind::kHello, to_json(hello())), clock_,
               clock_.steady_now() + kAddressTime);
      links_.emplace_back(guest.hello.rank, guest.hello.host, std::move(guest.socket));
    } catch (const RetryableError&) {
      // It went on to another address.
    }
  }

  void connect() {
    std::vector<std::string> addresses = invitation_.addresses;
    if (invitation_.host == own_host_) {
      std::reverse(addresses.begin(), addresses.end());  // the loopback is nearest
    }
    for (const std::string& address : addresses) {
      try {
        const TimePoint until = std::min(deadline_, clock_.steady_now() + kAddressTime);
        UniqueFd socket = connect_to(address, invitation_.port, clock_, until);
        send_all(socket, frame_bytes(FrameKind::kHello, to_json(hello())), clock_, until);
        const Frame answer = receive_frame(socket, HeartbeatLink::kMaxMessageBytes, clock_, until);
        const Hello greeting = parse_hello(answer.text());
        if (greeting.nonce == invitation_.nonce && greeting.rank == 0) {
          links_.emplace_back(0, invitation_.host, std::move(socket));
          return;
        }
      } catch (const RetryableError&) {
        // Not this one.
      }
    }
  }

  Communicator& communicator_;
  Clock& clock_;
  const TimePoint deadline_;
  const std::string own_host_;
  Invitation invitation_;
  std::vector<HeartbeatLink> links_;
};

}  // namespace

std::vector<HeartbeatLink> open_heartbeat_channel(Communicator& communicator, const Logger& logger,
                                                  Clock& clock) {
  std::vector<HeartbeatLink> links = Opening(communicator, clock).open();
  const std::size_t wanted =
      communicator.rank() == 0 ? static_cast<std::size_t>(communicator.size() - 1) : 1;
  const std::byte is_connected{links.size() == wanted};
  const auto all = communicator.all_gather(std::span(&is_connected, 1));
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != std::vector<std::byte>{std::byte{1}}) {
      if (communicator.rank() == 0) {
        logger.warning(
            "no heartbeats: rank {} can't reach rank 0 on {} over TCP; frozen ranks won't be "
            "noticed. Open the ports between the machines of a job",
            rank, host_name());
      }
      return {};
    }
  }
  return all[0] == std::vector<std::byte>{std::byte{1}} ? std::move(links)
                                                        : std::vector<HeartbeatLink>();
}

}  // namespace temper::comm
