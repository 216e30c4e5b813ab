# Writes OUTPUT: a C++ initialiser {name, text} for each of FILES.
set(text "")
foreach(file IN LISTS FILES)
  file(READ ${file} contents)
  get_filename_component(name ${file} NAME)
  string(APPEND text "{\"${name}\", R\"schedules(${contents})schedules\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
