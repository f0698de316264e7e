#include "trainer/comm/tcp_rendezvous.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

#include "core/base/error.h"
#include "trainer/comm/tcp_frame.h"
#include "trainer/comm/tcp_greeting.h"
#include "trainer/comm/tcp_lobby.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

constexpr std::chrono::milliseconds kPause{200};  // before another try
constexpr std::chrono::seconds kAnswerTime{30};   // for what takes no waiting for others

void send_frame(const UniqueFd& socket, FrameKind kind, const std::string& text, Clock& clock) {
  send_all(socket, frame_bytes(kind, text), clock, clock.steady_now() + kAnswerTime);
}

/// One rank's way to the meeting.
class Rendezvous {
 public:
  Rendezvous(const TcpMeeting& meeting, Clock& clock)
      : meeting_(meeting),
        clock_(clock),
        deadline_(clock.steady_now() + meeting.patience),
        host_(host_name()),
        peers_(static_cast<std::size_t>(meeting.size)) {
    peer(meeting.rank).host = host_;
  }

  std::vector<TcpPeer> host() {
    TcpLobby lobby(listen_on(meeting_.port), clock_);
    roster_.members.resize(peers_.size());
    roster_.members[0].host = host_;
    while (!missing().empty()) {
      if (auto guest = lobby.next(deadline_)) {
        receive(*std::move(guest));
        continue;
      }
      const std::string& stranger = lobby.last_stranger();
      fail(fmt::format("ranks {} did not come to {} port {} within {} s{}",
                       fmt::join(missing(), ", "), host_, meeting_.port, patience_seconds(),
                       stranger.empty() ? "" : "; a stranger did, from " + stranger));
    }
    roster_.nonce = draw_nonce();
    const std::string text = to_json(roster_);
    for (int rank = 1; rank < meeting_.size; ++rank) {
      naming(rank, [&] { send_frame(peer(rank).socket, FrameKind::kRoster, text, clock_); });
    }
    return std::move(peers_);
  }

  std::vector<TcpPeer> join() {
    TcpLobby lobby(listen_on(0), clock_);
    while (!joined(lobby.port())) {
      clock_.sleep_for(kPause);
    }
    connect_to_lower_ranks();
    accept_higher_ranks(lobby);
    for (int rank = 1; rank < meeting_.rank; ++rank) {
      naming(rank, [&] { check_answer(rank); });
    }
    return std::move(peers_);
  }

 private:
  TcpPeer& peer(int rank) { return peers_[static_cast<std::size_t>(rank)]; }

