#pragma once

namespace temper::comm {

/// MPI from MPI_Init_thread to MPI_Finalize, with errors returned instead of fatal.
class MpiSession {
 public:
  MpiSession();
  ~MpiSession();  ///< MPI_Finalize, unless abandoned or destroyed by a passing exception
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  /// After a failure: finalising could wait for ever.
  void abandon() { abandoned_ = true; }

 private:
  int exceptions_at_start_;
  bool abandoned_ = false;
};

}  // namespace temper::comm
