"""What a client may do to mail, in plain dictionaries: the reference that sessions are held to.

Names of mailboxes have one spelling here, and no quota and no limit is ever met.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from roost.store.mailbox_names import lineage

DELETED, SEEN = r"\deleted", r"\seen"
Flags = frozenset[str]


@dataclass
class Message:
    """A message in a mailbox.

    number: which one it is, as its subject says. size: None until the store is asked, where others
    added to the octets. modseq: 0 until then; see `Box.touched`.
    """

    number: int
    flags: Flags
    size: int | None
    modseq: int = 0

    @property
    def octets(self) -> int:
        """The size, once it is known."""
        return self.size or 0


@dataclass
class Box:
    """A mailbox.

    left: the messages that left; their modseq is that of their leaving. touched: the uids that
    changed or left since the store was asked last, whose modseqs must be higher than all before.
    """

    name: str
    uid_validity: int = 0
    uid_next: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    left: dict[int, Message] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    highest_modseq: int = 0
    deleted: bool = False

    @property
    def uids(self) -> list[int]:
        """The uids there are, ascending."""
        return list(self.messages)

    def file(self, number: int, flags: Flags, size: int | None) -> int:
        """A new message; returns its uid."""
        uid = self.uid_next
        self.uid_next += 1
        self.messages[uid] = Message(number, flags, size)
        self.touched.add(uid)
        return uid

    def remove(self, uids: Iterable[int]) -> None:
        """Messages leave; those that are not there are passed over."""
        for uid in [uid for uid in uids if uid in self.messages]:
            self.left[uid] = self.messages.pop(uid)
            self.touched.add(uid)

    def expunge(self, uids: Iterable[int] | None = None) -> None:
        r"""Those of these messages, or of all, that have `\Deleted` leave."""
        among = self.uids if uids is None else [uid for uid in uids if uid in self.messages]
        self.remove([uid for uid in among if DELETED in self.messages[uid].flags])

    def store(
        self, uids: Iterable[int], sign: str, flags: Flags, unchanged_since: int | None
    ) -> list[int]:
        """STORE; returns the uids that UNCHANGEDSINCE spared. sign: "+", "-" or ""."""
        spared = []
        for uid in [uid for uid in uids if uid in self.messages]:
            message = self.messages[uid]
            after = {"+": message.flags | flags, "-": message.flags - flags, "": flags}[sign]
            if unchanged_since is not None and message.modseq > unchanged_since:
                spared.append(uid)
            elif after != message.flags:
                message.flags = after
                self.touched.add(uid)
        return spared

    def counts(self) -> dict[str, int]:
        """What STATUS tells, but for HIGHESTMODSEQ."""
        messages = self.messages.values()
        return {
            "MESSAGES": len(messages),
            "UNSEEN": sum(SEEN not in one.flags for one in messages),
            "DELETED": sum(DELETED in one.flags for one in messages),
            "SIZE": sum(one.octets for one in messages),
            "UIDNEXT": self.uid_next,
            "UIDVALIDITY": self.uid_validity,
        }


class Reference:
    """The mailboxes of one account by name."""

    def __init__(self, names: Iterable[str]) -> None:
        self.boxes = {name: Box(name) for name in names}
        self.subscribed = set(self.boxes)

    def copy(self, source: Box, uids: Sequence[int], target: Box) -> list[int]:
        """COPY of messages that are there; the uids of the copies."""
        taken = [source.messages[uid] for uid in uids]
        return [target.file(one.number, one.flags, one.size) for one in taken]

    def move(self, source: Box, uids: Sequence[int], target: Box) -> list[int]:
        """MOVE of messages that are there; their uids in the target."""
        moved = self.copy(source, uids, target)
        source.remove(uids)
        return moved

    def create(self, name: str) -> bool:
        """CREATE, with what is missing above it; False where it is there."""
        if name in self.boxes:
            return False
        for level in lineage(name):
            if level not in self.boxes:
                self.boxes[level] = Box(level)
                self.subscribed.add(level)
        return True

    def delete(self, name: str) -> bool:
        """DELETE; False where it may not be. The subscription stays."""
        if name not in self.boxes or name == "INBOX" or self._below(name):
            return False
        box = self.boxes.pop(name)
        box.remove(box.uids)
        box.deleted = True
        return True

    def rename(self, name: str, new: str) -> bool:
        """RENAME; False where it may not be. Subscriptions keep their names."""
        if name not in self.boxes or new in self.boxes:
            return False
        if name == "INBOX":
            self.create(new)
            self.move(self.boxes[name], self.boxes[name].uids, self.boxes[new])
            return True
        if name in lineage(new):
            return False
        for level in lineage(new)[:-1]:
            self.boxes.setdefault(level, Box(level))
        for old in [name, *self._below(name)]:
            box = self.boxes.pop(old)
            box.name = new + old.removeprefix(name)
            self.boxes[box.name] = box
        return True

    def _below(self, name: str) -> list[str]:
        return [one for one in self.boxes if one.startswith(name + "/")]
