# A launcher of the compiler for what need only compile:   sh syntax_only.sh compiler ... -o object -c source
# No code is made of the source, and an empty object says that all was well. Precompiled headers are made.
case " $* " in *c++-header*) exec "$@" ;; esac
"$@" -fsyntax-only || exit
while [ "$1" != -o ]; do shift; done
: >"$2"
