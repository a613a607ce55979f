"""Memory that this process can still get, from the system and within the limits of its container."""

from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
NO_LIMIT = 1 << 60  # larger than any machine; the first version of cgroups writes "none" as such a number


def available_bytes(cgroups: Path = CGROUPS, own: Path = OWN) -> int:
    """Available bytes: what is free or can be freed (page cache), at most what the control groups leave.

    Args:
        cgroups: mount point of the groups of both versions.
        own: the file that names the groups of this process.
    """
    import psutil  # a served model, which does not need it, is installed without it

    return min([int(psutil.virtual_memory().available), *_group_rooms(cgroups, own)])


def _group_rooms(cgroups: Path, own: Path) -> list[int]:
    """Remaining memory in each group of the process and the groups above it."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rooms = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            rooms += _rooms(cgroups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            rooms += _rooms(cgroups / "memory", path, *names)
    return rooms


def _rooms(root: Path, path: str, limit: str, usage: str, cache: str) -> list[int]:
    """Per group, from the process's own up to the root: limit minus usage, not counting file cache.

    A container sees its own group as the root, where the path of the host leads nowhere; the files at the
    root are then the right ones.
    """
    folder = root / path.strip("/")
    groups = [folder, *folder.parents]
    rooms = []
    for group in groups[: groups.index(root) + 1]:
        most, used = _number(group / limit), _number(group / usage)
        if most is not None and used is not None and most < NO_LIMIT:
            rooms.append(max(0, most - used + _freeable(group / "memory.stat", cache)))
    return rooms


def _number(file: Path) -> int | None:
    """The number in a file; None if there is no such file, or it says ``max``."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _freeable(file: Path, name: str) -> int:
    try:
        facts = dict(line.split() for line in file.read_text(encoding="ascii").splitlines())
        return int(facts.get(name, 0))
    except (OSError, ValueError):
        return 0
