# Pictures of views, and the tools that make one to look at and compare two.
add_executable(panel_shot ${CMAKE_CURRENT_LIST_DIR}/panel_shot.cpp)
target_link_libraries(panel_shot PRIVATE trapline_window_app)

add_executable(picture_tool ${CMAKE_CURRENT_LIST_DIR}/picture_tool.cpp ${CMAKE_CURRENT_LIST_DIR}/made_with.cpp)
target_link_libraries(picture_tool PRIVATE trapline_window_render trapline_base)
target_include_directories(picture_tool PRIVATE ${CMAKE_CURRENT_LIST_DIR}/..)

file(GLOB picture_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
list(FILTER picture_sources EXCLUDE REGEX "/(panel_shot|picture_tool)\\.cpp$")
add_executable(test_window_pictures ${picture_sources})
target_link_libraries(test_window_pictures PRIVATE trapline_window_app trapline_session trapline_test_main)
target_include_directories(test_window_pictures PRIVATE ${CMAKE_CURRENT_LIST_DIR}/..)
target_compile_definitions(test_window_pictures PRIVATE
                           TRAPLINE_APPROVED_PICTURES="${CMAKE_CURRENT_LIST_DIR}/approved")
add_test(NAME window_pictures COMMAND test_window_pictures WORKING_DIRECTORY ${CMAKE_BINARY_DIR})

# The pictures of README and the lessons, made again.
add_test(NAME lesson_pictures COMMAND ${CMAKE_CURRENT_LIST_DIR}/lesson-pictures-test $<TARGET_FILE:trapline>
                                      $<TARGET_FILE:picture_tool> ${CMAKE_SOURCE_DIR}
         WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(lesson_pictures PROPERTIES SKIP_RETURN_CODE 77)
