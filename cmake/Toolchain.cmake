# Language level, warnings, compiler cache and sanitizers: one place, for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(TEMPER_CCACHE ccache)
if(TEMPER_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths relative to the source folder, so that another clone finds what this one compiled.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TEMPER_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# Sanitizers: "address,undefined" or "thread".
set(TEMPER_SANITIZE "" CACHE STRING "Sanitizers for every target")
if(TEMPER_SANITIZE)
  add_compile_options(-fsanitize=${TEMPER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TEMPER_SANITIZE})
endif()

add_library(temper_warnings INTERFACE)
target_compile_options(temper_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(temper_warnings INTERFACE -Wno-restrict)  # false alarms on std::string, GCC bug 105651
endif()
add_library(temper_strict_warnings INTERFACE)
target_compile_options(temper_strict_warnings INTERFACE -Wconversion)
target_link_libraries(temper_strict_warnings INTERFACE temper_warnings)
