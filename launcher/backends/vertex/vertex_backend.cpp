#include "launcher/backends/vertex/vertex_backend.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/run/json_fields.h"
#include "launcher/backends/job_name.h"
#include "launcher/backends/vertex/custom_job.h"

namespace temper::launch {
namespace {

constexpr std::chrono::seconds kPollInterval{2};

std::string job_text(const JobSpec& spec) {
  return run::dump_file(custom_job(spec));
}

}  // namespace

VertexBackend::VertexBackend(recipe::Cluster cluster, Connect connect)
    : cluster_(std::move(cluster)),
      client_(cluster_.vertex, connect()),
      log_(cluster_.vertex, connect()),
      clock_(client_.client().clock()) {}

std::string VertexBackend::name() const {
  return "vertex";
}

RenderedJob VertexBackend::render(const JobSpec& spec) const {
  const std::string file = run::RunLayout{spec.launch.run_dir}.job("json").string();
  return {{fmt::format("curl --header \"Authorization: Bearer $(gcloud auth print-access-token)\" "
                       "--json {} {}",
                       shell_word("@" + file), VertexClient::jobs_url(cluster_.vertex))},
          {{"job.json", job_text(spec)}}};
}

std::string VertexBackend::submit(const JobSpec& spec) {
  if (const auto there = job_under_way(spec)) {
    return there->id;  // of an earlier submit whose answer was lost
  }
  try {
    return client_.create(job_text(spec)).id;
  } catch (const Error& error) {
    // The answer may be lost although the job was made; a list may lag behind.
    constexpr int kLooks = 3;
    for (int look = 0; look < kLooks; ++look) {
      if (const auto made = job_under_way(spec)) {
        return made->id;
      }
      if (dynamic_cast<const UserError*>(&error) != nullptr) {
        break;  // refused
      }
      clock_.sleep_for(kPollInterval);
    }
    throw UserError(fmt::format(
        "Vertex AI did not take the job: {}; mend it and repeat the command", error.what()));
  }
}

BackendState VertexBackend::state(const run::RunRecord& record) const {
  if (!is_active(record.state)) {
    return {record.state, record.message};
  }
  try {
    return state_of_vertex_job(record, find_job(record));
  } catch (const Error& error) {
    return {record.state, fmt::format("as the run's record says; {}", error.what())};
  }
}

void VertexBackend::cancel(const run::RunRecord& record) {
  const std::optional<VertexJob> job = find_job(record);
  if (!job || !is_under_way(*job)) {
    throw UserError(fmt::format("run {}: {}", record.id, state_of_vertex_job(record, job).note));
  }
  client_.cancel(job->id);  // replicas get SIGTERM and save their state
}

std::chrono::milliseconds VertexBackend::poll_interval() const {
  return kPollInterval;
}

bool VertexBackend::print_log(const run::RunRecord& record, const LogWindow& window,
                              std::ostream& out) const {
  std::optional<VertexJob> job = find_job(record);
  if (!job) {
    throw UserError(
        fmt::format("run {}: Vertex AI knows no job of it, so there is no log", record.id));
  }
  const bool has_replicas = cluster_.nodes > 1 && !window.rank;
  const auto print = [&](const std::vector<LogEntry>& entries) {
    for (const LogEntry& entry : entries) {
      out << (has_replicas ? "[" + entry.replica + "] " : "") << entry.line << "\n";
    }
    out << std::flush;
  };
  LogQuery query{job->id, replica_of(window), window.since};
  NewEntries news;
  print(news.take(query.since ? log_.all(query) : log_.last(query, window.num_lines)));
  if (!window.follow) {
    return true;
  }
  for (bool last = false; !last;) {
    last = !job || !is_under_way(*job);  // what was written until its end is still to come
    clock_.sleep_for(kPollInterval);
    if (const auto begin = news.begin()) {
      query.since = begin;
    }
    print(news.take(log_.all(query)));
    job = client_.get(query.job);
  }
  return true;
}

std::optional<VertexJob> VertexBackend::find_job(const run::RunRecord& record) const {
  return record.job.empty() ? client_.newest(job_name(record.id)) : client_.get(record.job);
}

std::optional<VertexJob> VertexBackend::job_under_way(const JobSpec& spec) const {
  const std::optional<VertexJob> job = client_.newest(job_name(spec.run_id));
  return job && is_under_way(*job) ? job : std::nullopt;
}

std::string VertexBackend::replica_of(const LogWindow& window) const {
  if (!window.rank || cluster_.nodes == 1) {
    return "";
  }
  const std::int64_t ranks_a_node = std::max<std::int64_t>(1, cluster_.ranks / cluster_.nodes);
  const std::int64_t replica = *window.rank / ranks_a_node;
  return replica == 0 ? "workerpool0-0" : fmt::format("workerpool1-{}", replica - 1);
}

}  // namespace temper::launch
