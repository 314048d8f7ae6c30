"""What lies where in the data folder, and keys that are made once and kept."""

import os
from dataclasses import dataclass
from pathlib import Path

from roost.ports.random import Random


class FolderUnusable(Exception):
    """The data folder cannot be used; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The places below a data folder."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "store.db"

    @property
    def search(self) -> Path:
        return self.root / "search.db"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def control_socket(self) -> Path:
        return self.root / "control" / "roost.sock"

    @property
    def certificate(self) -> Path:
        return self.root / "tls" / "made.pem"

    @property
    def certificate_key(self) -> Path:
        return self.root / "tls" / "made.key"

    def make_place(self, *, owner: tuple[int, int] | None) -> None:
        """Make the folder itself, for nobody's eyes but the owner's. Raises FolderUnusable.

        owner: user and group to give it to, None for who we are.
        """
        try:
            if self.root.exists() and not self.root.is_dir():
                raise FolderUnusable(f"{self.root} is not a folder: set another data folder")
            _make(self.root, 0o750)
            if owner is not None:
                os.chown(self.root, *owner)
        except OSError as error:
            raise unusable(self.root, error) from error

    def make(self) -> None:
        """Make the folders within that are missing. Raises FolderUnusable."""
        for folder, mode in (
            (self.control_socket.parent, 0o750),
            (self.blobs, 0o700),
            (self.certificate.parent, 0o700),
        ):
            try:
                _make(folder, mode)
            except OSError as error:
                raise unusable(folder, error) from error

    def key(self, name: str, octets: int, random: Random) -> bytes:
        """A secret of so many octets, made at the first use and kept."""
        path = self.root / "keys" / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_bytes(random.octets(octets))
            fresh.replace(path)
            return path.read_bytes()


def unusable(path: Path, error: OSError) -> FolderUnusable:
    """What the system said of something in the data folder, and what to do about it."""
    path = Path(error.filename) if isinstance(error.filename, str) else path
    said = (error.strerror or str(error)).lower()
    return FolderUnusable(
        f"{path}: {said}: let roost's user write to {path.parent}, or set another data folder"
    )


def _make(folder: Path, mode: int) -> None:
    if folder.exists():
        return
    # Those above it are for everyone to walk through, whatever the umask.
    for missing in reversed([above for above in folder.parents if not above.exists()]):
        missing.mkdir()
        missing.chmod(0o755)
    folder.mkdir(mode=mode)
    folder.chmod(mode)
