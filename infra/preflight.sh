# Sourced by setup.sh. Each check ends with one line: what is wrong -> what to do.
JAVA_AT_LEAST=17
DISK_GIB=10
PYTHON=

stop() {
    echo "$1 -> $2" >&2
    exit 1
}

preflight() {
    find_python
    command -v git >/dev/null 2>&1 || stop "git is not installed" "install it (Debian: apt-get install git)"
    check_java
}

# The first of python3.11, python3.12 and python3 that is new enough and not too new.
find_python() {
    for name in python3.11 python3.12 python3; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' >/dev/null 2>&1; then
            PYTHON=$(command -v "$name")
            return
        fi
    done
    found=$(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null || echo none)
    stop "Python 3.11 or 3.12 is needed, found $found" "install one (Debian: apt-get install python3.11 python3.11-venv)"
}

check_java() {
    java=java
    if [ -n "${JAVA_HOME:-}" ]; then java="$JAVA_HOME/bin/java"; fi
    command -v "$java" >/dev/null 2>&1 ||
        stop "Java is not installed; Spark needs $JAVA_AT_LEAST or newer" "install it (Debian: apt-get install openjdk-17-jre-headless)"
    version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\)\(\.\([0-9]*\)\)\{0,1\}.*/\1 \3/p' | head -n 1)
    major=${version%% *}
    if [ "$major" = 1 ]; then major=${version##* }; fi
    case $major in
        '' | *[!0-9]*) stop "the version of $java cannot be read" "check it with: $java -version" ;;
    esac
    [ "$major" -ge "$JAVA_AT_LEAST" ] ||
        stop "Java $major is too old; Spark needs $JAVA_AT_LEAST or newer" "install it (Debian: apt-get install openjdk-17-jre-headless) or point JAVA_HOME to it"
}

need_disk() {
    free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1048576)}')
    [ "$free" -ge "$DISK_GIB" ] ||
        stop "$free GiB free here, the environment needs $DISK_GIB" "make room or clone to a larger disk"
}
