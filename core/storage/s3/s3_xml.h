#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/cloud/cloud_service.h"

namespace temper::storage {

/// An <Error> body of S3.
struct S3Error {
  std::string code;  ///< "NoSuchBucket"; "" if the body is none
  std::string message;
  std::string region;  ///< of an error about the region
};
S3Error parse_s3_error(std::string_view xml);

/// Of ListObjectsV2 with encoding-type=url. Throws StorageError kUnavailable naming `origin` if it
/// is not what the API promises.
ObjectPage parse_s3_page(std::string_view xml, const std::string& origin);

/// The UploadId of CreateMultipartUpload; throws as above.
std::string parse_upload_id(std::string_view xml, const std::string& origin);

struct S3Part {
  std::string etag;
  std::string crc32c;  ///< base64; "": none was sent
};
/// The body of CompleteMultipartUpload: parts 1, 2, …
std::string complete_body(const std::vector<S3Part>& parts);

}  // namespace temper::storage
