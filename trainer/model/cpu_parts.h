#pragma once

#include <algorithm>
#include <cstdint>

#include "trainer/model/part_runner.h"

namespace temper::model {

/// [0, size) cut into parts of nearly equal size; part i is [begin(i), end(i)).
struct Parts {
  std::int64_t size = 0;
  std::int64_t count = 1;
  std::int64_t part_size = 0;

  std::int64_t begin(std::int64_t part) const { return std::min(part * part_size, size); }
  std::int64_t end(std::int64_t part) const { return std::min((part + 1) * part_size, size); }
};

/// `count` parts at most, each but the last a multiple of a cache line's floats.
Parts cut(std::int64_t size, std::int64_t count);

/// Rows of a long slot, in parts of about 512: fewer make BLAS slower. One part up to 1,024 rows,
/// where there are other slots to compute.
Parts cut_rows(std::int64_t rows);

/// Runs the parts with the help of `runner`, if there is one.
template <class Run>
void run_parts(PartRunner* runner, std::int64_t num_parts, const Run& run) {
  if (runner != nullptr && num_parts > 1) {
    runner->run_parts(num_parts, run);
    return;
  }
  for (std::int64_t part = 0; part < num_parts; ++part) {
    run(part);
  }
}

/// Calls run(begin, end) for every part of the rows.
template <class Run>
void run_rows(PartRunner* runner, std::int64_t rows, const Run& run) {
  const Parts parts = cut_rows(rows);
  run_parts(runner, parts.count,
            [&](std::int64_t part) { run(parts.begin(part), parts.end(part)); });
}

}  // namespace temper::model
