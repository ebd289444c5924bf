# Pictures of views, and the tool that makes one to look at.
add_executable(panel_shot ${CMAKE_CURRENT_LIST_DIR}/panel_shot.cpp)
target_link_libraries(panel_shot PRIVATE trapline_window_app)
