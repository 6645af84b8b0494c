# Finds the libraries of the outside set; docs/DEPENDENCIES.md says what each is for.
#
# All are plain Debian packages, found by header and library name. A missing one is reported with the
# package that brings it, because that is the only thing the reader wants to know.

# tiptoe_dependency(<name> HEADER <header> [LIBRARY <lib>] PACKAGE <debian package>)
# defines the interface target tiptoe_dep_<name>.
function(tiptoe_dependency name)
  cmake_parse_arguments(arg "" "HEADER;LIBRARY;PACKAGE" "" ${ARGN})
  find_path(TIPTOE_${name}_INCLUDE ${arg_HEADER})
  mark_as_advanced(TIPTOE_${name}_INCLUDE)
  if(NOT TIPTOE_${name}_INCLUDE)
    message(FATAL_ERROR "${arg_HEADER} is missing: apt-get install ${arg_PACKAGE} (or run ./dev build)")
  endif()
  add_library(tiptoe_dep_${name} INTERFACE)
  target_include_directories(tiptoe_dep_${name} SYSTEM INTERFACE ${TIPTOE_${name}_INCLUDE})
  if(arg_LIBRARY)
    find_library(TIPTOE_${name}_LIBRARY ${arg_LIBRARY})
    mark_as_advanced(TIPTOE_${name}_LIBRARY)
    if(NOT TIPTOE_${name}_LIBRARY)
      message(FATAL_ERROR "lib${arg_LIBRARY} is missing: apt-get install ${arg_PACKAGE} (or run ./dev build)")
    endif()
    target_link_libraries(tiptoe_dep_${name} INTERFACE ${TIPTOE_${name}_LIBRARY})
  endif()
endfunction()

tiptoe_dependency(zstd HEADER zstd.h LIBRARY zstd PACKAGE libzstd-dev)
tiptoe_dependency(lz4 HEADER lz4.h LIBRARY lz4 PACKAGE liblz4-dev)
tiptoe_dependency(zydis HEADER Zydis/Zydis.h LIBRARY Zydis PACKAGE libzydis-dev)
tiptoe_dependency(dw HEADER elfutils/libdw.h LIBRARY dw PACKAGE libdw-dev)
tiptoe_dependency(elf HEADER libelf.h LIBRARY elf PACKAGE libelf-dev)
tiptoe_dependency(cli11 HEADER CLI/CLI.hpp PACKAGE libcli11-dev)
tiptoe_dependency(json HEADER nlohmann/json.hpp PACKAGE nlohmann-json3-dev)

find_package(Threads REQUIRED)
