#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include "core/base/error.h"

namespace temper::comm {

/// Why a call of NcclGroup failed.
class NcclFailure : public std::runtime_error {
 public:
  enum class Kind {
    kTimedOut,     ///< a peer did not come, or the network does not carry
    kPeerLost,     ///< NCCL or the rendezvous lost a peer, or the group was aborted
    kOutOfMemory,  ///< of the GPU
    kOther,
  };
  NcclFailure(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

/// What kOutOfMemory means for a run, with what to lower. `where`: rank and operation.
FatalError out_of_memory(const std::string& where, const NcclFailure& failure);

/// The few calls that NcclCommunicator makes of a GPU's collectives: all that a machine without a
/// GPU can't test. A group has two stages, equal pieces of memory that collectives work on; in the
/// real one (nccl_process_group.cpp) they are on the GPU. Every call is over when it returns and
/// throws NcclFailure. One thread at a time, but for abort().
class NcclGroup {
 public:
  virtual ~NcclGroup() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  virtual std::span<std::byte> outgoing() = 0;
  virtual std::span<std::byte> incoming() = 0;
  /// Between any two places of equal size, in this process's memory or the GPU's.
  virtual void copy(std::span<const std::byte> from, std::span<std::byte> to) = 0;

  /// The first `size` bytes of root's outgoing() go into everybody's.
  virtual void broadcast(std::size_t size, int root) = 0;
  /// The first `size` bytes of every rank's outgoing() go into incoming(), by rank, end to end.
  virtual void all_gather(std::size_t size) = 0;
  /// outgoing() has sends[r] bytes for each rank r, end to end; incoming() gets receives[r] of
  /// each. A pair of ranks agrees about its sizes; they may be 0.
  virtual void all_to_all(std::span<const std::size_t> sends,
                          std::span<const std::size_t> receives) = 0;

  /// Makes calls that wait, on any thread, and all later ones fail with kPeerLost. Thread-safe.
  virtual void abort() noexcept = 0;
};

}  // namespace temper::comm
