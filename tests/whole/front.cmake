# The built program as a user meets it.
add_test(NAME report_rebuilt COMMAND ${CMAKE_CURRENT_LIST_DIR}/report-test $<TARGET_FILE:trapline>)
add_test(NAME comparison_rebuilt COMMAND ${CMAKE_CURRENT_LIST_DIR}/compare-test $<TARGET_FILE:trapline>
                                         ${CMAKE_SOURCE_DIR}/engine/spec/costs.def)
add_test(NAME command_line COMMAND ${CMAKE_CURRENT_LIST_DIR}/command-line-test $<TARGET_FILE:trapline>
                                   ${CMAKE_SOURCE_DIR}/guest-kernels/images)
# The prebuilt guests are what their sources make, so that lesson figures do not move with somebody's compiler.
add_test(NAME guest_images COMMAND ${CMAKE_SOURCE_DIR}/guest-kernels/rebuild --check)
set_tests_properties(guest_images PROPERTIES SKIP_RETURN_CODE 77)
