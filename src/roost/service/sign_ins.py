"""Signing in, the same for every protocol: the limits, the check, the list of attempts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from roost.base.ids import AccountId
from roost.ports.net import IpAddress
from roost.proto.sasl.mechanism import Token
from roost.service.key_login import KeyLogin, login_as, login_by_key, require_same_account
from roost.service.login import Login, PasswordLogin, Passwords, finish_login
from roost.service.login_attempts import LoginAttempts
from roost.service.login_limits import FailedLogins
from roost.service.login_outcome import LoginDisabled, LoginFailed, LoginLimited, Outcome
from roost.service.login_queue import LoginBusy
from roost.service.scram_login import CramMd5Found, Found, Proofs
from roost.store.login_attempts import NOBODY, Attempt

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a login comes from.

    protocol: of PROTOCOLS. mechanism: SASL's name of it. client: what the program calls itself.
    ip: None on a local socket. tls: the version, "" in clear. connection: its id, for the log.
    key: the fingerprint of its client certificate's key, "" without one.
    """

    protocol: str
    mechanism: str
    client: str
    ip: IpAddress | None
    tls: str
    connection: str = ""
    key: str = ""


# Judges the token of another service for a protocol: who that is, None for a token that is no good.
TokenJudge = Callable[[Token, str], Awaitable[Login | None]]

# Told of every attempt: where it came from, how it ended, whose name it was.
Told = Callable[[Origin, Outcome, AccountId | None], None]