  long patience_seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(meeting_.patience).count();
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw RetryableError(
        fmt::format("rank {} of {}: meeting: {}", meeting_.rank, meeting_.size, what));
  }

  /// What goes wrong inside is told with the other rank's name.
  template <class Work>
  void naming(int rank, const Work& work) {
    try {
      work();
    } catch (const RetryableError& error) {
      fail(fmt::format("rank {} ({}): {}", rank, peer(rank).host, error.what()));
    }
  }

  Hello hello(Purpose purpose) const {
    return {purpose, meeting_.run, roster_.nonce, meeting_.rank, meeting_.size, host_, 0};
  }

  // Rank 0.

  /// Those that have not come, or have gone again.
  std::vector<int> missing() {
    std::vector<int> ranks;
    for (int rank = 1; rank < meeting_.size; ++rank) {
      if (!peer(rank).socket.valid() || !is_quiet(peer(rank).socket)) {
        peer(rank).socket.reset();
        ranks.push_back(rank);
      }
    }
    return ranks;
  }

  /// Why the guest can't join, if so.
  std::optional<Refusal> objection(const Hello& guest) {
    if (guest.purpose != Purpose::kJoin || guest.run != meeting_.run) {
      return Refusal{fmt::format("{} port {} is where another run meets, or another start of this "
                                 "one",
                                 host_, meeting_.port),
                     false};
    }
    if (guest.size != meeting_.size) {
      return Refusal{fmt::format("rank 0 on {} was started for {} ranks, rank {} on {} for {}; "
                                 "start all for the same number",
                                 host_, meeting_.size, guest.rank, guest.host, guest.size),
                     true};
    }
    if (guest.rank == 0 || (peer(guest.rank).socket.valid() && is_quiet(peer(guest.rank).socket))) {
      return Refusal{
          fmt::format("rank {} is already there, on {}", guest.rank, peer(guest.rank).host), false};
    }
    return std::nullopt;
  }

  void receive(TcpLobby::Guest guest) {
    if (const auto refusal = objection(guest.hello)) {
      try {
        send_frame(guest.socket, FrameKind::kRefusal, to_json(*refusal), clock_);
      } catch (const RetryableError&) {
        // It has gone.
      }
      if (refusal->is_final) {
        throw UserError(refusal->reason);
      }
      return;
    }
    roster_.members[static_cast<std::size_t>(guest.hello.rank)] = {guest.hello.host, guest.address,
                                                                   guest.hello.port};
    peer(guest.hello.rank) = {std::move(guest.socket), guest.hello.host};
  }

  // The others.

  /// One try. False: another one may succeed.
  bool joined(int port) {
    std::string problem;
    try {
      UniqueFd socket = connect_to(meeting_.address, meeting_.port, clock_, deadline_);
      Hello greeting = hello(Purpose::kJoin);
      greeting.port = port;
      send_frame(socket, FrameKind::kHello, to_json(greeting), clock_);
      const Frame answer = receive_frame(socket, kMaxGreetingBytes, clock_, deadline_);
      if (answer.header.kind == FrameKind::kRoster) {
        take(parse_roster(answer.text()), std::move(socket));
        return true;
      }
      if (answer.header.kind != FrameKind::kRefusal) {
        throw RetryableError("its answer is no answer");
      }
      const Refusal refusal = parse_refusal(answer.text());
      if (refusal.is_final) {
        throw UserError(refusal.reason);
      }
      refused_ = refusal.reason;
    } catch (const RetryableError& error) {
      problem = error.what();
    }
    if (clock_.steady_now() >= deadline_) {
      fail(fmt::format("rank 0 at {} port {} for {} s: {}", meeting_.address, meeting_.port,
                       patience_seconds(), refused_.empty() ? problem : refused_));
    }
    return false;
  }

  void take(Roster roster, UniqueFd socket) {
    if (roster.members.size() != peers_.size()) {
      throw RetryableError(fmt::format("its roster has {} ranks", roster.members.size()));
    }
    roster_ = std::move(roster);
    for (int rank = 0; rank < meeting_.size; ++rank) {
      if (rank != meeting_.rank) {
        peer(rank).host = roster_.members[static_cast<std::size_t>(rank)].host;
      }
    }
    peer(0).socket = std::move(socket);
  }

  void connect_to_lower_ranks() {
    for (int rank = 1; rank < meeting_.rank; ++rank) {
      naming(rank, [&] {
        const Roster::Member& member = roster_.members[static_cast<std::size_t>(rank)];
        peer(rank).socket =
            connect_to(member.address, member.port, clock_, clock_.steady_now() + kAnswerTime);
        send_frame(peer(rank).socket, FrameKind::kHello, to_json(hello(Purpose::kPeer)), clock_);
      });
    }
  }

  void accept_higher_ranks(TcpLobby& lobby) {
    const TimePoint deadline = clock_.steady_now() + kAnswerTime;
    const auto next_missing = [&] {
      int rank = meeting_.rank + 1;
      while (rank < meeting_.size && peer(rank).socket.valid()) {
        ++rank;
      }
      return rank;
    };
    while (next_missing() < meeting_.size) {
      auto guest = lobby.next(deadline);
      if (!guest) {
        fail(
            fmt::format("rank {} ({}) did not connect", next_missing(), peer(next_missing()).host));
      }
      const Hello& greeting = guest->hello;
      if (is_peer(greeting) && greeting.rank > meeting_.rank &&
          !peer(greeting.rank).socket.valid()) {
        TcpPeer& found = peer(greeting.rank);
        found.socket = std::move(guest->socket);
        naming(greeting.rank, [&] {
          send_frame(found.socket, FrameKind::kHello, to_json(hello(Purpose::kPeer)), clock_);
        });
      }
    }
  }

  bool is_peer(const Hello& greeting) const {
    return greeting.purpose == Purpose::kPeer && greeting.run == meeting_.run &&
           greeting.nonce == roster_.nonce && greeting.size == meeting_.size;
  }

  void check_answer(int rank) {
    const Frame answer = receive_frame(peer(rank).socket, kMaxGreetingBytes, clock_,
                                       clock_.steady_now() + kAnswerTime);
    if (answer.header.kind != FrameKind::kHello) {
      throw RetryableError("it did not say hello");
    }
    const Hello greeting = parse_hello(answer.text());
    if (!is_peer(greeting) || greeting.rank != rank) {
      throw RetryableError(fmt::format("it is rank {} of another meeting", greeting.rank));
    }
  }

  const TcpMeeting& meeting_;
  Clock& clock_;
  const TimePoint deadline_;
  const std::string host_;
  Roster roster_;
  std::vector<TcpPeer> peers_;
  std::string refused_;  // why rank 0 did not take this one
};

}  // namespace

std::vector<TcpPeer> meet(const TcpMeeting& meeting, Clock& clock) {
  Rendezvous rendezvous(meeting, clock);
  if (meeting.size == 1) {
    return std::vector<TcpPeer>(1);
  }
  return meeting.rank == 0 ? rendezvous.host() : rendezvous.join();
}

}  // namespace temper::comm
