"""How the suite starts a Java virtual machine."""

from infra import class_archive

LIGHT = class_archive.archived(class_archive.LIGHT)
