#!/usr/bin/env bash
# Apache Kafka (KRaft, one node or three) and redis-server for development, tests and benches.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: ops/cluster.sh COMMAND [--dir DIR] [--only kafka|redis] [--wipe] [--ttl SECONDS] [--nodes 1|3] [--node N] [--advertise PORT,...] [--set NAME=VALUE]... [--no-aof]

  start           start what is not running, wait until it answers, write DIR/env
  stop            end what this script started; --wipe also deletes its data
  status          say what runs; exit 1 when something of it does not
  restart-kafka, restart-redis    end it properly and start it again: same port, same data
  kill-kafka, kill-redis          SIGKILL it; a later start brings it back: same port, same data
                                  (of several nodes: one with --node, else all)
  env             print DIR/env (HEADROOM_KAFKA, HEADROOM_REDIS, process ids, HEADROOM_KAFKA_LIBS: the jars, which hold Kafka's own
                  tools), for `. <(ops/cluster.sh env)`

  --dir DIR       where ports, data and logs are kept; one cluster a DIR (default: build/cluster)
  --only WHICH    start only one of the two
  --nodes 1|3     (first start) brokers; of three each holds everything, and a write needs two
  --node N        (kill-kafka, restart-kafka) only this one
  --advertise P,Q (first start) a second listener a node, whose clients are sent to these ports of 127.0.0.1: those of a proxy
  --set NAME=VALUE
                  (first start) a property of the brokers, over that of ops/kafka/server.properties, e.g.
                  authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
                  group.coordinator.rebalance.protocols=classic,consumer
  --no-aof        (start, restart-redis) Redis keeps what was in its last SAVE, and no more
  --ttl SECONDS   (start) it ends and wipes itself when no start was asked for so long: for tests

Environment: HEADROOM_CLUSTER_CPUS  processors to run on, as taskset -c takes them
             HEADROOM_KAFKA_HEAP    heap of a broker, taken whole at its start (default: up to 512m, of three 384m each, as needed)
             HEADROOM_KAFKA_JAVA    more options of the broker's java, e.g. -XX:TieredStopAtLevel=1 where it is restarted often
             HEADROOM_CACHE         where Kafka's jars are kept (default: ~/.cache/headroom)
Exit: 0 done, 1 not running or did not start, 2 bad usage, 3 Java, Maven, Redis or the artifacts are missing.
USAGE
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=$root/build/cluster
only=both
wipe=no
ttl=0
nodes=
node=
advertise=
properties=()
aof=yes

say() { printf '%s\n' "cluster: $*" >&2; }
die() { say "$2"; exit "$1"; }

# ---- processes: a pid is ours while the kernel still gives the start time that was noted with it

start_time() {  # of a pid, in clock ticks since boot; field 22 of stat, counted behind the name in brackets
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  printf '%s' "${20}"
}

running_pid() {  # of kafka | redis | reaper; fails when it does not run
  local pid noted
  read -r pid noted 2>/dev/null <"$dir/$1.pid" || return 1
  [[ $(start_time "$pid") == "$noted" && $(cut -d' ' -f3 <"/proc/$pid/stat") != Z ]] || return 1
  printf '%s' "$pid"
}

launch() {  # name, log file, command...
  local name=$1 log=$2 pin=()
  shift 2
  [[ -z ${HEADROOM_CLUSTER_CPUS:-} ]] || pin=(taskset -c "$HEADROOM_CLUSTER_CPUS")
  setsid "${pin[@]}" "$@" </dev/null >>"$log" 2>&1 9>&- &
  local pid=$!
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$dir/$name.pid"
}

end() {  # name, signal: waits until it is gone, with SIGKILL after 20 s
  local pid tries=0
  pid=$(running_pid "$1") || { rm -f "$dir/$1.pid"; return 0; }
  kill "-$2" "$pid" 2>/dev/null || true
  while running_pid "$1" >/dev/null; do
    (( ++tries == 400 )) && kill -KILL "$pid" 2>/dev/null
    sleep 0.05
  done
  rm -f "$dir/$1.pid"
}

# ---- ports: below the range from which the kernel gives out its own

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  while port=$((12000 + (RANDOM * 32768 + RANDOM) % 18000)); port_taken "$port"; do :; done
  printf '%s' "$port"
}

port_of() {  # name, attempt: the one used before at the first attempt, else a free one
  if [[ $2 == 1 && -s $dir/$1.port ]]; then cat "$dir/$1.port"; else free_port | tee "$dir/$1.port"; fi
}

# ---- Kafka

