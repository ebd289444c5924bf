# The micro-benchmark of one event; built on demand by scripts/bench, never by the tests.
add_executable(bench_event EXCLUDE_FROM_ALL ${CMAKE_CURRENT_SOURCE_DIR}/bench/event.cpp)
target_link_libraries(bench_event PRIVATE trapline_trace)
