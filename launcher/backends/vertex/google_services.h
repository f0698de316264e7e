#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/http/http_client.h"
#include "core/recipe/cluster_sections.h"
#include "core/storage/credentials/token_source.h"

namespace temper::launch {

/// Where a service of Google is reached by a cluster file: its endpoint with {service} replaced.
/// `service`: "logging", "secretmanager", "aiplatform" (which is one host a region).
std::string google_endpoint(const recipe::Vertex& vertex, const std::string& service);

/// How Google's JSON services want to be asked. Without `tokens` requests are anonymous.
std::unique_ptr<http::Service> google_service(std::unique_ptr<storage::RefreshingToken> tokens);

/// A client for Google's JSON services with the user's or the machine's Google credentials, which
/// are looked for when the first request is sent; none are sent over http://. Gives up when nothing
/// has progressed for `patience`. `clock` outlives it.
http::Client google_client(const recipe::Vertex& vertex, const Environment& environment,
                           Clock& clock, std::chrono::seconds patience = std::chrono::seconds(30));

/// A request with a JSON body; `body` is borrowed until it is over.
http::Request json_request(std::string url, const std::string& body);

/// The body of a good answer. UserError "cannot <action>: …" in the service's own words, with what
/// to do, for a bad one.
std::string good_body(const http::Client& client, const std::string& action,
                      const http::Response& response);

/// Whether a 429 says that the project has too few machines, which waiting does not change, rather
/// than that there were too many requests.
bool is_quota_of_machines(const std::string& reason);

}  // namespace temper::launch
