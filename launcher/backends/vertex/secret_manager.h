#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/http/http_client.h"
#include "core/recipe/cluster_sections.h"

namespace temper::launch {

/// The secret in an answer of secrets.versions.access (google.cloud.secretmanager.v1), without the
/// line end at its end. UserError naming `variable` if it holds none or one of more than 64 KiB;
/// the content is never shown.
std::string parse_secret(const std::string& variable, std::string_view json);

/// Every variable of a cluster file's `secrets` with its value, from Secret Manager, as the job's
/// service account may read it. `versions` are full names: projects/P/secrets/NAME/versions/V.
std::map<std::string, std::string> fetch_secrets(
    const recipe::Vertex& vertex, const http::Client& client,
    const std::map<std::string, std::string>& versions);

}  // namespace temper::launch
