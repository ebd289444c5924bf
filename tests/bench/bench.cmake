# What scripts/bench runs; built on demand, never by the tests.
add_executable(bench_tour EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/tour.cpp)
target_link_libraries(bench_tour PRIVATE trapline_session)
pkg_check_modules(unicorn QUIET IMPORTED_TARGET unicorn)
if(unicorn_FOUND)
  add_executable(bench_unicorn EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/unicorn.cpp)
  target_link_libraries(bench_unicorn PRIVATE PkgConfig::unicorn)
endif()
