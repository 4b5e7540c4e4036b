# find_package(rt0), then target_link_libraries(app PRIVATE rt0::rt0): app becomes a static PIE on rt0.
get_filename_component(_rt0_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET rt0::rt0)
  add_library(rt0::rt0 INTERFACE IMPORTED)
  set_target_properties(rt0::rt0 PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_rt0_prefix}/include"
    INTERFACE_COMPILE_OPTIONS "-fPIE;-fno-omit-frame-pointer;-fstack-clash-protection"
    INTERFACE_LINK_OPTIONS "-static-pie;-nostartfiles;LINKER:--gc-sections"
    INTERFACE_LINK_LIBRARIES "-L${_rt0_prefix}/lib;-lrt0")
endif()
unset(_rt0_prefix)
