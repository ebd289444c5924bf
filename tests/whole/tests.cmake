# The whole machine, from request to trace: one program per topic, TOPIC_test.cpp; what they share is in the other files.
file(GLOB whole_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/whole/*_test.cpp)
file(GLOB whole_support CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/whole/*.cpp)
list(REMOVE_ITEM whole_support ${whole_tests})
add_library(trapline_whole_support STATIC ${whole_support})
target_link_libraries(trapline_whole_support PUBLIC trapline_session trapline_views trapline_shuffle_plan
                      trapline_test_main)
foreach(source ${whole_tests})
  get_filename_component(topic ${source} NAME_WE)
  string(REGEX REPLACE "_test$" "" topic ${topic})
  add_executable(test_whole_${topic} ${source})
  target_link_libraries(test_whole_${topic} PRIVATE trapline_whole_support trapline_explain)
  add_test(NAME whole_${topic} COMMAND test_whole_${topic} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
endforeach()
