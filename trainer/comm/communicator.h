#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/environment.h"

namespace temper::comm {

/// A group of ranks that call the same operations in the same order. One thread at a time a rank.
/// Failures throw RetryableError naming the operation and, where known, the peer; after one, the
/// group is of no use any more and the process is to leave (see mpi_communicator.h).
/// Bytes only: sums are made by the callers in a fixed order, never by the transport.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::string name() const = 0;  ///< "single", "mpi", "tcp", "nccl"

  virtual void barrier() = 0;
  /// `bytes` has the same size on all ranks; root's content is everywhere on return.
  virtual void broadcast(std::span<std::byte> bytes, int root) = 0;
  /// Every rank's bytes (any size, may be empty) in rank order.
  virtual std::vector<std::vector<std::byte>> all_gather(std::span<const std::byte> bytes) = 0;
  /// send[r] goes to rank r; returns what each rank sent to this one, in rank order.
  virtual std::vector<std::vector<std::byte>> all_to_all(
      const std::vector<std::span<const std::byte>>& send) = 0;
  /// The same with buffers that the caller owns: receive[r] must have the size that rank r sends.
  virtual void all_to_all_into(const std::vector<std::span<const std::byte>>& send,
                               const std::vector<std::span<std::byte>>& receive) = 0;
  /// Gathers chunks in place: rank r's chunk is all[offsets[r], offsets[r+1]) and is filled by it.
  /// `offsets` (size() + 1 entries, rising, the last at most all.size()) is the same on all ranks.
  virtual void all_gather_into(std::span<std::byte> all, std::span<const std::size_t> offsets) = 0;

  /// For the thread that watches the peers, when one is lost: the operation that waits, and all
  /// later ones, throw RetryableError with this reason. Thread-safe. Does nothing where an
  /// operation that waits harms nobody, as the process leaves anyway.
  virtual void give_up(const std::string& /*reason*/) {}
};

/// Opens the communicator for this process: single without a launcher's environment, mpi under
/// mpirun or PMIx, tcp where the environment says where the ranks meet (core/run/world.h). `run`
/// is the run's id: ranks of another run, or with another TEMPER_LAUNCH (the number of this start
/// of it), are no peers over tcp. The clock outlives it. UserError if the world's size is not
/// `planned_size`.
std::unique_ptr<Communicator> open_communicator(const Environment& environment, int planned_size,
                                                const std::string& run, Clock& clock);

}  // namespace temper::comm
