#pragma once

#include <memory>
#include <string>

#include "core/storage/credentials/token_source.h"
#include "core/storage/open_store.h"

namespace temper::storage {

/// Who asks Google, found as Google's own clients do (google-auth, `google.auth.default`):
/// the file in GOOGLE_APPLICATION_CREDENTIALS; gcloud's application_default_credentials.json in
/// CLOUDSDK_CONFIG or ~/.config/gcloud; the metadata server (GCE, GKE Workload Identity, Vertex AI;
/// GCE_METADATA_HOST, NO_GCE_CHECK). Files may be of the types service_account, authorized_user,
/// external_account (from a file or a URL) and impersonated_service_account.
struct GoogleIdentity {
  std::unique_ptr<RefreshingToken> tokens;
  std::string account;  ///< for messages: an address, or where the credentials are from
};

/// The file that it is read from; "": there is none, so the metadata server is asked.
std::string google_credentials_file(const Environment& environment);

/// Reads files; no network yet: that is for tokens->get(), which throws StorageError kPermission or
/// kUnavailable. UserError if a file is not what it should be. `clock` outlives the result.
GoogleIdentity find_google_identity(const OpenOptions& options, Clock& clock);

}  // namespace temper::storage
