"""Who may do what with a mailbox."""

import pytest

from roost.base.ids import AccountId, MailboxId, MailboxRef
from roost.service.mailbox_errors import MailboxUnknown
from roost.service.rights import Right, require, rights_of

ME, OTHER = AccountId(1), AccountId(2)
MINE = MailboxRef(ME, MailboxId(7))


def test_the_rights_are_those_of_rfc_4314() -> None:
    assert "".join(right.value for right in Right) == "lrswipkxtea"


@pytest.mark.parametrize("right", Right)
def test_the_owner_has_every_right_and_others_may_not_even_know(right: Right) -> None:
    require(ME, MINE, right)
    with pytest.raises(MailboxUnknown):
        require(OTHER, MINE, right)


def test_rights_as_a_set() -> None:
    assert rights_of(ME, MINE) == set(Right)
    assert rights_of(OTHER, MINE) == set()
