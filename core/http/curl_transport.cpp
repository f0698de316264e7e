#include "core/http/curl_transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "core/http/curl_library.h"
#include "core/http/url.h"

namespace temper::http {
namespace {

constexpr long kSlowBytesPerSecond = 1024;
constexpr long kBufferBytes = 512L << 10L;
constexpr std::size_t kMaxIdleHandles = 64;

/// What the callbacks of one exchange fill in and look at.
struct Exchange {
  const Request& request;
  const std::stop_token& stop;
  Response response = {};
  std::size_t num_sent = 0;
  bool too_large = false;
};

std::size_t on_header(const char* data, std::size_t, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  std::string_view line(data, count);
  if (line.starts_with("HTTP/")) {  // of the last answer, after "100 Continue" and the like
    exchange.response.headers = {};
    const std::size_t space = line.find(' ');
    exchange.response.status =
        space == std::string_view::npos ? 0 : std::atoi(line.substr(space + 1).data());
    return count;
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    const auto is_space = [](char letter) {
      return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
    };
    while (!value.empty() && is_space(value.front())) {
      value.remove_prefix(1);
    }
    while (!value.empty() && is_space(value.back())) {
      value.remove_suffix(1);
    }
    exchange.response.headers.add(std::string(line.substr(0, colon)), std::string(value));
  }
  return count;
}

std::size_t on_body(const char* data, std::size_t, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  Response& response = exchange.response;
  if (response.ok() && !exchange.request.into.empty()) {
    if (count > exchange.request.into.size() - response.num_into) {
      exchange.too_large = true;
      return 0;
    }
    std::memcpy(exchange.request.into.data() + response.num_into, data, count);
    response.num_into += count;
    return count;
  }
  if (response.body.size() + count > kMaxBodyBytes) {
    exchange.too_large = true;
    return 0;
  }
  response.body.append(data, count);
  return count;
}

std::size_t on_send(char* data, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  const auto rest = exchange.request.body.subspan(exchange.num_sent);
  const std::size_t length = std::min(size * count, rest.size());
  std::memcpy(data, rest.data(), length);
  exchange.num_sent += length;
  return length;
}

/// libcurl sends again from the start, for example on a connection that the server had closed.
int on_seek(void* context, curl_off_t offset, int origin) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::uint64_t>(offset) > exchange.request.body.size()) {
    return CURL_SEEKFUNC_FAIL;
  }
  exchange.num_sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const Exchange& exchange = *static_cast<Exchange*>(context);
  return exchange.stop.stop_requested() && !exchange.request.cleanup ? 1 : 0;
}

TransportError::Kind kind_of(CURLcode code) {
  using Kind = TransportError::Kind;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return Kind::kConnect;
    case CURLE_OPERATION_TIMEDOUT:
      return Kind::kStalled;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Kind::kTrust;
    case CURLE_ABORTED_BY_CALLBACK:
      return Kind::kCancelled;
    default:
      return Kind::kBroken;
  }
}

using HeaderList = std::unique_ptr<curl_slist, decltype(&::curl_slist_free_all)>;

HeaderList header_list(const CurlLibrary& curl, const Request& request) {
  curl_slist* list = nullptr;
  const auto append = [&](const std::string& line) {
    curl_slist* longer = curl.slist_append(list, line.c_str());
    CHECK(longer != nullptr, "no memory for a header");
    list = longer;
  };
  for (const auto& [name, value] : request.headers.fields()) {
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  append("Expect:");  // do not wait for "100 Continue" before the body
  return {list, curl.slist_free_all};
}

void set_method(const CurlLibrary& curl, CURL* handle, Exchange& exchange) {
  const Request& request = exchange.request;
  if (request.method == "HEAD") {
    curl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool has_body =
      !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_body) {
    curl.easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl.easy_setopt(handle, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl.easy_setopt(handle, CURLOPT_READFUNCTION, on_send);
    curl.easy_setopt(handle, CURLOPT_READDATA, &exchange);
    curl.easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
    curl.easy_setopt(handle, CURLOPT_SEEKDATA, &exchange);
    curl.easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  }
  curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

/// libcurl would read the environment itself; an empty proxy keeps it from that.
void set_route(const CurlLibrary& curl, CURL* handle, const Settings& settings,
               const Request& request) {
  const bool is_https = request.url.starts_with("https:");
  const std::string& proxy = is_https ? settings.https_proxy : settings.http_proxy;
  curl.easy_setopt(handle, CURLOPT_PROXY, request.past_proxy ? "" : proxy.c_str());
  curl.easy_setopt(handle, CURLOPT_NOPROXY, settings.no_proxy.c_str());
  if (!settings.ca_file.empty()) {
    curl.easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
  }
  if (!settings.ca_folder.empty()) {
    curl.easy_setopt(handle, CURLOPT_CAPATH, settings.ca_folder.c_str());
  }
  curl.easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // a key may hold "/../"-like text
  curl.easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl.easy_setopt(handle, CURLOPT_FRESH_CONNECT, request.at_most_once ? 1L : 0L);
}

void set_limits(const CurlLibrary& curl, CURL* handle, const Request& request) {
  curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
  curl.easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                   static_cast<long>(request.stall_timeout.count()));
  curl.easy_setopt(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
}

void set_callbacks(const CurlLibrary& curl, CURL* handle, Exchange& exchange) {
  curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl.easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl.easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  curl.easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl.easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl.easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
}

}  // namespace

CurlTransport::CurlTransport(Settings settings, std::stop_token stop)
    : settings_(std::move(settings)), stop_(std::move(stop)) {}

CurlTransport::~CurlTransport() {
  for (void* handle : idle_) {
    CurlLibrary::loaded().easy_cleanup(handle);
  }
}

void* CurlTransport::take_handle() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      void* handle = idle_.back();
      idle_.pop_back();
      return handle;
    }
  }
  void* handle = CurlLibrary::loaded().easy_init();
  CHECK(handle != nullptr, "libcurl has no memory for a handle");
  return handle;
}

void CurlTransport::return_handle(void* handle) {
  {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMaxIdleHandles) {
      idle_.push_back(handle);
      return;
    }
  }
  CurlLibrary::loaded().easy_cleanup(handle);
}

Response CurlTransport::send(const Request& request) {
  const std::string host = host_of(request.url);
  if (stop_.stop_requested() && !request.cleanup) {
    throw TransportError(TransportError::Kind::kCancelled, host + ": cancelled");
  }
  const CurlLibrary& curl = CurlLibrary::loaded();
  const std::unique_ptr<void, std::function<void(void*)>> handle(
      take_handle(), [this](void* used) { return_handle(used); });
  curl.easy_reset(handle.get());  // options go, connections stay
  Exchange exchange{request, stop_};
  const HeaderList headers = header_list(curl, request);
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl.easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, detail.data());
  curl.easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
  curl.easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  set_method(curl, handle.get(), exchange);
  set_route(curl, handle.get(), settings_, request);
  set_limits(curl, handle.get(), request);
  set_callbacks(curl, handle.get(), exchange);

  const CURLcode code = curl.easy_perform(handle.get());
  if (code == CURLE_OK) {
    return std::move(exchange.response);
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    throw TransportError(TransportError::Kind::kCancelled, host + ": cancelled");
  }
  if (exchange.too_large) {
    throw TransportError(TransportError::Kind::kBroken,
                         host + ": sent more bytes than were asked for",
                         std::move(exchange.response));
  }
  throw TransportError(
      kind_of(code),
      fmt::format("{}: {}", host, detail[0] == '\0' ? curl.easy_strerror(code) : detail.data()),
      std::move(exchange.response));
}

}  // namespace temper::http
