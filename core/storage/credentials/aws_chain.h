#pragma once

#include <memory>
#include <string>

#include "core/storage/credentials/aws_credentials.h"
#include "core/storage/credentials/aws_profile.h"
#include "core/storage/open_store.h"

namespace temper::storage {

/// Who asks AWS, found as AWS's own clients do: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the
/// keys of the profile; a web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN: EKS); the
/// container's endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS, EKS); the
/// instance's metadata service, version 2 (AWS_EC2_METADATA_DISABLED turns it off).
struct AwsIdentity {
  std::unique_ptr<RefreshingAwsCredentials> credentials;
  std::string account;  ///< for messages: where the credentials are from
};

/// No network yet: that is for credentials->get(), which throws StorageError. UserError for a
/// profile that needs what Temper can't do (single sign-on, assumed roles, processes). `clock`
/// outlives the result.
AwsIdentity find_aws_identity(const OpenOptions& options, const AwsProfile& profile,
                              const std::string& region, Clock& clock);

}  // namespace temper::storage
