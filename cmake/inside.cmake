# The inside set: what lives in the traced process, linked into runtime/tiptoe_runtime.so.
#
# Freestanding C++20 without libc, exceptions, RTTI, guards, or a single vector register (the traced
# program's are never saved, so they must never be touched). tools/check_runtime proves it on the
# linked object. Always -O2, whatever the preset: an unoptimised runtime would use its small stacks up.
set(TIPTOE_INSIDE_FLAGS
    -ffreestanding
    -mgeneral-regs-only
    -mno-red-zone
    -fPIC
    -fvisibility=hidden
    -fno-stack-protector
    -fno-asynchronous-unwind-tables
    -fno-jump-tables
    -fno-strict-aliasing  # memory of the program and of the kernel is read as what it is
    -fno-tree-loop-distribute-patterns  # or base's memcpy becomes a call to itself
    -fcf-protection=none
    -U_FORTIFY_SOURCE
    -O2
    -g)
set(TIPTOE_INSIDE_CXX_FLAGS -fno-exceptions -fno-rtti -fno-threadsafe-statics)

# Sources of the given rooms: every .cpp and .S below src/<room>.
function(tiptoe_sources out)
  set(found)
  foreach(room IN LISTS ARGN)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS ${TIPTOE_SOURCE_ROOT}/${room}/*.cpp
         ${TIPTOE_SOURCE_ROOT}/${room}/*.S)
    list(APPEND found ${files})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(tiptoe_inside_options target)
  target_compile_options(
    ${target}
    PRIVATE ${TIPTOE_WARNINGS} ${TIPTOE_INCLUDES} ${TIPTOE_INSIDE_FLAGS}
            $<$<COMPILE_LANGUAGE:CXX>:${TIPTOE_INSIDE_CXX_FLAGS}>)
endfunction()

tiptoe_sources(TIPTOE_ENGINE_SOURCES base bridge arch sys engine)
tiptoe_sources(TIPTOE_RUNTIME_SOURCES runtime)

# The objects are compiled once and used twice: in the runtime, and in the test programs that run
# the engine in their own process.
if(TIPTOE_ENGINE_SOURCES)
  add_library(tiptoe_inside OBJECT ${TIPTOE_ENGINE_SOURCES})
  tiptoe_inside_options(tiptoe_inside)
endif()

if(TIPTOE_RUNTIME_SOURCES AND TIPTOE_ENGINE_SOURCES)
  set(TIPTOE_RUNTIME_LINKED ${PROJECT_BINARY_DIR}/runtime/tiptoe_runtime.so)
  add_library(tiptoe_runtime MODULE ${TIPTOE_RUNTIME_SOURCES} $<TARGET_OBJECTS:tiptoe_inside>)
  tiptoe_inside_options(tiptoe_runtime)
  set_target_properties(
    tiptoe_runtime PROPERTIES PREFIX "" SUFFIX ".so" LINKER_LANGUAGE CXX
                              LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/runtime)
  # --build-id=none keeps the embedded image the same for the same sources.
  target_link_options(
    tiptoe_runtime
    PRIVATE
    -nostdlib
    -Wl,-Bsymbolic
    -Wl,-z,noexecstack
    -Wl,-z,now
    -Wl,-z,norelro
    -Wl,-z,separate-code
    -Wl,--hash-style=sysv
    -Wl,--no-undefined
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/runtime.map
    -Wl,--build-id=none)
  set_target_properties(tiptoe_runtime PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/runtime.map)
  # What is embedded: the same without debug information, which stays in the one beside it.
  set(TIPTOE_RUNTIME_IMAGE ${PROJECT_BINARY_DIR}/runtime/tiptoe_runtime.image)
  add_custom_command(
    OUTPUT ${TIPTOE_RUNTIME_IMAGE}
    COMMAND ${CMAKE_OBJCOPY} --strip-debug ${TIPTOE_RUNTIME_LINKED} ${TIPTOE_RUNTIME_IMAGE}
    DEPENDS tiptoe_runtime
    COMMENT "Stripping the runtime")
  add_custom_target(tiptoe_runtime_image DEPENDS ${TIPTOE_RUNTIME_IMAGE})
endif()
