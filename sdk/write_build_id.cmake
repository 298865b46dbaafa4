# Writes build_id.hpp from a hash over the names and contents of every public header.
# Arguments: INCLUDE_DIR, TEMPLATE, OUTPUT.
file(GLOB headers RELATIVE ${INCLUDE_DIR} ${INCLUDE_DIR}/almagest/*.hpp)
list(SORT headers)
set(all "")
foreach(header IN LISTS headers)
  file(SHA256 ${INCLUDE_DIR}/${header} hash)
  string(APPEND all "${header} ${hash}\n")
endforeach()
string(SHA256 include_hash "${all}")
string(SUBSTRING ${include_hash} 0 16 include_hash)
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
