"""Tells whether a folder outlives a restart: on many platforms the disk of a process vanishes with it. Pure.

The caller brings the system's list of mounts (Linux: /proc/mounts, see proc(5)) and the environment.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Variables by which a process knows its platform (from the platforms' own documentation), where a disk is new after
#: each restart unless a volume is mounted.
_PLATFORMS = {
    "DYNO": "Heroku",
    "RENDER": "Render",
    "FLY_APP_NAME": "Fly.io",
    "RAILWAY_PROJECT_ID": "Railway",
    "K_SERVICE": "Cloud Run",
    "CONTAINER_APP_NAME": "Azure Container Apps",
    "VCAP_APPLICATION": "Cloud Foundry",
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
    "ECS_CONTAINER_METADATA_URI_V4": "Amazon ECS",
}
_IN_MEMORY = {"tmpfs", "ramfs"}
_OF_A_CONTAINER = {"overlay", "aufs"}


def platform_of(environment: Mapping[str, str]) -> str:
    """Names the platform that a process runs on; empty on a machine of one's own."""
    return next((name for variable, name in _PLATFORMS.items() if environment.get(variable)), "")


def why_it_vanishes(folder: str, mounts: str, environment: Mapping[str, str]) -> str:
    """What says that this folder, an absolute path, begins anew after a restart; empty if nothing says so."""
    place, kind = _mount_of(folder, mounts)
    if kind in _IN_MEMORY:
        return f"{place} is in memory ({kind})"
    if place != "/":
        return ""  # a disk or a volume of its own
    if kind in _OF_A_CONTAINER:
        return f"it lies in the container itself ({kind}), on no volume"
    platform = platform_of(environment)
    return f"{platform} gives each start a new disk, and no volume is mounted there" if platform else ""


def _mount_of(folder: str, mounts: str) -> tuple[str, str]:
    """The mount that holds the folder, and its file system; the root without a kind where nothing is known."""
    found = ("/", "")
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = fields[1].replace("\\040", " ")
        holds = folder == place or folder.startswith(f"{place.rstrip('/')}/")
        if holds and len(place) >= len(found[0]):  # of two on one place the later
            found = (place, fields[2])
    return found
