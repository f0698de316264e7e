#include "trainer/comm/mpi_session.h"

#include <mpi.h>

#include <exception>

#include "core/base/check.h"
#include "core/base/error.h"

namespace temper::comm {

MpiSession::MpiSession() : exceptions_at_start_(std::uncaught_exceptions()) {
  int initialized = 0;
  MPI_Initialized(&initialized);
  CHECK(initialized == 0, "MPI can be opened once in a process");
  int provided = MPI_THREAD_SINGLE;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) {
    throw RetryableError("MPI_Init_thread failed; see Open MPI's own message above");
  }
  if (provided < MPI_THREAD_FUNNELED) {
    abandon();
    throw UserError("this MPI allows no other threads (MPI_THREAD_FUNNELED); use Open MPI 4.1");
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

MpiSession::~MpiSession() {
  if (!abandoned_ && std::uncaught_exceptions() <= exceptions_at_start_) {
    MPI_Finalize();
  }
}

}  // namespace temper::comm
