# What an example refuses, and how: run by ctest with PROGRAM, DATA and SCRATCH, a folder of its own.
set(OUT ${SCRATCH}/out)
file(REMOVE_RECURSE ${SCRATCH})
file(MAKE_DIRECTORY ${OUT}/loss.csv)  # a name that no file can take
file(WRITE ${SCRATCH}/file "")

# Runs the program, which must fail with this text on standard error.
function(expect_failure text)
  execute_process(
    COMMAND ${PROGRAM} --data ${DATA} --limit 16 --epochs 1 --out ${OUT} ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_QUIET
    ERROR_VARIABLE errors
  )
  string(FIND "${errors}" "${text}" found)
  if(status EQUAL 0 OR found EQUAL -1)
    message(SEND_ERROR "${ARGN}: expected failure with\n${text}\nfound ${status} with\n${errors}")
  endif()
  set(errors "${errors}" PARENT_SCOPE)
endfunction()

function(expect_out)
  file(GLOB names RELATIVE ${OUT} ${OUT}/* ${OUT}/.*)
  if(NOT names STREQUAL "${ARGN}")
    message(SEND_ERROR "expected ${ARGN} in --out, found ${names}")
  endif()
endfunction()

expect_failure("--seed: expected a whole number from 0 to 18446744073709551615, found -1" --seed -1)
expect_failure("--seed: expected a whole number from 0 to 18446744073709551615, found 1.5" --seed 1.5)
expect_failure("--threads: expected a whole number from 0 to 1024, found -1" --threads -1)
expect_failure("--learning-rate: expected a number above 0, found nan" --learning-rate nan)
expect_out(loss.csv)

# A picture that cannot be written takes no metrics with it.
expect_failure("loss.csv: cannot be written")
expect_out(checkpoint.safetensors loss.csv metrics.json model.safetensors reconstructions.png)

# Whether --out can be written to is known before anything is trained.
set(OUT ${SCRATCH}/file/out)
expect_failure("file/out: cannot be made a folder")
if(IS_DIRECTORY /proc/self)  # where nobody can make a file, not even root
  set(OUT /proc/self)
  expect_failure("/proc/self/.trial: cannot be written")
  if(errors MATCHES "epoch")
    message(SEND_ERROR "expected no training, found\n${errors}")
  endif()
endif()