java_found() {
  command -v java >/dev/null || die 3 'no Java: install default-jre-headless (17)'
  local major
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)
  (( ${major:-0} >= 11 )) || die 3 "Java ${major:-of unknown version} is too old for Kafka 3.9: install default-jre-headless (17)"
}

kafka_libs() {  # the folder with the jars, fetched once a version of the POM
  local pom=$root/ops/kafka/pom.xml name cache
  name=kafka-libs-$(cksum <"$pom" | cut -d' ' -f1)
  for cache in "$root/.cache" "${HEADROOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/headroom}"; do
    [[ -d $cache/$name ]] && { printf '%s' "$cache/$name"; return; }
  done
  command -v mvn >/dev/null || die 3 'no Maven to fetch Kafka with: install maven'
  mkdir -p "$cache"
  (
    flock 8
    [[ -d $cache/$name ]] && exit
    say "fetching Kafka's jars (56 MB, once) to $cache/$name"
    rm -rf "$cache/$name.part"
    mvn -q -B -f "$pom" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$cache/$name.part" >&2 8>&- 9>&- ||
      die 3 'Maven could not fetch Kafka: is its repository reachable?'
    mv "$cache/$name.part" "$cache/$name"
  ) 8>"$cache/$name.lock" || exit $?
  printf '%s' "$cache/$name"
}

