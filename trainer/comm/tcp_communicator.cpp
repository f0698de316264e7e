#include "trainer/comm/tcp_communicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "trainer/comm/tcp_exchange.h"

namespace temper::comm {
namespace {

using ConstBytes = std::span<const std::byte>;

class TcpCommunicator final : public Communicator {
 public:
  TcpCommunicator(int rank, std::vector<TcpPeer> peers, Clock& clock,
                  std::chrono::nanoseconds patience)
      : rank_(rank), peers_(std::move(peers)), clock_(clock), patience_(patience) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(peers_.size()); }
  std::string name() const override { return "tcp"; }

  void barrier() override {
    run(FrameKind::kBarrier, others([](int peer) {
          return TcpTransfer{peer, ConstBytes(), std::span<std::byte>()};
        }));
  }

  void broadcast(std::span<std::byte> bytes, int root) override {
    CHECK(0 <= root && root < size(), "root {} of {}", root, size());
    if (rank_ != root) {
      run(FrameKind::kBroadcast, {{root, std::nullopt, bytes}});
      return;
    }
    run(FrameKind::kBroadcast, others([&](int peer) {
          return TcpTransfer{peer, ConstBytes(bytes), std::nullopt};
        }));
  }

  std::vector<std::vector<std::byte>> all_gather(ConstBytes bytes) override {
    return gather(FrameKind::kAllGather, std::vector<ConstBytes>(peers_.size(), bytes));
  }

  std::vector<std::vector<std::byte>> all_to_all(const std::vector<ConstBytes>& send) override {
    CHECK(send.size() == peers_.size(), "{} parts for {} ranks", send.size(), size());
    return gather(FrameKind::kAllToAll, send);
  }

  void all_to_all_into(const std::vector<ConstBytes>& send,
                       const std::vector<std::span<std::byte>>& receive) override {
    CHECK(send.size() == peers_.size() && receive.size() == peers_.size(),
          "{} and {} parts for {} ranks", send.size(), receive.size(), size());
    CHECK(send[own()].size() == receive[own()].size(), "{} bytes into {}", send[own()].size(),
          receive[own()].size());
    std::copy(send[own()].begin(), send[own()].end(), receive[own()].begin());
    run(FrameKind::kAllToAllInto, others([&](int peer) {
          const auto index = static_cast<std::size_t>(peer);
          return TcpTransfer{peer, send[index], receive[index]};
        }));
  }

  void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) override {
    CHECK(offsets.size() == peers_.size() + 1 && std::is_sorted(offsets.begin(), offsets.end()) &&
              offsets.back() <= all.size(),
          "{} offsets for {} ranks and {} bytes", offsets.size(), size(), all.size());
    const auto chunk = [&](std::size_t r) {
      return all.subspan(offsets[r], offsets[r + 1] - offsets[r]);
    };
    run(FrameKind::kAllGatherInto, others([&](int peer) {
          return TcpTransfer{peer, ConstBytes(chunk(own())), chunk(static_cast<std::size_t>(peer))};
        }));
  }

 private:
  std::size_t own() const { return static_cast<std::size_t>(rank_); }

  /// A transfer for each other rank, beginning with the next one.
  template <class Make>
  std::vector<TcpTransfer> others(const Make& make) const {
    std::vector<TcpTransfer> transfers;
    for (int step = 1; step < size(); ++step) {
      transfers.push_back(make((rank_ + step) % size()));
    }
    return transfers;
  }

  std::vector<std::vector<std::byte>> gather(FrameKind kind, const std::vector<ConstBytes>& send) {
    std::vector<std::vector<std::byte>> parts(peers_.size());
    parts[own()].assign(send[own()].begin(), send[own()].end());
    run(kind, others([&](int peer) {
          const auto index = static_cast<std::size_t>(peer);
          return TcpTransfer{peer, send[index], std::nullopt, &parts[index]};
        }));
    return parts;
  }

  void run(FrameKind kind, std::vector<TcpTransfer> transfers) {
    try {
      if (is_broken_) {
        throw RetryableError(fmt::format("{}: an earlier operation failed", name_of(kind)));
      }
      exchange(peers_, std::move(transfers), kind, ++sequence_, patience_, clock_);
    } catch (const RetryableError& error) {
      is_broken_ = true;
      for (TcpPeer& peer : peers_) {
        peer.socket.reset();
      }
      throw RetryableError(fmt::format("rank {} of {}: tcp {}", rank_, size(), error.what()));
    }
  }

  const int rank_;
  std::vector<TcpPeer> peers_;  // by rank
  Clock& clock_;
  const std::chrono::nanoseconds patience_;
  std::uint64_t sequence_ = 0;  // of the last operation
  bool is_broken_ = false;
};

}  // namespace

std::unique_ptr<Communicator> open_tcp_communicator(const TcpMeeting& meeting, Clock& clock,
                                                    std::chrono::nanoseconds patience) {
  return make_tcp_communicator(meeting.rank, meet(meeting, clock), clock, patience);
}

std::unique_ptr<Communicator> make_tcp_communicator(int rank, std::vector<TcpPeer> peers,
                                                    Clock& clock,
                                                    std::chrono::nanoseconds patience) {
  return std::make_unique<TcpCommunicator>(rank, std::move(peers), clock, patience);
}

}  // namespace temper::comm
