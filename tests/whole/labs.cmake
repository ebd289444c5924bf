# Each lab is a test of its own: solutions, right and wrong answers, the exercise as shipped. See labs/run-lab-tests.
file(GLOB lab_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/labs/[0-9][0-9]-*)
foreach(folder ${lab_tests})
  get_filename_component(lab ${folder} NAME)
  add_test(NAME lab_${lab} COMMAND ${CMAKE_SOURCE_DIR}/tests/labs/run-lab-tests $<TARGET_FILE:trapline> ${lab})
endforeach()
# What teachers, learners and graders type.
add_test(NAME labs_command_line COMMAND ${CMAKE_CURRENT_LIST_DIR}/labs-test $<TARGET_FILE:trapline> ${CMAKE_SOURCE_DIR})
