# Unicorn answers for what cannot run natively; without it those tests are left out and say so. bench_cpu is no test.
add_executable(bench_cpu ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_cpu.cpp ${CMAKE_CURRENT_SOURCE_DIR}/cpu/flat_machine.cpp)
target_link_libraries(bench_cpu PRIVATE trapline_cpu)
target_include_directories(bench_cpu PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})

pkg_check_modules(unicorn QUIET IMPORTED_TARGET unicorn)
if(unicorn_FOUND)
  target_link_libraries(test_cpu PRIVATE PkgConfig::unicorn)
  target_compile_definitions(test_cpu PRIVATE TRAPLINE_HAS_UNICORN=1)
endif()
