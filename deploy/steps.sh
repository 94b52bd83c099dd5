# Sourced by the scripts: how they say what they do.

# step WORDS COMMAND…: says the words, runs the command with its output in target/steps.log, says how
# long it took. On a failure shows the end of that output. Slow steps show that they are alive.
step() {
  local words=$1 began=$SECONDS log status=0
  shift
  mkdir -p target
  log=target/steps.log
  printf '%s …' "$words"
  "$@" > "$log" 2>&1 &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    if [ $(((SECONDS - began) % 30)) = 29 ]; then printf ' %ds' $((SECONDS - began)); fi
  done
  wait "$pid" || status=$?
  if [ "$status" != 0 ]; then
    printf ' failed after %d s:\n' $((SECONDS - began))
    tail -n 40 "$log" >&2
    exit "$status"
  fi
  printf ' done in %d s\n' $((SECONDS - began))
}

stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

# at_least HAVE NEED, as versions
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}
