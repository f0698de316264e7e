#pragma once

#include <cstdint>
#include <functional>

namespace temper::model {

/// Who else may compute the parts that a kernel is cut into. How a kernel is cut follows from the
/// shapes alone, so the result has the same bits whoever computes what, in whatever order.
class PartRunner {
 public:
  virtual ~PartRunner() = default;

  /// Calls part(i) once for each i in [0, num_parts), on this thread and on those that have nothing
  /// better to do; returns when all are over. The first exception is thrown here. Thread-safe.
  virtual void run_parts(std::int64_t num_parts, const std::function<void(std::int64_t)>& part) = 0;
};

}  // namespace temper::model
