#!/usr/bin/env bash
# Runs a node of Cassandra until the end of standard input, which is when the test that started it ends in whatever way. Prints the
# process id of the node. Arguments: the folder with the jars, that of the node, and a folder to remove at the end, or nothing.
set -euo pipefail
trap '' INT TERM HUP
jars="$1" folder="$2" remove="$3"

# What Cassandra itself passes to Java 17.
options=()
for package in java.base/java.{io,lang,lang.module,lang.ref,lang.reflect,math,net,nio,nio.channels,util,util.concurrent,util.concurrent.atomic} \
  java.base/jdk.internal.{loader,math,misc,module,perf,ref,reflect,util.jar,vm} java.base/sun.nio.ch \
  java.management.rmi/com.sun.jmx.remote.internal.rmi java.management/com.sun.jmx.remote.security \
  java.rmi/sun.rmi.{registry,server,transport.tcp} java.sql/java.sql jdk.management.jfr/jdk.management.jfr \
  jdk.management/com.sun.management.internal; do
  options+=(--add-opens "$package=ALL-UNNAMED" --add-exports "$package=ALL-UNNAMED")
done
options+=(--add-exports jdk.unsupported/sun.misc=ALL-UNNAMED --add-exports jdk.attach/sun.tools.attach=ALL-UNNAMED
  --add-exports jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED)

java -Xms256m -Xmx384m -Xss512k -XX:+UseSerialGC -javaagent:"$(echo "$jars"/jamm*.jar)" "${options[@]}" \
  -Djdk.attach.allowAttachSelf=true -Dio.netty.tryReflectionSetAccessible=true \
  -Dcassandra.config="file://$folder/cassandra.yaml" -Dlogback.configurationFile="$folder/logback.xml" \
  -Dcassandra.storagedir="$folder" -Dcassandra.ring_delay_ms=2000 -Dcassandra.superuser_setup_delay_ms=0 \
  -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.libjemalloc=- -Dcassandra-foreground=yes \
  -cp "$folder:$jars/*" org.apache.cassandra.service.CassandraDaemon </dev/null >>"$folder/log" 2>&1 &
node=$!
echo "$node"
cat >/dev/null
kill -KILL "$node" 2>/dev/null || true
wait "$node" 2>/dev/null || true
if [ -n "$remove" ]; then rm -rf "$remove"; fi
