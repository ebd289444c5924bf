# The built program as a user meets it.
add_test(NAME report_rebuilt COMMAND ${CMAKE_CURRENT_LIST_DIR}/report-test $<TARGET_FILE:trapline>)
add_test(NAME command_line COMMAND ${CMAKE_CURRENT_LIST_DIR}/command-line-test $<TARGET_FILE:trapline>
                                   ${CMAKE_SOURCE_DIR}/guest-kernels/images)

