#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/http/http_client.h"
#include "core/storage/open_store.h"

namespace temper::storage {

/// A client for token and metadata endpoints: no credentials of its own, errors as JSON or S3's
/// XML. Gives up after `patience`, so that a machine without a metadata server is told so soon.
http::Client plain_client(const OpenOptions& options, Clock& clock,
                          std::chrono::milliseconds patience);

/// The whole file. UserError naming `purpose` if it can't be read.
std::string read_credential_file(const std::string& path, const std::string& purpose);

}  // namespace temper::storage
