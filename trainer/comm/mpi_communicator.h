#pragma once

#include <cstddef>
#include <memory>

#include "trainer/comm/communicator.h"

namespace temper::comm {

/// MPI counts in int: what is longer goes in messages of this size.
inline constexpr std::size_t kMaxMpiMessageBytes = std::size_t{1} << 30;

/// All ranks of MPI_COMM_WORLD (MPI 3.1, as Open MPI 4.1 has it). Initialises MPI
/// (MPI_THREAD_FUNNELED: only the thread that opened it may use it) and finalises it when
/// destroyed; once in a process.
///
/// MPI_Finalize waits for the other ranks, and those may wait for this one. So it is left out after
/// a failed operation and while an exception passes: a rank that fails is to print its error and
/// leave at once by std::_Exit with its exit code, and mpirun then ends the others.
///
/// `max_message_bytes` is smaller in tests only.
std::unique_ptr<Communicator> open_mpi_communicator(
    std::size_t max_message_bytes = kMaxMpiMessageBytes);

}  // namespace temper::comm
