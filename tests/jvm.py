"""How the suite starts a Java virtual machine."""

from infra.class_archive import archived

LIGHT = archived("-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m")
"""Quick to start; the code cache holds what one Spark session of the whole suite compiles."""
