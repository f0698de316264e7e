# Finds Arrow C++ and Parquet inside the pyarrow wheel of a virtual environment (.venv, or
# -DTEMPER_VENV=…).
#   PyArrow::parquet  libparquet + libarrow and their headers
set(TEMPER_VENV ${CMAKE_SOURCE_DIR}/.venv CACHE PATH "Virtual environment that holds the torch wheel")
file(GLOB PyArrow_ROOT_DIR ${TEMPER_VENV}/lib/python3*/site-packages/pyarrow)
file(GLOB PyArrow_ARROW_LIBRARY ${PyArrow_ROOT_DIR}/libarrow.so.*)
file(GLOB PyArrow_PARQUET_LIBRARY ${PyArrow_ROOT_DIR}/libparquet.so.*)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PyArrow
  REQUIRED_VARS PyArrow_PARQUET_LIBRARY PyArrow_ARROW_LIBRARY
  REASON_FAILURE_MESSAGE "no pyarrow wheel in ${TEMPER_VENV}, so Parquet files can't be read: run scripts/setup.sh")
if(PyArrow_FOUND AND NOT TARGET PyArrow::parquet)
  add_library(PyArrow::parquet INTERFACE IMPORTED)
  target_include_directories(PyArrow::parquet SYSTEM INTERFACE ${PyArrow_ROOT_DIR}/include)
  target_link_libraries(PyArrow::parquet INTERFACE ${PyArrow_PARQUET_LIBRARY} ${PyArrow_ARROW_LIBRARY})
  target_link_options(PyArrow::parquet INTERFACE -Wl,-rpath,${PyArrow_ROOT_DIR})
endif()
