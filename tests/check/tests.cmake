# Readers that we did not write take what the writers wrote.
add_test(NAME check_readers COMMAND ${CMAKE_CURRENT_LIST_DIR}/readers-test $<TARGET_FILE:test_check>)
