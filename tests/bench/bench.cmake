# What scripts/bench runs; built on demand, never by the tests.
add_executable(bench_tour EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/tour.cpp)
target_link_libraries(bench_tour PRIVATE trapline_session)
if(TRAPLINE_WINDOW)
  add_executable(bench_timeline EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/timeline.cpp
                                                 ${CMAKE_CURRENT_LIST_DIR}/big_trace.cpp)
  target_include_directories(bench_timeline PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(bench_timeline PRIVATE trapline_window_rows trapline_session)
  add_executable(bench_frame EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/frame.cpp
                                              ${CMAKE_CURRENT_LIST_DIR}/big_trace.cpp)
  target_include_directories(bench_frame PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(bench_frame PRIVATE trapline_window_app trapline_session)
endif()
pkg_check_modules(unicorn QUIET IMPORTED_TARGET unicorn)
if(unicorn_FOUND)
  add_executable(bench_unicorn EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/unicorn.cpp)
  target_link_libraries(bench_unicorn PRIVATE PkgConfig::unicorn)
endif()
