#include "core/recipe/vertex_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/yaml_scalar.h"

namespace temper::recipe {
namespace {

constexpr std::string_view kSmallLetters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";

bool consists_of(std::string_view text, const std::string& letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// "projects/P/secrets/NAME/versions/V", which is also the path of its request.
bool is_secret_version(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  return parts.size() == 6 && parts[0] == "projects" && parts[2] == "secrets" &&
         parts[4] == "versions" &&
         std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           // A part of dots would lead the request elsewhere.
           return !part.starts_with('.') &&
                  consists_of(part, std::string(kSmallLetters) + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
                                        std::string(kDigits) + "-_.:");
         });
}

void says_what_runs_where(const Vertex& vertex, Reading& reading) {
  const auto require = [&](const char* key, const std::string& value, std::string_view what) {
    const std::string full = std::string("vertex.") + key;
    if (reading.sound({full}) && value.empty()) {
      reading.fail_rule({full, "vertex", "kind"}, fmt::format("must be said: {}", what));
    }
  };
  require("project", vertex.project, "the Google Cloud project, e.g. my-project");
  require("region", vertex.region, "the region of Vertex AI, e.g. europe-west4");
  require("machine_type", vertex.machine_type, "the machine of one replica, e.g. e2-standard-8");
  require("image", vertex.image,
          "the container image that the job runs, e.g. "
          "REGION-docker.pkg.dev/PROJECT/REPOSITORY/temper@sha256:…");
  // These become parts of a host's name and of a path.
  const std::string letters = std::string(kSmallLetters) + std::string(kDigits) + "-";
  for (const auto& [key, value] :
       {std::pair("vertex.project", &vertex.project), std::pair("vertex.region", &vertex.region)}) {
    if (reading.sound({key}) && !value->empty() && !consists_of(*value, letters)) {
      reading.fail_rule({key}, fmt::format("is {}; write small letters, digits and '-'",
                                           quote_for_message(*value)));
    }
  }
}

void accelerators_have_a_type(const Cluster& cluster, Reading& reading) {
  if (!reading.sound({"vertex.accelerator_type", "resources.gpus"})) {
    return;
  }
  const std::string& type = cluster.vertex.accelerator_type;
  if (type.empty() && cluster.resources.gpus > 0) {
    reading.fail_rule(
        {"vertex.accelerator_type", "resources.gpus"},
        fmt::format("must name the {} GPUs of a replica, e.g. NVIDIA_L4", cluster.resources.gpus));
  } else if (!type.empty() && cluster.resources.gpus == 0) {
    reading.fail_rule({"resources.gpus", "vertex.accelerator_type"},
                      fmt::format("must say how many {} a replica has, e.g. resources: {{gpus: 1}}",
                                  quote_for_message(type)));
  }
}

void runs_are_in_google_storage(const Cluster& cluster, Reading& reading) {
  if (reading.sound({"runs"}) && !cluster.runs.empty() && !cluster.runs.starts_with("gs://")) {
    reading.fail_rule({"runs"}, fmt::format("is {}, but replicas of Vertex AI come and go: write "
                                            "gs://BUCKET/FOLDER",
                                            quote_for_message(cluster.runs)));
  }
}

/// Labels of Google Cloud: small letters, digits, '_' and '-', at most 63 characters.
void labels_are_labels(const Vertex& vertex, Reading& reading) {
  constexpr std::size_t kLongest = 63;
  const std::string letters = std::string(kSmallLetters) + std::string(kDigits) + "_-";
  for (const auto& [label, value] : vertex.labels) {
    const bool fine = consists_of(label, letters) && label.size() <= kLongest &&
                      kSmallLetters.find(label.front()) != std::string_view::npos &&
                      (value.empty() || consists_of(value, letters)) && value.size() <= kLongest;
    if (!fine || label == "temper_run") {
      reading.fail_rule({"vertex.labels." + label, "vertex.labels"},
                        label == "temper_run"
                            ? "is the label by which temper finds the run's job; choose another"
                            : "is no label of Google Cloud: small letters, digits, '_' and '-', at "
                              "most 63 of each, the name's first a letter");
    }
  }
}

void secrets_are_in_secret_manager(const Cluster& cluster, Reading& reading) {
  for (const auto& [name, reference] : cluster.secrets) {
    if (!is_secret_version(reference)) {  // not shown: it may be the secret itself
      reading.fail_rule({"secrets." + name, "secrets"},
                        "must be projects/P/secrets/NAME/versions/VERSION of Secret Manager, never "
                        "the secret");
    }
  }
}

void waits_only_if_flexible(const Vertex& vertex, Reading& reading) {
  if (reading.sound({"vertex.strategy", "vertex.max_wait_minutes"}) &&
      vertex.max_wait_minutes != 0 && vertex.strategy != VertexStrategy::kFlexStart) {
    reading.fail_rule({"vertex.max_wait_minutes"},
                      fmt::format("has no effect with strategy {}; remove it, or write strategy: "
                                  "flex-start",
                                  name_of(vertex.strategy)));
  }
}

void replicas_start_together(const Cluster& cluster, Reading& reading) {
  if (reading.sound({"nodes", "vertex.restart_job_on_worker_restart"}) && cluster.nodes > 1 &&
      !cluster.vertex.restart_job_on_worker_restart) {
    reading.fail_rule({"vertex.restart_job_on_worker_restart"},
                      fmt::format("is false, but one of {} replicas can't join the run on its own; "
                                  "write true, or nodes: 1",
                                  cluster.nodes));
  }
}

void endpoint_is_a_url(const Vertex& vertex, Reading& reading) {
  const std::string& url = vertex.endpoint;
  const bool has_scheme = url.starts_with("https://") || url.starts_with("http://");
  if (reading.sound({"vertex.endpoint"}) &&
      (!has_scheme || url.find_first_of(" \t\n?#@") != std::string::npos)) {
    reading.fail_rule({"vertex.endpoint"},
                      "must be a URL such as https://{service}-NAME.p.googleapis.com");
  }
}

}  // namespace

void check_vertex(const Cluster& cluster, Reading& reading) {
  if (cluster.kind != ClusterKind::kVertex || !reading.sound({"kind"})) {
    return;
  }
  says_what_runs_where(cluster.vertex, reading);
  accelerators_have_a_type(cluster, reading);
  runs_are_in_google_storage(cluster, reading);
  labels_are_labels(cluster.vertex, reading);
  secrets_are_in_secret_manager(cluster, reading);
  waits_only_if_flexible(cluster.vertex, reading);
  replicas_start_together(cluster, reading);
  endpoint_is_a_url(cluster.vertex, reading);
}

}  // namespace temper::recipe
