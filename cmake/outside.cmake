# The outside set: the command and its rooms, one static library each.
#
# A room may link only what ARCHITECTURE.md's order lets it include; tools/check_layers checks the
# includes themselves. A room without sources is an interface library, so that the order stands
# from the first day.

function(tiptoe_outside_options target)
  target_compile_options(${target} PRIVATE ${TIPTOE_WARNINGS})
  if(TIPTOE_ASAN)
    # GCC 12 takes <regex>'s states for uninitialized once they are instrumented.
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
              -Wno-maybe-uninitialized)
    target_compile_options(${target} PRIVATE ${flags})
    target_link_options(${target} PRIVATE -fsanitize=address,undefined)
  endif()
endfunction()

# tiptoe_room(<room> SOURCES ... DEPENDS ...): the library tiptoe_<room>.
function(tiptoe_room room)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  if(arg_SOURCES)
    add_library(tiptoe_${room} STATIC ${arg_SOURCES})
    target_compile_options(tiptoe_${room} PUBLIC ${TIPTOE_INCLUDES})
    target_link_libraries(tiptoe_${room} PUBLIC ${arg_DEPENDS})
    tiptoe_outside_options(tiptoe_${room})
  else()
    add_library(tiptoe_${room} INTERFACE)
    target_compile_options(tiptoe_${room} INTERFACE ${TIPTOE_INCLUDES})
    target_link_libraries(tiptoe_${room} INTERFACE ${arg_DEPENDS})
  endif()
endfunction()

# base and arch once more, with the ordinary flags. The inside set's own memcpy and friends stay out:
# here there is a libc.
tiptoe_sources(arch_sources base arch)
list(FILTER arch_sources EXCLUDE REGEX "/src/base/memory\\.cpp$")
tiptoe_room(arch SOURCES ${arch_sources})

tiptoe_sources(trace_sources trace)
tiptoe_room(trace SOURCES ${trace_sources} DEPENDS tiptoe_arch tiptoe_dep_zstd tiptoe_dep_lz4)

tiptoe_sources(inject_sources inject)
if(NOT TARGET tiptoe_runtime)
  list(FILTER inject_sources EXCLUDE REGEX "/runtime_image\\.S$")  # nothing to embed yet
endif()
tiptoe_room(inject SOURCES ${inject_sources} DEPENDS tiptoe_arch tiptoe_dep_elf)
if(TARGET tiptoe_runtime AND EXISTS ${TIPTOE_SOURCE_ROOT}/inject/runtime_image.S)
  set_source_files_properties(
    ${TIPTOE_SOURCE_ROOT}/inject/runtime_image.S
    PROPERTIES COMPILE_DEFINITIONS "TIPTOE_RUNTIME_IMAGE=\"${TIPTOE_RUNTIME_IMAGE}\""
               OBJECT_DEPENDS ${TIPTOE_RUNTIME_IMAGE})
  add_dependencies(tiptoe_inject tiptoe_runtime_image)
endif()

tiptoe_sources(record_sources record)
tiptoe_room(record SOURCES ${record_sources} DEPENDS tiptoe_inject tiptoe_trace Threads::Threads)

tiptoe_sources(check_sources check)
tiptoe_room(check SOURCES ${check_sources} DEPENDS tiptoe_record tiptoe_dep_zydis)

tiptoe_sources(symbol_sources symbol)
tiptoe_room(symbol SOURCES ${symbol_sources} DEPENDS tiptoe_trace tiptoe_dep_dw tiptoe_dep_elf
            tiptoe_dep_zydis)

tiptoe_sources(analysis_sources analysis)
tiptoe_room(analysis SOURCES ${analysis_sources} DEPENDS tiptoe_symbol tiptoe_dep_zydis)

tiptoe_sources(export_sources export)
tiptoe_room(export SOURCES ${export_sources} DEPENDS tiptoe_analysis tiptoe_dep_json)

# The command: everything of cli but main.cpp is a library, so that tests can link it.
tiptoe_sources(cli_sources cli)
list(FILTER cli_sources EXCLUDE REGEX "/src/cli/main\\.cpp$")
tiptoe_room(cli SOURCES ${cli_sources} DEPENDS tiptoe_export tiptoe_check tiptoe_dep_cli11
            tiptoe_dep_json)

file(GLOB main_source CONFIGURE_DEPENDS ${TIPTOE_SOURCE_ROOT}/cli/main.cpp)
if(main_source)
  add_executable(tiptoe ${main_source})
  target_link_libraries(tiptoe PRIVATE tiptoe_cli)
  target_compile_definitions(tiptoe PRIVATE TIPTOE_VERSION="${PROJECT_VERSION}")
  tiptoe_outside_options(tiptoe)
  set_target_properties(tiptoe PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  install(TARGETS tiptoe RUNTIME DESTINATION bin)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/man/tiptoe.1 DESTINATION share/man/man1)
endif()
