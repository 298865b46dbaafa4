# almagest_add_plugin(NAME SOURCES file… [LINK target…] [TESTS file…])
#
# Builds the plugin NAME.so: one exported symbol, no undefined ones. TESTS become the test program NAME_test,
# made of the same objects, so that a test sees what the plugin keeps to itself. The same function serves the
# Almagest tree and, through find_package(almagest), any project outside it.
function(almagest_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK;TESTS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "almagest_add_plugin(${name}): SOURCES … are needed; not understood: ${arg_UNPARSED_ARGUMENTS}")
  endif()

  add_library(${name}_objects OBJECT ${arg_SOURCES})
  set_target_properties(${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${name}_objects PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name}_objects PUBLIC almagest::almagest ${arg_LINK})
  if(TARGET almagest_warnings)
    target_link_libraries(${name}_objects PRIVATE almagest_warnings)
    add_dependencies(${name}_objects almagest_build_id)
  endif()

  add_library(${name}_plugin MODULE)
  target_link_libraries(${name}_plugin PRIVATE ${name}_objects)
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_link_options(${name}_plugin PRIVATE -Wl,--no-undefined -Wl,--version-script=${map})
  set_target_properties(${name}_plugin PROPERTIES PREFIX "" OUTPUT_NAME ${name} LINK_DEPENDS ${map}
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/almagest/plugins
                        INSTALL_RPATH "$ORIGIN/../..")
  install(TARGETS ${name}_plugin LIBRARY DESTINATION lib/almagest/plugins)

  if(arg_TESTS AND (NOT DEFINED ALMAGEST_TESTS OR ALMAGEST_TESTS))
    find_package(doctest REQUIRED)
    add_executable(${name}_test ${arg_TESTS} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/doctest_main.cpp)
    target_link_libraries(${name}_test PRIVATE ${name}_objects doctest::doctest)
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME plugin.${name} COMMAND ${name}_test)
  endif()
endfunction()
