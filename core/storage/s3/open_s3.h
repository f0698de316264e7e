#pragma once

#include <memory>
#include <string>

#include "core/storage/open_store.h"

namespace temper::storage {

/// A store for "s3://bucket/prefix". The service: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the
/// profile's endpoint_url, else AWS; the region: AWS_REGION, AWS_DEFAULT_REGION, the profile's,
/// else us-east-1, and what the service says when that is wrong. Another service than AWS is asked
/// in path style. AWS_REQUEST_CHECKSUM_CALCULATION
/// "when_required" leaves checksums out. Credentials as in credentials/aws_chain.h. No network yet.
std::unique_ptr<ObjectStore> open_s3(const std::string& url, const OpenOptions& options,
                                     Clock& clock);

}  // namespace temper::storage
