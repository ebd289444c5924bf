# The real window under real input: an X server without a screen, a mouse and a keyboard that xdotool moves.
add_test(NAME window_input COMMAND ${CMAKE_CURRENT_LIST_DIR}/window-input-test $<TARGET_FILE:trapline>
                                   ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/window-input)
set_tests_properties(window_input PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
