#include "trainer/device/device_report.h"

namespace temper::device {

DeviceReport report_devices() {
  return {};
}

std::string library_versions() {
  return "LibTorch " TEMPER_LIBTORCH_VERSION ", no CUDA";
}

}  // namespace temper::device
