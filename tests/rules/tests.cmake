# Repository rules are programs: each is a script that names every offence and fails.
foreach(rule rooms sizes events format)
  add_test(NAME rule_${rule} COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-${rule} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endforeach()
set_tests_properties(rule_format PROPERTIES SKIP_RETURN_CODE 77)
# A rule that cannot fail is worth nothing: each is also run on a planted offence.
add_test(NAME rules_catch_offences COMMAND ${CMAKE_CURRENT_LIST_DIR}/planted-offences ${CMAKE_SOURCE_DIR}
         WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
