# Writes OUTPUT: for each of FILES, in their order, a C++ string literal and a comma.
set(text "")
foreach(file IN LISTS FILES)
  file(READ ${file} contents)
  string(APPEND text "R\"json(${contents})json\",\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
