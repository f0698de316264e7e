#include "trainer/comm/message_json.h"

namespace temper::comm {

std::string dump_message(const nlohmann::ordered_json& message) {
  return message.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace temper::comm
