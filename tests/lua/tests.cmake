# The committed pages are what the program generates: trapline reference lua > scripts/lua/REFERENCE.md, and luals >
# scripts/lua/trapline.d.lua.
add_test(NAME lua_reference COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lua/reference-test $<TARGET_FILE:trapline>
         ${CMAKE_SOURCE_DIR}/scripts/lua)
add_test(NAME lua_command_line COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lua/script-test $<TARGET_FILE:trapline>)
