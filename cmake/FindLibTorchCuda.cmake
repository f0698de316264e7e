# Finds CUDA and NCCL beside LibTorch, where the torch wheel of the virtual environment is the one with CUDA
# (scripts/setup.sh --cuda). The nvidia packages that the wheel names carry headers and libraries; no CUDA toolkit
# and no driver is needed to build. Not found with the CPU wheel.
#   LibTorch::cuda          libtorch_cuda, libc10_cuda, NCCL and the CUDA runtime
#   LibTorch::cuda_headers  their headers and LibTorch's
set(TEMPER_VENV ${CMAKE_SOURCE_DIR}/.venv CACHE PATH "Virtual environment that holds the torch wheel")
file(GLOB _packages ${TEMPER_VENV}/lib/python3*/site-packages)
set(_nvidia ${_packages}/nvidia)
find_library(LibTorchCuda_TORCH_LIBRARY torch_cuda PATHS ${_packages}/torch/lib NO_DEFAULT_PATH)
find_library(LibTorchCuda_C10_LIBRARY c10_cuda PATHS ${_packages}/torch/lib NO_DEFAULT_PATH)
file(GLOB LibTorchCuda_NCCL_LIBRARY ${_nvidia}/nccl/lib/libnccl.so.*)
file(GLOB LibTorchCuda_RUNTIME_LIBRARY ${_nvidia}/cu*/lib/libcudart.so.*)
# nvidia-cuda-crt and nvidia-cuda-cccl are not among the wheel's own needs: without them no header compiles.
find_path(LibTorchCuda_INCLUDE_DIR crt/host_defines.h PATHS ${_nvidia}/cu13/include NO_DEFAULT_PATH)
find_path(LibTorchCuda_CCCL_INCLUDE_DIR cuda/std/version PATHS ${_nvidia}/cu13/include/cccl NO_DEFAULT_PATH)
find_path(LibTorchCuda_NCCL_INCLUDE_DIR nccl.h PATHS ${_nvidia}/nccl/include NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorchCuda
  REQUIRED_VARS LibTorchCuda_TORCH_LIBRARY LibTorchCuda_C10_LIBRARY LibTorchCuda_NCCL_LIBRARY
                LibTorchCuda_RUNTIME_LIBRARY LibTorchCuda_INCLUDE_DIR LibTorchCuda_CCCL_INCLUDE_DIR
                LibTorchCuda_NCCL_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "the torch wheel in ${TEMPER_VENV} has no CUDA, or the nvidia packages are not complete: for GPUs run scripts/setup.sh --cuda")
if(LibTorchCuda_FOUND AND NOT TARGET LibTorch::cuda)
  add_library(LibTorch::cuda_headers INTERFACE IMPORTED)
  target_include_directories(LibTorch::cuda_headers SYSTEM INTERFACE
    ${LibTorchCuda_INCLUDE_DIR} ${LibTorchCuda_CCCL_INCLUDE_DIR} ${LibTorchCuda_NCCL_INCLUDE_DIR}
    ${_packages}/torch/include/torch/csrc/api/include)  # of ProcessGroupNCCL.hpp's own includes
  target_link_libraries(LibTorch::cuda_headers INTERFACE LibTorch::headers)
  target_compile_definitions(LibTorch::cuda_headers INTERFACE USE_C10D_NCCL)
  add_library(LibTorch::cuda INTERFACE IMPORTED)
  # libtorch_cuda registers the GPU's kernels when it is loaded: it is needed though nothing may call it.
  target_link_libraries(LibTorch::cuda INTERFACE
    "-Wl,--push-state,--no-as-needed,${LibTorchCuda_TORCH_LIBRARY},--pop-state"
    ${LibTorchCuda_C10_LIBRARY} ${LibTorchCuda_NCCL_LIBRARY}
    ${LibTorchCuda_RUNTIME_LIBRARY} LibTorch::torch)
  get_filename_component(_runtime_folder ${LibTorchCuda_RUNTIME_LIBRARY} DIRECTORY)
  get_filename_component(_nccl_folder ${LibTorchCuda_NCCL_LIBRARY} DIRECTORY)
  # libtorch_cuda finds its many libraries by its own rpath, which the linker doesn't follow.
  target_link_options(LibTorch::cuda INTERFACE -Wl,--unresolved-symbols=ignore-in-shared-libs
    -Wl,-rpath,${_runtime_folder} -Wl,-rpath,${_nccl_folder})
endif()
