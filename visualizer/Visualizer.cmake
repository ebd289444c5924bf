# Makes a static library `trapline_window_ROOM` of every room in rooms.txt and links it to what its row names.
# The window is a luxury: without Dear ImGui or GLFW the engine and the command line are built all the same.

set(TRAPLINE_WINDOW ON)
find_package(Freetype QUIET)
find_package(glfw3 QUIET)
pkg_check_modules(imgui QUIET IMPORTED_TARGET imgui)
pkg_check_modules(png QUIET IMPORTED_TARGET libpng)
pkg_check_modules(md4c QUIET IMPORTED_TARGET md4c)
set(window_lacks "")
foreach(library imgui glfw3 png Freetype md4c)
  if(NOT ${library}_FOUND)
    list(APPEND window_lacks ${library})
  endif()
endforeach()
if(window_lacks)
  list(JOIN window_lacks ", " window_lacks)
  message(STATUS "No ${window_lacks}: `trapline view` (the window and its screenshots) is left out; the rest is built")
  set(TRAPLINE_WINDOW OFF)
  return()
endif()

# Debian's imgui.pc names only stb: what the static library needs besides comes after it.
add_library(imgui::imgui INTERFACE IMPORTED)
target_link_libraries(imgui::imgui INTERFACE PkgConfig::imgui Freetype::Freetype ${CMAKE_DL_LIBS})

# What a word in a row stands for (Dear ImGui's GLFW backend lies in the same static library, so glfw comes after it),
# and what each room takes from outside besides.
set(WINDOW_WORD_imgui imgui::imgui)
set(WINDOW_WORD_glfw imgui::imgui glfw)
set(WINDOW_LIBRARIES_render PkgConfig::png Freetype::Freetype)
set(WINDOW_LIBRARIES_model Threads::Threads)
set(WINDOW_LIBRARIES_lesson PkgConfig::md4c)

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/rooms.txt window_rows REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/rooms.txt)
foreach(row ${window_rows})
  string(REGEX MATCH "^([a-z]+):(.*)$" matched "${row}")
  set(room ${CMAKE_MATCH_1})
  separate_arguments(room_arrows UNIX_COMMAND "${CMAKE_MATCH_2}")
  file(GLOB_RECURSE room_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${room}/*.cpp)
  list(FILTER room_sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT room_sources)
    continue()
  endif()
  add_library(trapline_window_${room} STATIC ${room_sources})
  target_include_directories(trapline_window_${room} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(trapline_window_${room} PUBLIC trapline_options ${WINDOW_LIBRARIES_${room}})
  foreach(arrow ${room_arrows})
    if(DEFINED WINDOW_WORD_${arrow})
      target_link_libraries(trapline_window_${room} PUBLIC ${WINDOW_WORD_${arrow}})
    elseif(arrow MATCHES "^engine/(.*)$")
      target_link_libraries(trapline_window_${room} PUBLIC trapline_${CMAKE_MATCH_1})
    elseif(TARGET trapline_window_${arrow})
      target_link_libraries(trapline_window_${room} PUBLIC trapline_window_${arrow})
    endif()
  endforeach()
endforeach()

# Loops over pixels gain from vectors; integers give the same bytes either way.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/render/raster.cpp
                            PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)
