# Makes a static library `trapline_ROOM` of every room in rooms.txt and links it to the rooms that its row names.

find_package(PkgConfig REQUIRED)
find_package(zydis REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(lua REQUIRED IMPORTED_TARGET lua5.4-c++) # compiled as C++, so that its errors run destructors
find_package(Threads REQUIRED)

# What each room takes from outside the project.
set(ROOM_LIBRARIES_base OpenSSL::Crypto nlohmann_json::nlohmann_json)
set(ROOM_LIBRARIES_trace PkgConfig::zstd nlohmann_json::nlohmann_json)
set(ROOM_LIBRARIES_isa Zydis::Zydis)
set(ROOM_LIBRARIES_kvm Threads::Threads)
set(ROOM_LIBRARIES_session nlohmann_json::nlohmann_json trapline_shuffle_plan)
set(ROOM_LIBRARIES_lua PkgConfig::lua nlohmann_json::nlohmann_json)
set(ROOM_LIBRARIES_cli CLI11::CLI11)

add_library(trapline_options INTERFACE)
target_include_directories(trapline_options INTERFACE ${CMAKE_SOURCE_DIR}/engine)
target_compile_options(trapline_options INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers
                       -Wno-restrict -Wno-stringop-overflow) # gcc 12 sees both in std::string where there is nothing
if(TRAPLINE_SANITIZE)
  target_compile_options(trapline_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(trapline_options INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(trapline_options INTERFACE TRAPLINE_SANITIZED=1)
endif()

target_compile_definitions(trapline_options INTERFACE TRAPLINE_VERSION="${PROJECT_VERSION}")

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/rooms.txt room_rows REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/rooms.txt)
foreach(row ${room_rows})
  string(REGEX MATCH "^([a-z]+):(.*)$" matched "${row}")
  set(room ${CMAKE_MATCH_1})
  separate_arguments(room_arrows UNIX_COMMAND "${CMAKE_MATCH_2}")
  file(GLOB_RECURSE room_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${room}/*.cpp)
  list(FILTER room_sources EXCLUDE REGEX "/cli/main_without_window\\.cpp$")
  if(room_sources)
    add_library(trapline_${room} STATIC ${room_sources})
    set(kind PUBLIC)
  else()
    add_library(trapline_${room} INTERFACE)
    set(kind INTERFACE)
  endif()
  target_link_libraries(trapline_${room} ${kind} trapline_options ${ROOM_LIBRARIES_${room}})
  foreach(arrow ${room_arrows})
    target_link_libraries(trapline_${room} ${kind} trapline_${arrow})
  endforeach()
endforeach()

# Where guests and labs lie for a built program that is not run from inside the source folder.
target_compile_definitions(trapline_session PRIVATE TRAPLINE_SOURCE_FOLDER="${CMAKE_SOURCE_DIR}")
