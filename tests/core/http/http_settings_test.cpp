#include "core/http/http_settings.h"

#include <gtest/gtest.h>

namespace temper::http {
namespace {

Settings of(std::map<std::string, std::string> variables) {
  return settings_from(Environment(std::move(variables)));
}

TEST(HttpSettingsTest, ProxiesAreThoseThatCurlWouldUse) {
  const Settings settings = of({{"http_proxy", "http://a"},
                                {"HTTPS_PROXY", "http://b"},
                                {"NO_PROXY", "localhost,.example"}});
  EXPECT_EQ(settings.http_proxy, "http://a");
  EXPECT_EQ(settings.https_proxy, "http://b");
  EXPECT_EQ(settings.no_proxy, "localhost,.example");
  EXPECT_EQ(of({{"https_proxy", "http://c"}, {"HTTPS_PROXY", "http://b"}}).https_proxy, "http://c");
  EXPECT_EQ(of({{"ALL_PROXY", "socks5://d"}}).http_proxy, "socks5://d");
  // A web server's request header "Proxy" would end up in HTTP_PROXY (CVE-2016-5385).
  EXPECT_EQ(of({{"HTTP_PROXY", "http://evil"}}).http_proxy, "");
}

TEST(HttpSettingsTest, AuthoritiesComeFromTheUsualPlaces) {
  EXPECT_EQ(of({{"SSL_CERT_FILE", "/a"}}).ca_file, "/a");
  EXPECT_EQ(of({{"AWS_CA_BUNDLE", "/b"}}).ca_file, "/b");
  EXPECT_EQ(of({{"CURL_CA_BUNDLE", ""}, {"REQUESTS_CA_BUNDLE", "/c"}}).ca_file, "/c");
  EXPECT_EQ(of({{"SSL_CERT_DIR", "/d"}}).ca_folder, "/d");
}

}  // namespace
}  // namespace temper::http