# Metadata request, version 1, for no topics: answered with the brokers that take part. By hand, since no tool but bash need be there.
kafka_answers() {
  local reply
  reply=$(
    exec 2>/dev/null
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf '\x00\x00\x00\x0e\x00\x03\x00\x01\x00\x00\x00\x01\xff\xff\x00\x00\x00\x00' >&3
    timeout 2 head -c 12 <&3 | od -An -tu1
  ) || return 1
  set -- $reply
  [[ $# == 12 && ${12} -ge 1 ]]
}

# Node 1 is `kafka`, the others `kafka-2`, `kafka-3`: names of processes, folders and ports.
node_name() { if [[ $1 == 1 ]]; then printf 'kafka'; else printf 'kafka-%s' "$1"; fi; }

node_count() { cat "$dir/nodes" 2>/dev/null || printf '1'; }

# The nodes that a command is for.
nodes_meant() { if [[ -n $node ]]; then printf '%s' "$node"; else seq "$(node_count)"; fi; }

choose_ports() {  # attempt: of every node and its controller, and of the listener behind a proxy
  local i name
  for i in $(seq "$(node_count)"); do
    name=$(node_name "$i")
    port_of "$name" "$1" >/dev/null
    port_of "controller${name#kafka}" "$1" >/dev/null
    [[ ! -s $dir/advertise ]] || port_of "proxied${name#kafka}" "$1" >/dev/null
  done
}

node_properties() {  # node: what ops/kafka/server.properties leaves open
  local name suffix port controller listeners advertised i voters=()
  name=$(node_name "$1") suffix=${name#kafka}
  port=$(cat "$dir/$name.port") controller=$(cat "$dir/controller$suffix.port")
  for i in $(seq "$(node_count)"); do
    suffix=$(node_name "$i") suffix=${suffix#kafka}
    voters+=("$i@127.0.0.1:$(cat "$dir/controller$suffix.port")")
  done
  suffix=${name#kafka}
  listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
  advertised=PLAINTEXT://127.0.0.1:$port
  if [[ -s $dir/advertise ]]; then
    listeners+=,PROXIED://127.0.0.1:$(cat "$dir/proxied$suffix.port")
    advertised+=,PROXIED://127.0.0.1:$(cut -d, -f"$1" "$dir/advertise")
  fi
  printf '%s\n' "node.id=$1" "listeners=$listeners" "advertised.listeners=$advertised" "log.dirs=$dir/$name/data" \
    "controller.quorum.voters=$(IFS=,; printf '%s' "${voters[*]}")"
  if (( $(node_count) > 1 )); then
    printf '%s\n' default.replication.factor=3 min.insync.replicas=2 offsets.topic.replication.factor=3 \
      transaction.state.log.replication.factor=3 transaction.state.log.min.isr=2
  fi
  [[ ! -s $dir/properties ]] || cat "$dir/properties"
}

launch_kafka() {  # node, jars
  local name libs=$2 heap=512m
  name=$(node_name "$1")
  (( $(node_count) == 1 )) || heap=384m
  mkdir -p "$dir/$name"
  { cat "$root/ops/kafka/server.properties"; node_properties "$1"; } >"$dir/$name/server.properties"
  if [[ ! -e $dir/$name/data/meta.properties ]]; then
    # Letters for + and /: an id that began with a dash would be taken for an option.
    [[ -s $dir/cluster_id ]] || head -c 16 /dev/urandom | base64 | tr '+/' 'ps' | tr -d '=' >"$dir/cluster_id"
    java -Xmx128m -cp "$libs/*" kafka.tools.StorageTool format -t "$(cat "$dir/cluster_id")" -c "$dir/$name/server.properties" \
      >"$dir/$name/format.log" 2>&1 || die 1 "formatting failed; see $dir/$name/format.log"
  fi
  # shellcheck disable=SC2086 -- options are words
  launch "$name" "$dir/$name/log" java ${HEADROOM_KAFKA_JAVA:-} -Xms"${HEADROOM_KAFKA_HEAP:-128m}" -Xmx"${HEADROOM_KAFKA_HEAP:-$heap}" -XX:+UseSerialGC \
    -Dlog4j.configuration="file:$root/ops/kafka/log4j.properties" -cp "$libs/*" kafka.Kafka "$dir/$name/server.properties"
}

node_runs() { running_pid "$(node_name "$1")" >/dev/null && kafka_answers "$(cat "$dir/$(node_name "$1").port")"; }

all_nodes() {  # command...: whether it succeeds for each node
  local i
  for i in $(seq "$(node_count)"); do "$@" "$i" || return 1; done
}

node_lives() { running_pid "$(node_name "$1")" >/dev/null; }

end_kafka() {  # signal: the nodes that are meant
  local i
  for i in $(nodes_meant); do end "$(node_name "$i")" "$1"; done
}

start_kafka() {
  [[ -z $nodes || -e $dir/kafka ]] || printf '%s\n' "$nodes" >"$dir/nodes"
  [[ -z $advertise || -e $dir/kafka ]] || printf '%s\n' "$advertise" >"$dir/advertise"
  [[ ${#properties[@]} == 0 || -e $dir/kafka ]] || printf '%s\n' "${properties[@]}" >"$dir/properties"
  all_nodes node_runs && return
  java_found
  local attempt libs i
  libs=$(kafka_libs) || exit $?
  for attempt in 1 2 3 4 5; do
    choose_ports "$attempt"
    for i in $(seq "$(node_count)"); do
      node_runs "$i" && continue
      end "$(node_name "$i")" KILL
      launch_kafka "$i" "$libs"
    done
    local tries=0
    while all_nodes node_lives && (( ++tries < 1200 )); do
      all_nodes node_runs && return
      sleep 0.05
    done
    node=
    end_kafka KILL
  done
  tail -5 "$dir"/kafka*/log >&2 || true
  die 1 "Kafka did not start; see $dir/kafka/log"
}

# ---- Redis

redis_answers() { [[ $(timeout 2 redis-cli -h 127.0.0.1 -p "$1" ping 2>/dev/null) == PONG ]]; }

start_redis() {
  running_pid redis >/dev/null && redis_answers "$(cat "$dir/redis.port")" && return
  end redis KILL
  command -v redis-server >/dev/null || die 3 'no Redis: install redis-server'
  mkdir -p "$dir/redis"
  local attempt
  for attempt in 1 2 3 4 5; do
    # A write beyond a limit of the file size fails then, as on a full disk, and does not end the process (ops/chaos.sh uses it).
    launch redis "$dir/redis/log" env --ignore-signal=XFSZ redis-server --port "$(port_of redis "$attempt")" --bind 127.0.0.1 --dir "$dir/redis" \
      --daemonize no --appendonly "$aof" --appendfsync everysec --save '' --maxmemory-policy noeviction
    local tries=0
    while running_pid redis >/dev/null && (( ++tries < 1200 )); do
      redis_answers "$(cat "$dir/redis.port")" && return
      sleep 0.02
    done
    end redis KILL
  done
  tail -5 "$dir/redis/log" >&2 || true
  die 1 "Redis did not start; see $dir/redis/log"
}

# ---- commands

port_list() {  # kafka | proxied: the addresses of all nodes
  local i name list=()
  for i in $(seq "$(node_count)"); do
    name=$(node_name "$i")
    list+=("127.0.0.1:$(cat "$dir/$1${name#kafka}.port")")
  done
  (IFS=,; printf '%s' "${list[*]}")
}

write_env() {
  {
    if [[ -s $dir/kafka.pid ]]; then
      printf 'HEADROOM_KAFKA=%s\nHEADROOM_KAFKA_PID=%s\nHEADROOM_KAFKA_LIBS=%s\n' "$(port_list kafka)" "$(running_pid kafka)" "$(kafka_libs)"
      [[ ! -s $dir/advertise ]] || printf 'HEADROOM_KAFKA_PROXIED=%s\n' "$(port_list proxied)"
    fi
    if [[ -s $dir/redis.pid ]]; then
      printf 'HEADROOM_REDIS=redis://127.0.0.1:%s/0\nHEADROOM_REDIS_PID=%s\n' "$(cat "$dir/redis.port")" "$(running_pid redis)"
    fi
  } >"$dir/env.part"
  mv "$dir/env.part" "$dir/env"
}

# Ends the cluster when nobody has asked for it in `ttl` seconds.
reap() {
  while sleep 5; do
    local asked
    asked=$(stat -c %Y "$dir/asked" 2>/dev/null) || return 0
    (( $(date +%s) - asked < ttl )) && continue
    exec 9>"$dir/lock"
    flock 9
    rm -f "$dir/reaper.pid"
    wipe=yes
    stop
    return
  done
}

start() {
  [[ $only == redis ]] || start_kafka
  [[ $only == kafka ]] || start_redis
  write_env
  if (( ttl > 0 )); then
    touch "$dir/asked"
    running_pid reaper >/dev/null || launch reaper "$dir/reaper.log" "$root/ops/cluster.sh" reap --dir "$dir" --ttl "$ttl"
  fi
  cat "$dir/env"
}

stop() {
  local signal=TERM
  [[ $wipe == no ]] || signal=KILL
  end reaper KILL
  node=
  end_kafka "$signal"
  end redis "$signal"
  rm -f "$dir/env" "$dir/asked"
  if [[ $wipe == yes ]]; then
    rm -rf "$dir"/kafka "$dir"/kafka-? "$dir/redis"
    rm -f "$dir"/{kafka,controller,proxied,redis}*.port "$dir"/{nodes,advertise,properties,cluster_id,reaper.log}
  fi
}

status() {
  local all=0 name port
  for name in $(seq "$(node_count)") redis; do
    [[ $name == redis ]] || name=$(node_name "$name")
    [[ $only == both || $only == "${name%-*}" ]] || continue
    if running_pid "$name" >/dev/null; then
      port=$(cat "$dir/$name.port")
      if "${name%-*}_answers" "$port"; then
        printf '%s: answers at 127.0.0.1:%s, process %s\n' "$name" "$port" "$(running_pid "$name")"
      else
        printf '%s: process %s does not answer at 127.0.0.1:%s\n' "$name" "$(running_pid "$name")" "$port"
        all=1
      fi
    else
      printf '%s: not running\n' "$name"
      all=1
    fi
  done
  return $all
}

command=${1:-}
(( $# == 0 )) || shift
while (( $# > 0 )); do
  case $1 in
    --dir) dir=${2:?--dir needs a folder}; shift 2 ;;
    --only) only=${2:?--only needs kafka or redis}; shift 2 ;;
    --ttl) ttl=${2:?--ttl needs seconds}; shift 2 ;;
    --wipe) wipe=yes; shift ;;
    --nodes) nodes=${2:?--nodes needs 1 or 3}; shift 2 ;;
    --node) node=${2:?--node needs a number}; shift 2 ;;
    --advertise) advertise=${2:?--advertise needs ports}; shift 2 ;;
    --set) properties+=("${2:?--set needs NAME=VALUE}"); shift 2 ;;
    --no-aof) aof=no; shift ;;
    *) usage >&2; exit 2 ;;
  esac
done
[[ $only =~ ^(both|kafka|redis)$ && $ttl =~ ^[0-9]+$ && $nodes =~ ^[13]?$ && $node =~ ^[1-3]?$ && $advertise =~ ^[0-9,]*$ ]] || { usage >&2; exit 2; }
[[ $dir == /* ]] || dir=$PWD/$dir

locked() {  # one command at a time a DIR
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock 9
}

case $command in
  start) locked; start ;;
  stop) [[ -d $dir ]] || exit 0; locked; stop ;;
  status) status ;;
  env) cat "$dir/env" 2>/dev/null || die 1 "nothing was started in $dir" ;;
  restart-kafka) locked; end_kafka TERM; start_kafka; write_env ;;
  restart-redis) locked; end redis TERM; start_redis; write_env ;;
  kill-kafka) locked; end_kafka KILL ;;
  kill-redis) locked; end redis KILL ;;
  reap) reap ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
