"""Who agreed to get the reports that somebody else asks for. RFC 7489 section 7.1."""

from collections.abc import Sequence
from enum import Enum

from roost.base.lookup import Answer, Check, Lookup
from roost.proto.dmarc.policy import MAX_NAME_OCTETS, Asking, walk_trees
from roost.proto.dmarc.record import PolicyRecord, ReportUri, is_record, parse_record

MAX_RECORDS = 4


class Kind(Enum):
    """The two kinds of reports, by the tags that ask for them."""

    AGGREGATE = "rua"
    FAILURE = "ruf"


def destinations(
    policy_domain: str, organization: str, record: PolicyRecord, kind: Kind
) -> Check[tuple[ReportUri, ...]]:
    """Those of the addresses in a record that may be sent reports.

    policy_domain: where the record was found; organization: of it. An address within the
    organisation needs no more; any other domain has to say in DNS that it takes them, and may name
    another address of its own. URIs that are not of mail are left out, as is what could not be
    looked up: the next report may find it. RFC 7489 section 7.1.
    """
    uris = [uri for uri in _uris(record, kind) if uri.address is not None]
    hosts = list(dict.fromkeys(_host(uri) for uri in uris))
    ours = yield from _own_hosts(hosts, policy_domain, organization)
    others = [host for host in hosts if host not in ours and _fits(policy_domain, host)]
    answers: dict[str, Answer] = {}
    if others:
        found = yield tuple(Lookup(_place(policy_domain, host), "TXT") for host in others)
        answers = dict(zip(others, found, strict=True))
    allowed: dict[ReportUri, None] = {}
    for uri in uris:
        host = _host(uri)
        if host in ours:
            allowed[uri] = None
        elif host in answers:
            allowed.update(dict.fromkeys(_agreed(uri, answers[host], kind)))
    return tuple(allowed)


def _own_hosts(hosts: Sequence[str], policy_domain: str, organization: str) -> Asking[set[str]]:
    """The hosts of the same organisation."""
    ours = {host for host in hosts if host in (policy_domain, organization)}
    below = [host for host in hosts if host not in ours and host.endswith("." + organization)]
    if below:
        walks = yield from walk_trees(below)
        ours |= {
            host
            for host, walk in walks.items()
            if not walk.is_unknown and walk.organization() == organization
        }
    return ours


def _agreed(uri: ReportUri, answer: Answer, kind: Kind) -> Sequence[ReportUri]:
    """Where the domain of `uri` wants these reports, nowhere if it did not say so."""
    texts = [text for text in answer.records if is_record(text)]
    records = [parse_record(text) for text in texts[:MAX_RECORDS]]
    if not records:
        return ()
    instead = [other for record in records for other in _uris(record, kind)]
    if any(other.address is None or _host(other) != _host(uri) for other in instead):
        return ()
    return instead or (uri,)


def _uris(record: PolicyRecord, kind: Kind) -> tuple[ReportUri, ...]:
    return record.aggregate if kind is Kind.AGGREGATE else record.failure


def _host(uri: ReportUri) -> str:
    assert uri.address is not None, "only addresses are looked at"
    return uri.address.domain.ascii


def _place(policy_domain: str, host: str) -> str:
    return f"{policy_domain}._report._dmarc.{host}"


def _fits(policy_domain: str, host: str) -> bool:
    return len(_place(policy_domain, host)) <= MAX_NAME_OCTETS
