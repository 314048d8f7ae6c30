"""A password hasher that costs nothing."""


class PlainHasher:
    """Keeps passwords as they are and counts how often it was asked to verify one."""

    def __init__(self) -> None:
        self.verified = 0

    async def hash(self, password: str) -> str:
        return f"plain:{password}"

    async def verify(self, hashed: str | None, password: str) -> bool:
        self.verified += 1
        return hashed == f"plain:{password}"
