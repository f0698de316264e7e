# Finds LibTorch inside the torch wheel of a virtual environment (.venv, or -DTEMPER_VENV=…).
# The wheel's own TorchConfig.cmake wants a CUDA toolkit or a Caffe2 build tree; headers and three
# libraries are all that is needed.
#   LibTorch::torch    libtorch_cpu + libc10
#   LibTorch::headers  their headers, apart: they bring a fmt of their own (v12), so a target that
#                      includes them must not include Debian's fmt
#   LibTorch_VERSION  e.g. 2.13.0
set(TEMPER_VENV ${CMAKE_SOURCE_DIR}/.venv CACHE PATH "Virtual environment that holds the torch wheel")
file(GLOB _torch_roots ${TEMPER_VENV}/lib/python3*/site-packages/torch)
list(LENGTH _torch_roots _count)
if(_count EQUAL 1)
  set(LibTorch_ROOT_DIR ${_torch_roots})
  file(STRINGS ${LibTorch_ROOT_DIR}/version.py _line REGEX "^__version__")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LibTorch_VERSION "${_line}")
endif()
find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS ${LibTorch_ROOT_DIR}/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS ${LibTorch_ROOT_DIR}/lib NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "no torch wheel in ${TEMPER_VENV}: run scripts/setup.sh, or build only the launcher with -DTEMPER_TRAINER=OFF")
if(LibTorch_FOUND AND NOT TARGET LibTorch::torch)
  add_library(LibTorch::torch INTERFACE IMPORTED)
  add_library(LibTorch::headers INTERFACE IMPORTED)
  target_include_directories(LibTorch::headers SYSTEM INTERFACE ${LibTorch_ROOT_DIR}/include)
  target_link_libraries(LibTorch::torch INTERFACE ${LibTorch_CPU_LIBRARY} ${LibTorch_C10_LIBRARY})
  target_link_options(LibTorch::torch INTERFACE -Wl,-rpath,${LibTorch_ROOT_DIR}/lib)
endif()
