#!/bin/sh
# The digest of every scenario is the same in every build and surrounding; a planted leak is found and named.
#   tests/determinism.sh [SEEDS]     default 50
set -eu
cd "$(dirname "$0")/.."
seeds=${1:-50}
out=build/determinism
rm -rf "$out"
mkdir -p "$out"

cmake -S . -B build-gcc-o0 -G Ninja -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_C_FLAGS_DEBUG="-O0 -g1" >/dev/null
cmake --build build-gcc-o0 --target millrace
cmake -S . -B build-clang-o2 -G Ninja -DCMAKE_C_COMPILER=clang-14 -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE="-O2 -g1 -ftrivial-auto-var-init=pattern" >/dev/null
cmake --build build-clang-o2 --target millrace

# digests NAME BINARY ARGUMENTS...: the digests of the library go to NAME. The environment is the caller's.
digests() {
    name=$1
    binary=$2
    shift 2
    "$binary" test scenarios/library scenarios/steps tests/functions --seeds "1..$seeds" --no-record --quiet --digests "$out/$name" "$@" >"$out/$name.log" 2>&1 ||
        [ $? -eq 1 ]
    sort "$out/$name" -o "$out/$name"
    if [ -f "$out/reference" ] && ! cmp -s "$out/reference" "$out/$name"; then
        echo "determinism: the digests of '$name' differ from the reference" >&2
        diff "$out/reference" "$out/$name" | head -5 >&2
        exit 6
    fi
    echo "   $name: $(wc -l <"$out/$name") digests"
}

digests reference build/millrace --jobs 1
MALLOC_PERTURB_=85 digests gcc-O0 build-gcc-o0/millrace --arena-fill 85
MALLOC_PERTURB_=170 TZ=Asia/Kathmandu LANG=tr_TR.UTF-8 LC_ALL=C \
    digests clang-O2-pattern build-clang-o2/millrace --arena-fill 170
digests second-base build/millrace --arena-base second
digests three-workers build/millrace --jobs 3
if command -v setarch >/dev/null 2>&1; then
    setarch -R true 2>/dev/null && digests_without_aslr() { setarch -R "$@"; } &&
        setarch -R build/millrace test scenarios/library scenarios/steps tests/functions --seeds "1..$seeds" --no-record --quiet --digests "$out/no-aslr" >"$out/no-aslr.log" 2>&1
    if [ -f "$out/no-aslr" ]; then
        sort "$out/no-aslr" -o "$out/no-aslr"
        cmp "$out/reference" "$out/no-aslr"
        echo "   without ASLR: $(wc -l <"$out/no-aslr") digests"
    fi
fi

# Another directory: paths must not matter.
elsewhere=$(mktemp -d)
cp -R scenarios "$elsewhere/"
mkdir "$elsewhere/tests"
cp -R tests/functions "$elsewhere/tests/"
binary=$PWD/build/millrace
(cd "$elsewhere" && "$binary" test scenarios/library scenarios/steps tests/functions --seeds "1..$seeds" --no-record --quiet --digests digests >/dev/null 2>&1)
sort "$elsewhere/digests" >"$out/elsewhere"
cmp "$out/reference" "$out/elsewhere"
rm -rf "$elsewhere"
echo "   another directory: $(wc -l <"$out/elsewhere") digests"

# Alone and after a hundred others.
build/millrace test scenarios/library scenarios/steps tests/functions --seeds "$seeds..$seeds" --no-record --quiet --jobs 1 --digests "$out/alone" >/dev/null 2>&1
build/millrace test scenarios/library scenarios/steps tests/functions --seeds "1..$((seeds > 101 ? seeds : 101))" --no-record --quiet --jobs 1 --digests "$out/after" >/dev/null 2>&1
while read -r line; do
    grep -qxF "$line" "$out/after" || {
        echo "determinism: alone a seed is '$line', after a hundred others it is not" >&2
        exit 6
    }
done <"$out/alone"
echo "   alone and after 100 others: $(wc -l <"$out/alone") digests"

echo "   every seed in two processes that differ, and the universe test"
build/millrace test scenarios/library scenarios/steps tests/functions --seeds "1..$seeds" --twice --no-record --quiet >/dev/null
# Not those whose functions run in CPython: its memory does not go back in time.
grep -L "airport-pauses" scenarios/library/*.yaml >"$out/goes-back"
xargs build/millrace test --seeds "1..10" --universe 20 --no-record --quiet <"$out/goes-back" >/dev/null

echo "   a planted leak is found and named"
cmake -S . -B build-leak -G Ninja -DMR_PLANT_LEAK=ON >/dev/null
cmake --build build-leak --target millrace
status=0
build-leak/millrace test scenarios/library --seeds 1..2 --twice --no-record >"$out/leak" 2>&1 || status=$?
[ "$status" -eq 6 ] || {
    echo "determinism: the planted leak was not found (exit $status)" >&2
    exit 1
}
grep -q "first divergent event" "$out/leak"
