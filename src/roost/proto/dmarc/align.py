"""Whether domains that were proved are those of the author. RFC 9989 sections 4.4 and 4.10.2."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from roost.proto.dmarc.policy import Asking, Walk, walk_trees
from roost.proto.dmarc.record import Alignment


@dataclass(frozen=True, slots=True)
class Aligned:
    """domains: those that are aligned. unknown: those of which a failed look-up leaves it open."""

    domains: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def align(walk: Walk, proved: Collection[tuple[str, Alignment]]) -> Asking[Aligned]:
    """Which of these domains are aligned with the author domain that `walk` begins at.

    proved: domains in A-labels and lower case, each with how alike it has to be.
    """
    strict = {domain for domain, _ in proved if domain == walk.domain}
    to_walk = [
        domain
        for domain, mode in dict.fromkeys(proved)
        if mode is Alignment.RELAXED and domain not in strict and may_align(domain, walk)
    ]
    if not to_walk:
        return Aligned(frozenset(strict))
    walks = yield from walk_trees(dict.fromkeys(to_walk))
    return Aligned(frozenset(strict) | _same(walks, walk), _unknown(walks, walk))


def may_align(domain: str, walk: Walk) -> bool:
    """Whether a domain is one that a walk from it could show to be aligned."""
    organization = walk.organization()
    if walk.is_unknown:
        # The organisation may be any name above: its last label is all that is sure.
        organization = walk.domain.rpartition(".")[2]
    return domain == organization or domain.endswith("." + organization)


def _same(walks: Mapping[str, Walk], author: Walk) -> frozenset[str]:
    if author.is_unknown:
        return frozenset()
    organization = author.organization()
    return frozenset(
        domain
        for domain, walk in walks.items()
        if not walk.is_unknown and walk.organization() == organization
    )


def _unknown(walks: Mapping[str, Walk], author: Walk) -> frozenset[str]:
    return frozenset(
        domain for domain, walk in walks.items() if author.is_unknown or walk.is_unknown
    )
