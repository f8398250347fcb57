# room(<name> [RECURSE] [DOORS lib...]): one folder of C files (RECURSE: with its subfolders) becomes one static
# library, df_<name>.
# DOORS is the complete list of what the room may use; a new dependency shows up here, in review.
#
# our_code(<target>): the warnings, sanitizers and hardening every target of our own gets. Generated code gets
# generated_code(<target>) instead: sanitizers and hardening, no warnings.

set(OUR_WARNINGS
    -Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings
    -Wvla -Wundef -Wimplicit-fallthrough -Wswitch-enum -Werror)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # -Wcast-qual: clang also reports it for protobuf-c's __INIT macros, which come from a system directory.
  list(APPEND OUR_WARNINGS -Wcast-qual -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
endif()

set(HARDENING_COMPILE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -fno-strict-overflow)
set(HARDENING_LINK -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,--as-needed)

function(generated_code target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  # Scores must be bit-identical whatever the optimiser does: no fused multiply-add behind our back.
  target_compile_options(${target} PRIVATE -fno-strict-aliasing -ffp-contract=off)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  if(DOMAINFLOW_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${DOMAINFLOW_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=undefined)
    target_link_options(${target} PUBLIC -fsanitize=${DOMAINFLOW_SANITIZE})
  elseif(DOMAINFLOW_HARDEN)
    target_compile_options(${target} PRIVATE ${HARDENING_COMPILE})
    target_link_options(${target} PRIVATE ${HARDENING_LINK})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      target_compile_options(${target} PRIVATE -fPIE)
      target_link_options(${target} PRIVATE -pie)
    endif()
  endif()
  if(DOMAINFLOW_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

function(our_code target)
  generated_code(${target})
  target_compile_options(${target} PRIVATE ${OUR_WARNINGS})
endfunction()

function(room name)
  cmake_parse_arguments(ROOM "RECURSE" "" "DOORS" ${ARGN})
  if(ROOM_RECURSE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  endif()
  add_library(df_${name} STATIC ${sources})
  our_code(df_${name})
  target_include_directories(df_${name} PUBLIC ${PROJECT_SOURCE_DIR}/server)
  target_link_libraries(df_${name} PUBLIC ${ROOM_DOORS})
endfunction()
