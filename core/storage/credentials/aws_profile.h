#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/environment.h"

namespace temper::storage {

/// One profile's settings, of both shared files; names in lower case.
using AwsProfile = std::map<std::string, std::string>;

/// Sections and their settings of an AWS config or credentials file ("[default]", "[profile x]",
/// "name = value", comments with # and ;). Nested settings (indented lines) are passed over.
/// UserError "origin:line" for anything else.
std::map<std::string, AwsProfile> parse_aws_file(std::string_view text, const std::string& origin);

/// The profile that AWS_PROFILE names ("default" without it), from AWS_CONFIG_FILE (~/.aws/config)
/// and AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials); the latter wins. Empty if there are no
/// files; UserError if AWS_PROFILE names a profile that neither has.
AwsProfile load_aws_profile(const Environment& environment);

/// The profile's name for messages and look-ups.
std::string aws_profile_name(const Environment& environment);

}  // namespace temper::storage
