# Installs Millrace into a fresh prefix, builds the example against it and runs it.
set(prefix ${BUILD}/example-driver/prefix)
set(example ${BUILD}/example-driver/build)
file(REMOVE_RECURSE ${BUILD}/example-driver)

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
    message("${out}")
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "failed (${code}): ${ARGN}")
    endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(${CMAKE_COMMAND} -G ${GENERATOR} -DCMAKE_C_COMPILER=${COMPILER}
    -S ${CMAKE_CURRENT_LIST_DIR} -B ${example})
run(${CMAKE_COMMAND} --build ${example})
run(${example}/late_clicks)
