"""Whether a folder outlives a restart, by the lists of mounts that containers and machines have."""

import pytest

from newsletter.ops.durability import why_it_vanishes

MACHINE = "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/sdb1 /srv ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n"
CONTAINER = "overlay / overlay rw 0 0\n/dev/sda1 /app/state ext4 rw 0 0\n/dev/sda1 /with\\040blank ext4 rw 0 0\n"


def why(folder: str, mounts: str, **environment: str) -> str:
    return why_it_vanishes(folder, mounts, environment)


@pytest.mark.parametrize("folder", ["/home/ada/state", "/srv/newsletter/state", "/srv"])
def test_a_machine_keeps_its_disks(folder: str) -> None:
    assert why(folder, MACHINE, HOME="/home/ada") == ""


@pytest.mark.parametrize("folder", ["/run/state", "/run"])
def test_what_is_in_memory_vanishes(folder: str) -> None:
    assert why(folder, MACHINE) == "/run is in memory (tmpfs)"


def test_a_container_keeps_its_volumes_alone() -> None:
    assert "on no volume" in why("/app/data", CONTAINER)
    assert "on no volume" in why("/app/state-2", CONTAINER), "the name begins alike"
    assert why("/app/state", CONTAINER) == why("/app/state/deep", CONTAINER) == why("/with blank/x", CONTAINER) == ""


@pytest.mark.parametrize(("variable", "name"), [("DYNO", "Heroku"), ("RENDER", "Render"), ("FLY_APP_NAME", "Fly.io")])
def test_a_platform_is_known_by_its_variable(variable: str, name: str) -> None:
    assert why("/app/state", MACHINE, **{variable: "x"}).startswith(f"{name} gives each start a new disk")
    assert why("/srv/state", MACHINE, **{variable: "x"}) == "", "a volume"
    assert why("/app/state", MACHINE, **{variable: ""}) == ""


@pytest.mark.parametrize("mounts", ["", "garbage\n", "a b\n\n"])
def test_without_a_list_of_mounts_only_the_platform_tells(mounts: str) -> None:
    assert why("/app/state", mounts) == ""
    assert "Heroku" in why("/app/state", mounts, DYNO="web.1")


def test_what_is_mounted_over_another_counts() -> None:
    assert why("/data/x", "/dev/a /data ext4 rw 0 0\ntmpfs /data tmpfs rw 0 0\n") == "/data is in memory (tmpfs)"