@dataclass(frozen=True, slots=True)
class SignIns:
    """All ways to sign in.

    A mechanism that sends the password is one call of `by_password`. One that proves it begins with
    `begin_scram` or `begin_cram_md5`, and ends in `by_proof` or `failed`; one that is broken off
    between the two has guessed nothing: `broken_off`. Who presents a client certificate is
    identified by `by_certificate` before anything else, and may name who it is by `by_key`; every
    other login on its connection has to be of the same account.
    token_judge: None where nobody can judge a token.
    """

    passwords: Passwords
    proofs: Proofs
    limits: FailedLogins
    attempts: LoginAttempts
    told: Told
    token_judge: TokenJudge | None = None

    def refuses(self, ip: IpAddress | None) -> bool:
        """Whether nothing that comes from there is looked at for now."""
        return self.limits.refuses(ip)

    async def by_password(self, origin: Origin, name: str, password: str) -> Login:
        """Who signs in. Raises LoginLimited, LoginFailed, LoginDisabled, LoginBusy."""
        try:
            rank = await self.limits.begin(origin.ip)
        except LoginLimited:
            self._note(origin, "", Outcome.LIMITED, None)
            raise
        try:
            asked = PasswordLogin(name, password, origin.protocol, rank)
            return await self._finish(origin, name, self.passwords.check(asked))
        finally:
            self.limits.end(origin.ip)

    async def begin_scram(self, origin: Origin, name: str, hash_name: str) -> Found:
        """What the proof of a login is checked against. Raises LoginLimited."""
        self._refuse_limited(origin)
        return await self.proofs.scram_secrets(name, hash_name, origin.protocol)

    async def begin_cram_md5(self, origin: Origin, name: str) -> CramMd5Found:
        """As `begin_scram`, for CRAM-MD5. Raises LoginLimited."""
        self._refuse_limited(origin)
        return await self.proofs.cram_md5_secrets(name, origin.protocol)

    async def by_proof(self, origin: Origin, name: str, credential: int) -> Login:
        """Who signs in, having proved a credential. Raises LoginFailed, LoginDisabled."""
        store, clock = self.passwords.store, self.passwords.clock
        checking = finish_login(store, clock, name, credential, origin.protocol)
        return await self._finish(origin, name, checking)

    async def by_certificate(self, origin: Origin, *, signs_in: bool) -> KeyLogin:
        """Who the client certificate of a connection says it is, which may have changed meanwhile.

        signs_in: whether that alone is a login, unless the key is to wait for one; else nothing is
        listed but what fails. Raises LoginLimited, KeyRefused, LoginDisabled.
        """
        self._refuse_limited(origin)
        found = await self._tell_failed(
            origin, "", login_by_key(self.passwords.store, origin.key, origin.protocol)
        )
        self.limits.succeeded(origin.ip)
        if signs_in and not found.waits:
            self._note_done(origin, "", found.login)
        return found

    async def by_key(self, origin: Origin, identity: str) -> Login:
        """Who signs in by EXTERNAL. RFC 4422 appendix A.

        identity: any address of the account of the certificate, "" for the one it stands for.
        Raises LoginLimited, KeyRefused, IdentityForeign, LoginDisabled.
        """
        self._refuse_limited(origin)
        checking = login_as(self.passwords.store, origin.key, identity)
        return await self._finish(origin, identity, checking)

    async def by_token(self, origin: Origin, token: Token) -> Login:
        """Who signs in with a bearer token. Raises LoginLimited, LoginFailed, LoginDisabled."""
        self._refuse_limited(origin)
        return await self._finish(origin, token.username, self._judge(origin, token))

    async def _judge(self, origin: Origin, token: Token) -> Login:
        login = await self.token_judge(token, origin.protocol) if self.token_judge else None
        if login is None:
            raise LoginFailed(Outcome.WRONG_TOKEN)
        return login

    def broken_off(self, origin: Origin, name: str, account: AccountId | None = None) -> None:
        """A login that began was given up before anything was guessed: listed, not counted."""
        self._note(origin, name, Outcome.ABORTED, account)

    def failed(
        self, origin: Origin, name: str, outcome: Outcome, account: AccountId | None = None
    ) -> None:
        """A login that began ended without a right proof.

        It counts, but for ERROR: the account has no keys for the mechanism, or the fault is ours.
        """
        if outcome is not Outcome.ERROR:
            self.limits.failed(origin.ip)
        self._note(origin, name, outcome, account)

    def _refuse_limited(self, origin: Origin) -> None:
        if self.limits.refuses(origin.ip):
            self._note(origin, "", Outcome.LIMITED, None)
            raise LoginLimited

    async def _finish(self, origin: Origin, name: str, checking: Awaitable[Login]) -> Login:
        """Wait for the check, and tell everybody how it ended."""
        login = await self._tell_failed(origin, name, self._of_same_account(origin, checking))
        self.limits.succeeded(origin.ip)
        self._note_done(origin, name, login)
        return login

    async def _of_same_account(self, origin: Origin, checking: Awaitable[Login]) -> Login:
        """The login, if it is of the same account as the certificate of its connection."""
        login = await checking
        if origin.key and origin.key != login.key:
            await require_same_account(self.passwords.store, login, origin.key)
        return login

    async def _tell_failed(self, origin: Origin, name: str, checking: Awaitable[T]) -> T:
        """Wait for the check, and tell everybody if it fails."""
        try:
            return await checking
        except LoginFailed as error:
            self.failed(origin, name, error.outcome, error.account)
            raise
        except LoginDisabled as error:
            self._note(origin, name, Outcome.DISABLED, error.account)
            raise
        except LoginBusy:
            self._note(origin, name, Outcome.BUSY, None)
            raise
        except Exception:
            self._note(origin, name, Outcome.ERROR, None)
            raise
        except BaseException:
            self.failed(origin, name, Outcome.ABORTED)  # it left before it knew: that counts
            raise

    def _note_done(self, origin: Origin, name: str, login: Login) -> None:
        said = name or login.address.spell(smtputf8=True)
        self._note(origin, said, Outcome.OK, login.account)

    def _note(self, origin: Origin, name: str, outcome: Outcome, account: AccountId | None) -> None:
        ip = str(origin.ip) if origin.ip else ""
        self.attempts.note(
            Attempt(
                account or NOBODY,
                name,
                origin.protocol,
                origin.mechanism,
                origin.client,
                ip,
                origin.tls,
                outcome.value,
            )
        )
        self.told(origin, outcome, account)
