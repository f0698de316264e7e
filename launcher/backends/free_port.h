#pragma once

namespace temper::launch {

/// A TCP port of this machine that nobody listens on now; RetryableError if there is none. Somebody
/// else may take it before it is used: then rank 0 fails with 75 and is started again.
int free_port();

}  // namespace temper::launch
