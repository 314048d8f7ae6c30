"""DNS from a dictionary."""

from collections.abc import Mapping, Sequence

from roost.base.lookup import Answer, Lookup, Status

MAX_ALIASES = 16

TEMPORARY: tuple[str, ...] = ("!temporary",)


class ZoneResolver:
    """Answers from `zone`: (name, type) to records. A name that is nowhere is NXDOMAIN.

    CNAMEs are followed; the answer is as authentic as the least of the names on the way.

    The value TEMPORARY makes the lookup fail for the moment; `authentic` names are vouched for.
    """

    def __init__(
        self,
        zone: Mapping[tuple[str, str], Sequence[str]],
        authentic: frozenset[str] = frozenset(),
    ) -> None:
        self._zone = {(name.lower(), kind): tuple(rows) for (name, kind), rows in zone.items()}
        self._names = {name for name, _ in self._zone}
        self._authentic = authentic
        self.asked: list[Lookup] = []

    async def lookup(self, question: Lookup) -> Answer:
        return self.answer(question)

    def answer(self, question: Lookup) -> Answer:
        """As `lookup`, for what cannot wait."""
        self.asked.append(question)
        name = question.name.lower().removesuffix(".")
        authentic = name in self._authentic
        for _ in range(MAX_ALIASES):
            alias = self._zone.get((name, "CNAME"))
            if not alias or question.type == "CNAME":
                break
            name = alias[0].lower()
            authentic = authentic and name in self._authentic
        records = self._zone.get((name, question.type))
        if records == TEMPORARY:
            return Answer(question.name, Status.TEMPORARY)
        if records:
            return Answer(question.name, Status.OK, records, authentic, ttl=300)
        status = Status.NONE if name in self._names else Status.NXDOMAIN
        return Answer(question.name, status, (), authentic, ttl=300)
