"""One SASL exchange as the accounts see it: what it is checked against, and how it ended."""

from roost.base.ids import AccountId
from roost.proto.sasl import cram_md5, scram
from roost.proto.sasl.mechanism import (
    Code,
    CramMd5Secrets,
    Failed,
    LookUp,
    Proved,
    ScramSecrets,
    Secrets,
    Token,
)
from roost.service.login import Login
from roost.service.login_outcome import LoginFailed, LoginForeign, Outcome
from roost.service.scram_login import CramMd5Found, Found
from roost.service.sign_ins import Origin, SignIns

_HASH_NAMES = {scram.SHA_256: "SHA-256", scram.SHA_1: "SHA-1"}
_OUTCOMES = {
    Code.BINDING: Outcome.WRONG_BINDING,
    Code.PROOF: Outcome.WRONG_PASSWORD,
    Code.NONCE: Outcome.WRONG_PASSWORD,
}


class SaslLogin:
    """A login that proves a password without saying it, or shows a token. Used once.

    Whatever becomes of it is listed once, be it told twice.
    """

    def __init__(self, sign_ins: SignIns, origin: Origin) -> None:
        self._sign_ins = sign_ins
        self._origin = origin
        self._name = ""
        self._found: Found | CramMd5Found | None = None
        self._is_listed = False

    async def secrets(self, asked: LookUp) -> Secrets:
        """What the proof is checked against, be there such an account or not.

        Raises LoginLimited.
        """
        self._name = asked.username
        self._is_listed = True  # by who refuses it
        found: Found | CramMd5Found
        if asked.family == cram_md5.FAMILY:
            found = await self._sign_ins.begin_cram_md5(self._origin, asked.username)
            secrets: Secrets = CramMd5Secrets(found.keys)
        else:
            hash_name = _HASH_NAMES[asked.family]
            found = await self._sign_ins.begin_scram(self._origin, asked.username, hash_name)
            secrets = ScramSecrets(found.salt, found.iterations, found.keys)
        self._found, self._is_listed = found, False
        return secrets

    async def by_proof(self, proved: Proved) -> Login:
        """Who signs in, having proved a secret.

        Raises LoginForeign, LoginFailed, OtherAccount, LoginDisabled.
        """
        self.require_own(proved.username, proved.authorization)
        self._is_listed = True
        return await self._sign_ins.by_proof(self._origin, proved.username, proved.credential)

    async def by_token(self, token: Token) -> Login | None:
        """Who signs in with a bearer token, None when it is no good.

        Raises LoginLimited, LoginDisabled, OtherAccount.
        """
        self._is_listed = True
        try:
            return await self._sign_ins.by_token(self._origin, token)
        except LoginFailed as error:
            if error.outcome is Outcome.OTHER_ACCOUNT:
                raise  # the token is good
            return None

    def require_own(self, name: str, authorization: str) -> None:
        """Raise LoginForeign unless the client acts as itself. RFC 4422 section 3.4.1."""
        if authorization not in ("", name):
            self._name = name
            self._fail(Outcome.FOREIGN)
            raise LoginForeign

    def failed(self, failed: Failed) -> None:
        """The exchange failed; what merely broke the mechanism's rules has guessed nothing."""
        outcome = _OUTCOMES.get(failed.code)
        if outcome is None:
            self.broken_off()
        elif outcome is Outcome.WRONG_PASSWORD and self._found is not None:
            self._fail(_blame(self._found))
        else:
            self._fail(outcome)

    def broken_off(self) -> None:
        """The client gave up, or is gone."""
        if not self._is_listed:
            self._is_listed = True
            self._sign_ins.broken_off(self._origin, self._name, self._account)

    def _fail(self, outcome: Outcome) -> None:
        if not self._is_listed:
            self._is_listed = True
            self._sign_ins.failed(self._origin, self._name, outcome, self._account)

    @property
    def _account(self) -> AccountId | None:
        return self._found.account if self._found is not None else None


def _blame(found: Found | CramMd5Found) -> Outcome:
    """Why no secret fits the proof."""
    if found.account is None:
        return Outcome.UNKNOWN
    return Outcome.ERROR if found.underived else Outcome.WRONG_PASSWORD
