add_executable(domainflowd main.c)
our_code(domainflowd)
target_compile_definitions(domainflowd PRIVATE DOMAINFLOW_VERSION="${PROJECT_VERSION}")
target_link_libraries(domainflowd PRIVATE df_api df_jobs df_campaign df_phase df_net df_rpc df_proto_descriptors df_events df_cache
                                          df_store df_telemetry df_config df_base)
