# The awkward protos of tests/unit/proto/data, generated like the contract but under our own warnings: what the plugin
# writes must be clean even where the build does not insist on it.
set(data ${CMAKE_CURRENT_LIST_DIR}/data)
proto_library(test_protos ROOTS ${data} ${PROJECT_SOURCE_DIR}/proto FILES awkward/v1/awkward.proto awkward/v1/parts.proto
              PUBLIC_SERVICES awkward.v1.Other TABLE awkward_methods DOORS df_proto_messages)
foreach(target test_protos test_protos_client)
  target_compile_options(${target} PRIVATE ${OUR_WARNINGS})
endforeach()
unit_tests(proto DOORS test_protos test_protos_client df_descriptor)
target_compile_definitions(proto_test_plugin PRIVATE
  PROTOC="${PROTOC}" PLUGIN="$<TARGET_FILE:protoc-gen-grpc-c>" GENERATED_DIR="${CMAKE_CURRENT_BINARY_DIR}/test_protos_gen"
  PROTO_DIR="${PROJECT_SOURCE_DIR}/proto")
add_dependencies(proto_test_plugin protoc-gen-grpc-c)
unit_tests(client DOORS test_protos test_protos_client)
foreach(name test_calls test_tls)
  target_sources(client_${name} PRIVATE unit/client/mini_server.c)
  # libgrpc and abseil are not instrumented; without this the thread sanitizer reports every hand-over inside them.
  set_tests_properties(unit/client/${name} PROPERTIES ENVIRONMENT TSAN_OPTIONS=ignore_noninstrumented_modules=1)
endforeach()
target_compile_definitions(client_test_exports PRIVATE LIBRARY="$<TARGET_FILE:domainflow>")
add_dependencies(client_test_exports domainflow)
