#!/bin/bash
# Runs the command that it is given. Spark on Kubernetes gives an executor the one word `executor`, and says everything
# else in variables: the driver's address, the memory, one variable for each option of the JVM.
set -euo pipefail
if [ "${1:-}" != executor ]; then
    exec "$@"
fi
readarray -t options < <(env | sed -n 's/^SPARK_JAVA_OPT_\([0-9]*\)=/\1 /p' | sort -n | cut -d ' ' -f 2-)
home=$(python -c 'import pyspark; print(pyspark.__path__[0])')
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
    -cp "$SPARK_CONF_DIR:${SPARK_EXTRA_CLASSPATH:+$SPARK_EXTRA_CLASSPATH:}$home/jars/*" \
    org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" --podName "$SPARK_EXECUTOR_POD_NAME" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID"
