"""Which command is legal when, and when EXPUNGE may be told. RFC 9051 sections 3 and 7.5.1."""

from enum import Enum


class State(Enum):
    """How far a connection has come. RFC 9051 section 3."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


States = frozenset[State]

ANY: States = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED})
BEFORE_LOGIN: States = frozenset({State.NOT_AUTHENTICATED})
AFTER_LOGIN: States = frozenset({State.AUTHENTICATED, State.SELECTED})
SELECTED: States = frozenset({State.SELECTED})

# RFC 9051 section 9: command-any, command-nonauth, command-auth, command-select. After LOGOUT
# nothing is legal.
STATES: dict[str, States] = {
    **dict.fromkeys(("CAPABILITY", "NOOP", "LOGOUT", "ID"), ANY),
    **dict.fromkeys(("LOGIN", "AUTHENTICATE", "STARTTLS"), BEFORE_LOGIN),
    **dict.fromkeys(
        ("SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST",
         "LSUB", "STATUS", "APPEND", "ENABLE", "NAMESPACE", "IDLE"),
        AFTER_LOGIN,
    ),
    **dict.fromkeys(
        ("CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE"),
        SELECTED,
    ),
}  # fmt: skip

# What to say where the table has no entry.
WRONG_STATE: dict[State, str] = {
    State.NOT_AUTHENTICATED: "log in first",
    State.AUTHENTICATED: "select a mailbox first",
    State.SELECTED: "not in the selected state",
    State.LOGOUT: "the connection is closing",
}

# Commands with message sequence numbers: an EXPUNGE would shift what their answers mean.
_NUMBERED = frozenset({"FETCH", "STORE", "SEARCH", "SORT", "THREAD"})  # the last: RFC 5256


def may_expunge(verb: str, *, uid: bool) -> bool:
    """Whether untagged EXPUNGE may be sent while this command runs. RFC 9051 section 7.5.1.

    Their UID forms may, since they name messages by unique identifier (section 6.4.9).
    """
    return uid or verb not in _NUMBERED
